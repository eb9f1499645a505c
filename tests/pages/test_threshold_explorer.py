"""What the threshold explorer sends to the browser and takes from it; the widget itself is tested in a browser."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cvcore import urls
from cvcore.api import assets
from cvcore.metrics import precision_recall_curves, threshold_sweeps
from pages.parts.widgets import threshold_explorer
from pages.parts.widgets.threshold_explorer import CountClicked, Explored, explored

START = Explored(0.5, (None, None))
CLICK = {"signature": "first", "tag": 1, "count": "fp", "threshold": 0.4, "own": [None, 70]}


def _tables() -> tuple[threshold_sweeps.Sweep, dict[str, object]]:
    """Two tags, of which the second is never answered above one half."""
    truth = np.repeat(np.eye(2, dtype=bool), 8, axis=0)
    probabilities = np.where(truth, [0.9, 0.5], 0.1)
    rows = np.arange(16)
    swept = threshold_sweeps.sweep(truth, probabilities, rows % 2, rows, multilabel=True)
    return swept, threshold_explorer.tables(
        swept, precision_recall_curves.curves(truth, probabilities, multilabel=True)
    )


def test_tables_are_the_sweep() -> None:
    """Counts are sent as they are, intervals in hundredths of a percent, and what is undefined as null."""
    swept, tables = _tables()
    assert swept.counts[..., :3].tolist() == tables["counts"]
    assert 16 == tables["images"]
    recall, precision = (tables["intervals"][name] for name in ("recall", "precision"))
    assert [[6756, 6756], [10000, 10000]] == [recall[end][50] for end in ("low", "high")]
    assert [[6756, None], [10000, None]] == [precision[end][60] for end in ("low", "high")]
    assert [round(10000 * swept.recall.mean_low[50])] == tables["mean_intervals"]["recall"]["low"][50]
    assert [1, 1] == tables["average_precision"]
    assert tables == json.loads(json.dumps(tables, allow_nan=False))


def test_curves_are_sent_point_by_point() -> None:
    """A curve's thresholds and counts, from the highest threshold down."""
    _, tables = _tables()
    expected = {"thresholds": [0.9, 0.1], "tp": [8, 8], "fp": [0, 8], "positives": 8}
    assert expected == tables["curves"][0]


def test_a_click_says_its_count_and_thresholds() -> None:
    """The click's own thresholds count, as the sliders' message may come later."""
    assert Explored(0.4, (None, 0.7), CountClicked(1, "fp")) == explored(START, CLICK, signature="first")


@pytest.mark.parametrize("change", [{"tag": 2}, {"tag": -1}, {"count": "tn"}])
def test_a_click_on_something_else_is_none(change: dict[str, object]) -> None:
    """A click on nothing that the table has is not told."""
    assert Explored(0.4, (None, 0.7)) == explored(START, CLICK | change, signature="first")


@pytest.mark.parametrize("change", [{"signature": "old"}, {"own": [50]}])
def test_another_evaluation_brings_the_slider_alone(change: dict[str, object]) -> None:
    """Of an evaluation that is no longer shown neither clicks nor the tags' own thresholds count."""
    assert Explored(0.4, (None, None)) == explored(START, CLICK | change, signature="first")


@pytest.mark.parametrize(
    ("own", "expected"), [((None, None), 0.5), ((0.5, None), 0.5), ((None, 0.7), (0.5, 0.7)), ((0.2, 0.2), (0.2, 0.2))]
)
def test_thresholds_are_one_or_one_for_each_tag(
    own: tuple[float | None, ...], expected: float | tuple[float, ...]
) -> None:
    """Tags without a threshold of their own are at the slider's; where all are there it is one."""
    assert expected == Explored(0.5, own).thresholds


def test_what_is_to_be_saved() -> None:
    """Save tells one threshold or one for each tag, as `saved_thresholds.save` takes them."""
    for told, expected in (([0.4, 0.7], (0.4, 0.7)), (0.4, 0.4)):
        click = {"signature": "first", "threshold": 0.4, "own": [None, 70], "thresholds": told}
        assert expected == explored(START, click, signature="first").save


def test_plotly_is_asked_for_where_it_is_served() -> None:
    """The widget's address of plotly.js is the route's."""
    assert [urls.PLOTLY] == [route.path for route in assets.routes()]
