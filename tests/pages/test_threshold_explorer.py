"""What the threshold explorer sends to the browser and takes from it; the widget itself is tested in a browser."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cvcore import urls
from cvcore.api import assets
from cvcore.metrics import precision_recall_curves, threshold_sweeps
from pages.parts.widgets import threshold_explorer
from pages.parts.widgets.threshold_explorer import CountClicked, Explored

CLICK = {"signature": "first", "tag": 1, "count": "fp", "threshold": 0.4}


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


def test_a_click_says_its_count_and_threshold() -> None:
    """The click's own threshold counts, as the slider's message may come later."""
    sent = threshold_explorer.explored(0.5, CLICK, signature="first", tags=2)
    assert Explored(0.4, CountClicked(1, "fp")) == sent


@pytest.mark.parametrize("change", [{"signature": "old"}, {"tag": 2}, {"tag": -1}, {"count": "tn"}])
def test_a_click_on_something_else_is_none(change: dict[str, object]) -> None:
    """A click on an evaluation that is no longer shown, or on nothing the table has, is not told."""
    sent = threshold_explorer.explored(0.5, CLICK | change, signature="first", tags=2)
    assert Explored(0.5, None) == sent


def test_plotly_is_asked_for_where_it_is_served() -> None:
    """The widget's address of plotly.js is the route's."""
    assert [urls.PLOTLY] == [route.path for route in assets.routes()]
