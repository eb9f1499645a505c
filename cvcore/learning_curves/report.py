"""An iteration's learning curve as JSON, as `tagwise learning-curve --json` prints it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cvcore.learning_curves.advice import sentence
from cvcore.learning_curves.curve import Curve, Points
from cvcore.metrics.reports import MEASURES
from cvcore.wording import none_for_nan


def curve_json(curve: Curve, names: Sequence[str]) -> dict[str, Any]:
    """The curve of every tag and overall; undefined numbers are None.

    A point is `{"images", "precision", "precision_interval", …}`; overall, images are the mean over the tags.
    """
    everything = {"points": _points(curve.measured, -1), "forecast": _points(curve.forecast, -1)}
    tags = [
        {
            "name": name,
            "points": _points(curve.measured, tag),
            "forecast": _points(curve.forecast, tag),
            "sentence": sentence(curve, tag, name),
        }
        for tag, name in enumerate(names)
    ]
    return {"overall": everything | {"sentence": sentence(curve, -1, "all tags")}, "tags": tags}


def _points(points: Points, tag: int) -> list[dict[str, Any]]:
    return [
        {"images": round(float(points.images[place, tag]), 1)} | _rates(points, place, tag)
        for place in range(len(points.shares))
    ]


def _rates(points: Points, place: int, tag: int) -> dict[str, Any]:
    rates: dict[str, Any] = {}
    for row, name in enumerate(MEASURES):
        rates[name] = none_for_nan(points.values[row, place, tag])
        rates[f"{name}_interval"] = [none_for_nan(each[row, place, tag]) for each in (points.low, points.high)]
    return rates
