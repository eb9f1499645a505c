"""How the points of a map can be coloured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvcore.image_maps import Points
from cvcore.languages import marked, t
from cvcore.wording import whole_percent
from pages.parts.widgets.map import Colouring, packed

NO_VALUE = 65535
TAG, OUTCOME, PROBABILITY = marked("Tag"), marked("Right or wrong"), marked("Probability")
FOLD, ADDED, IMAGE = marked("Fold"), marked("Added"), marked("Image")
NAMES = (TAG, OUTCOME, PROBABILITY, FOLD, ADDED, IMAGE)


def of_points(points: Points) -> list[Colouring]:
    """Colourings by tag, right or wrong, probability, fold, day, and whether an image was trained on."""
    first_and_last = (float(points.days.min()), float(points.days.max())) if len(points.days) else (0.0, 0.0)
    folds = int(points.folds.max(initial=-1)) + 1
    not_evaluated = t("Not evaluated")
    fold_names = [t("Fold {number}", number=fold + 1) for fold in range(folds)]
    made = [
        kinds(TAG, points.tags, [*points.names, t("Untagged")]),
        kinds(OUTCOME, points.outcomes, [t("Right"), t("Wrong"), not_evaluated]),
        scale(PROBABILITY, points.probabilities, 0, 1, "rate"),
        kinds(FOLD, points.folds, [*fold_names, not_evaluated]),
        scale(ADDED, points.days.astype(float), *first_and_last, "day"),
        kinds(IMAGE, points.kinds, [t("In the training"), t("Added later"), t("Only predicted"), ""]),
    ]
    return [{**each, "title": t(each["name"])} for each in made]


def kinds(name: str, values: NDArray[np.signedinteger], labels: list[str]) -> Colouring:
    """A colour for each label; negative values get the last one."""
    last = len(labels) - 1
    return {
        "name": name,
        "title": name,
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
        "title": name,
        "values": packed(levels),
        "labels": [],
        "low": ends[0],
        "high": ends[1],
        "ends": (low, high, kind),
    }


def _worded(value: float, kind: str) -> str:
    if kind == "day":
        return str(np.datetime64(0, "D") + np.timedelta64(int(value), "D"))
    return f"{value:.4g}" if kind == "number" else whole_percent(value)
