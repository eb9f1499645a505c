"""Says in one sentence per tag whether more images would help."""

from __future__ import annotations

import math

import numpy as np

from cvcore.learning_curves.curve import Curve
from cvcore.metrics.reports import MEASURES
from cvcore.wording import count, percent

# Below this, in points of a rate, nobody notices a difference. Above the other, hardly anything is left to gain.
GAIN_LEAST = 0.02
GOOD = 0.95
CHOICES = ("recall", "precision")


def sentence(curve: Curve, tag: int, name: str) -> str:
    """What as many images again would bring for the tag of a column: its recall or precision, whichever gains more.

    The last column (-1) is the mean over the tags.
    """
    gains = {choice: _gain(curve, tag, choice) for choice in CHOICES}
    known = {choice: gain for choice, gain in gains.items() if not math.isnan(gain)}
    if not known:
        return f"Too few images of {name} to tell whether more would help: add some."
    choice = max(known, key=lambda each: known[each])
    row = MEASURES.index(choice)
    today, then = curve.measured.values[row, -1, tag], curve.forecast.values[row, -1, tag]
    more = round(float(curve.measured.images[-1, tag]))
    images = f"{more} more images of each tag" if tag == -1 else f"{count(more, 'more image')} of {name}"
    if known[choice] >= GAIN_LEAST:
        low, high = curve.forecast.low[row, -1, tag], curve.forecast.high[row, -1, tag]
        alike = "" if tag == -1 else ", if the other tags grow alike"
        return f"{images}: {choice} {percent(today)} to about {_whole(then)} ({_whole(low)} to {_whole(high)}){alike}."
    lowest = min(CHOICES, key=lambda each: np.nan_to_num(_today(curve, tag, each), nan=1.0))
    worst = _today(curve, tag, lowest)
    if worst >= GOOD:
        return f"More images of {name} will hardly change anything: its {lowest} is {percent(worst)} already."
    return (
        f"{images} will hardly help, {lowest} stays about {percent(worst)}: look at its tags, its mistakes and the "
        "threshold."
    )


def gain(curve: Curve, tag: int) -> float:
    """How much the tag's F1 is expected to gain from as many images again; nan if nothing can be said."""
    return _gain(curve, tag, "f1")


def by_gain(curve: Curve) -> list[int]:
    """The columns of all tags, those first that gain most; at the end those of which nothing can be said."""
    gains = [gain(curve, tag) for tag in range(curve.measured.images.shape[1] - 1)]
    return sorted(range(len(gains)), key=lambda tag: math.inf if math.isnan(gains[tag]) else -gains[tag])


def _gain(curve: Curve, tag: int, measure: str) -> float:
    row = MEASURES.index(measure)
    return float(curve.forecast.values[row, -1, tag] - _today(curve, tag, measure))


def _today(curve: Curve, tag: int, measure: str) -> float:
    return float(curve.measured.values[MEASURES.index(measure), -1, tag])


def _whole(rate: float) -> str:
    """A rate in whole per cent: a forecast is not more exact than that."""
    return f"{100 * rate:.0f} %"
