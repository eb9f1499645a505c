"""The map in the report: a point an image, a name a tag, nothing where it was not made."""

from __future__ import annotations

from cvcore.html_report import image_map
from cvcore.store import Store
from cvcore.training.analyses import made
from tests.conftest import Fill, Trained


def test_the_map_in_the_report(fill: Fill, trained: Trained, store: Store) -> None:
    """It has every image and every tag; names do not act as HTML; without a map there is no section."""
    iteration = trained(fill(**{"<b>rose</b>": 6, "tulip": 6}))
    assert image_map.section(store, iteration, 0.5) is None
    made(store, iteration, "map")
    section = image_map.section(store, iteration, 0.5)
    assert section is not None
    svg = section.charts[0].svg
    assert 12 == svg.count("<circle")
    assert "&lt;b&gt;rose&lt;/b&gt;" in svg
    assert "tulip</text>" in svg
