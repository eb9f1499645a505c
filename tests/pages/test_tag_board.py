"""The chart of images per tag."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cvcore.errors import Conflict
from cvcore.records import Tag
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.images import tag_panel
from tests.conftest import Fill


def _tag(name: str, images: int) -> Tag:
    return Tag(f"id-{name}", "project", name, "Regular", datetime(2026, 1, 1, tzinfo=UTC), images)


def test_numbers_stand_beside_the_bars_with_room() -> None:
    """Each tag's number stands outside its bar, upright, and the longest bar leaves room for its own."""
    drawn = tag_panel.chart([_tag("cat", 400), _tag("dog", 3)])
    assert ("outside", ("3", "400")) == (drawn.data[0].textposition, drawn.data[0].text)
    assert 400 < drawn.layout.xaxis.range[1]


def test_labels_of_the_lines_do_not_run_into_each_other() -> None:
    """Where the lines at 5 and 30 lie close, one label ends at its line, the other begins there."""
    anchors = {note.text: note.xanchor for note in tag_panel.chart([_tag("cat", 4000)]).layout.annotations}
    assert {"5 needed": "right", "30 advised": "left"} == anchors


def test_names_are_short_text() -> None:
    """Plotly reads a label as HTML, so it comes escaped, and cut."""
    ticks = tag_panel.chart([_tag("<b>&", 2), _tag("z" * 128, 1)]).layout.yaxis.ticktext
    assert ("z" * 23 + "…", "&lt;b&gt;&amp;") == ticks


def test_tag_is_edited_wholly_or_not_at_all(store: Store, fill: Fill) -> None:
    """A kind that is refused takes the new name back with it."""
    project = fill(nothing=1, rose=1)
    nothing, rose = store.tags.of_project(project.id)
    tag_panel.save(store, project, nothing, "none", "Negative", limits=Limits())
    with pytest.raises(Conflict):
        tag_panel.save(store, project, rose, "tulip", "Negative", limits=Limits())
    assert [("none", "Negative"), ("rose", "Regular")] == [(t.name, t.kind) for t in store.tags.of_project(project.id)]
