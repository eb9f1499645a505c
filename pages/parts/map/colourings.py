"""How the points of a map can be coloured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvcore.image_maps import Points
from pages.parts.widgets.map import Colouring, packed

NO_VALUE = 65535
NAMES = ("Tag", "Right or wrong", "Probability", "Fold", "Added", "Image")
UNTAGGED, NOT_EVALUATED = "Untagged", "Not evaluated"


def of_points(points: Points) -> list[Colouring]:
    """Colourings by tag, right or wrong, probability, fold, day, and whether an image was trained on."""
    first_and_last = (float(points.days.min()), float(points.days.max())) if len(points.days) else (0.0, 0.0)
    folds = int(points.folds.max(initial=-1)) + 1
    return [
        kinds("Tag", points.tags, [*points.names, UNTAGGED]),
        kinds("Right or wrong", points.outcomes, ["Right", "Wrong", NOT_EVALUATED]),
        scale("Probability", points.probabilities, 0, 1, "rate"),
        kinds("Fold", points.folds, [*(f"Fold {fold + 1}" for fold in range(folds)), NOT_EVALUATED]),
        scale("Added", points.days.astype(float), *first_and_last, "day"),
        kinds("Image", points.kinds, ["In the training", "Added later", "Only predicted", ""]),
    ]


def kinds(name: str, values: NDArray[np.signedinteger], labels: list[str]) -> Colouring:
    """A colour for each label; negative values get the last one."""
    last = len(labels) - 1
    return {
        "name": name,
        "values": packed(np.where(values < 0, last, np.minimum(values, last))),
        "labels": labels,
        "low": "",
        "high": "",
        "ends": (0.0, 0.0, ""),
    }


def scale(name: str, values: NDArray[np.floating], low: float, high: float, kind: str) -> Colouring:
    """A colour between two ends."""
    shares = (values - low) / ((high - low) or 1)
    levels = np.where(np.isnan(shares), NO_VALUE, np.rint(np.nan_to_num(shares).clip(0, 1) * (NO_VALUE - 1)))
    ends = [_worded(value, kind) for value in (low, high)]
    return {
        "name": name,
        "values": packed(levels),
        "labels": [],
        "low": ends[0],
        "high": ends[1],
        "ends": (low, high, kind),
    }


def _worded(value: float, kind: str) -> str:
    if kind == "day":
        return str(np.datetime64(0, "D") + np.timedelta64(int(value), "D"))
    return f"{value:.4g}" if kind == "number" else f"{value:.0%}".replace("%", " %")
