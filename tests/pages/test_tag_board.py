"""The list of tags on the Images page: numbers, advice, editing and deleting."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cvcore.errors import Conflict
from cvcore.projects import tagging
from cvcore.records import Project, Tag
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.images import tag_panel
from tests.conftest import Fill
from tests.pages.conftest import button, checked, open_page, texts


def opened(project: Project) -> AppTest:
    """The list of a project's tags."""
    return open_page("images", project, **{"images-view": "Tags"})


def rows(app: AppTest) -> list[dict[str, Any]]:
    """The lines of the list, as the browser gets them."""
    data = [json.loads(each.proto.json) for each in app.get("bidi_component")]
    return next(each["rows"] for each in data if "rows" in each)


def click(app: AppTest, project: Project, what: str, tag: Tag) -> None:
    """Click a button of a tag's line."""
    app.session_state[f"tag-list-{project.id}"] = {"clicked": {"what": what, "id": tag.id}}
    checked(app.run())


def test_each_tag_has_its_number_and_advice(store: Store, fill: Fill) -> None:
    """A tag says how many images are needed or advised beyond those that are trained on, and whether it is negative."""
    project = fill(few=4, some=29, many=30, nothing=5)
    nothing = tagging.find(store, project, "nothing")
    tagging.set_kind(store, project, nothing, "Negative")
    tagging.mark_for_testing(store, project, [store.images.page(project.id, tag_id=nothing.id, take=1)[0].id], True)
    listed = {row["name"]: (row["images"], row["advice"], row["kind"]) for row in rows(opened(project))}
    assert {
        "few": (4, "1 more needed", ""),
        "some": (29, "1 more advised", ""),
        "many": (30, "", ""),
        "nothing": (5, "1 more needed", "negative"),
    } == listed


def test_deleted_tag_comes_back(store: Store, fill: Fill) -> None:
    """Deleting a tag is told and undone by one click, on all its images."""
    project = fill(rose=2, tulip=1)
    rose = store.tags.of_project(project.id)[0]
    app = opened(project)
    click(app, project, "edit", rose)
    checked(button(app, "Delete tag, keep its 2 images").click().run())
    assert "Tag rose deleted. Its 2 images stay." in texts(app)
    assert ["tulip"] == [row["name"] for row in rows(app)]
    checked(app.button(key="undo").click().run())
    assert {"rose": 2, "tulip": 1} == {row["name"]: row["images"] for row in rows(app)}


def test_two_tags_become_one(store: Store, fill: Fill) -> None:
    """A tag is made one with another by a choice and a click, told, and undone by one more."""
    project = fill(rose=2, tulip=1)
    rose, tulip = store.tags.of_project(project.id)
    app = opened(project)
    click(app, project, "edit", rose)
    next(each for each in app.selectbox if each.label == "Make it one with").set_value(tulip)
    checked(app.run())
    checked(button(app, "Merge").click().run())
    assert "rose is one with tulip: 2 images moved." in texts(app)
    assert {"tulip": 3} == {row["name"]: row["images"] for row in rows(app)}
    checked(app.button(key="undo").click().run())
    assert {"rose": 2, "tulip": 1} == {row["name"]: row["images"] for row in rows(app)}


def test_new_tag(store: Store, fill: Fill) -> None:
    """A new tag is in the list at once; a name that is taken is refused in a sentence."""
    project = fill(rose=1)
    app = opened(project)
    app.text_input[0].set_value("lily")
    checked(button(app, "Add tag").click().run())
    assert ["lily", "rose"] == sorted(row["name"] for row in rows(app))
    app.text_input[0].set_value("rose")
    checked(button(app, "Add tag").click().run())
    assert "rose" in app.error[0].value


def test_tag_is_edited_wholly_or_not_at_all(store: Store, fill: Fill) -> None:
    """A kind that is refused takes the new name back with it."""
    project = fill(nothing=1, rose=1)
    nothing, rose = store.tags.of_project(project.id)
    tag_panel.save(store, project, nothing, "none", "Negative", limits=Limits())
    with pytest.raises(Conflict):
        tag_panel.save(store, project, rose, "tulip", "Negative", limits=Limits())
    assert [("none", "Negative"), ("rose", "Regular")] == [(t.name, t.kind) for t in store.tags.of_project(project.id)]
