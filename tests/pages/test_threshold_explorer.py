"""The chart behind the threshold explorer; the widget itself is tested in a browser."""

from __future__ import annotations

import numpy as np

from cvcore import addresses, metrics
from cvcore.api import assets
from pages.parts import threshold_explorer


def _counts() -> np.ndarray:
    """Two tags: 20 of 30 images each found at 0, none from 0.6 on; the second tag has no images."""
    counts = np.zeros((101, 2, 4), np.int64)
    counts[:] = [[20, 5, 10, 65], [0, 5, 0, 95]]
    counts[60:] = [[0, 0, 30, 70], [0, 0, 0, 100]]
    return counts


def test_a_pair_of_lines_per_tag_and_one_for_their_mean() -> None:
    """Each tag has precision, solid, and recall, dashed; the mean's pair comes last and is drawn above."""
    drawn = threshold_explorer.figure(["cat", "dog"], _counts())
    assert [
        (0, "precision"),
        (0, "recall"),
        (1, "precision"),
        (1, "recall"),
        (None, "precision"),
        (None, "recall"),
    ] == [(line.meta["tag"], line.meta["measure"]) for line in drawn.data]
    assert ["solid", "5px,4px"] * 3 == [line.line.dash for line in drawn.data]


def test_lines_are_the_metrics_in_percent() -> None:
    """What is drawn is what `cvcore.metrics` says, gaps included, at thresholds 0 to 100 %."""
    counts = _counts()
    precision, recall = metrics.precision(counts), metrics.recall(counts)
    expected = [precision[:, 0], recall[:, 0], precision[:, 1], recall[:, 1]]
    expected += [metrics.macro(precision), metrics.macro(recall)]
    drawn = threshold_explorer.figure(["cat", "dog"], counts).data
    for rates, line in zip(expected, drawn, strict=True):
        np.testing.assert_array_equal(100 * rates, line.y)
        assert (0, 1, False) == (line.x0, line.dx, line.connectgaps)


def test_names_are_text_to_plotly() -> None:
    """plotly reads names as HTML, so they come escaped, and cut to a length that a label can bear."""
    hostile = threshold_explorer.figure(["<b>&", "x" * 128], _counts())
    assert ["&lt;b&gt;&amp;", "x" * 39 + "…"] == [line.name for line in hostile.data[0:4:2]]


def test_plotly_is_asked_for_where_it_is_served() -> None:
    """The widget's address of plotly.js is the route's."""
    assert [addresses.PLOTLY] == [route.path for route in assets.routes()]
