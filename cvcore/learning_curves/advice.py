"""Says in one sentence per tag whether more images would help."""

from __future__ import annotations

import math

import numpy as np

from cvcore.languages import t, tn
from cvcore.learning_curves.curve import Curve
from cvcore.metrics.reports import MEASURES
from cvcore.wording import percent, whole_percent

# Below this, in points of a rate, nobody notices a difference. Above the other, hardly anything is left to gain.
GAIN_LEAST = 0.02
GOOD = 0.95
CHOICES = ("recall", "precision")


def sentence(curve: Curve, tag: int, name: str) -> str:
    """What as many images again would bring for the tag of a column: its recall or precision, whichever gains more.

    The last column (-1) is the mean over the tags; `name` is the tag's.
    """
    gains = {choice: _gain(curve, tag, choice) for choice in CHOICES}
    known = {choice: gain for choice, gain in gains.items() if not math.isnan(gain)}
    if not known:
        if tag == -1:
            return t("Too few images of all tags to tell whether more would help: add some.")
        return t("Too few images of {tag} to tell whether more would help: add some.", tag=name)
    choice = max(known, key=lambda each: known[each])
    if known[choice] >= GAIN_LEAST:
        return _gains(curve, tag, name, choice)
    lowest = min(CHOICES, key=lambda each: np.nan_to_num(_today(curve, tag, each), nan=1.0))
    rate = percent(_today(curve, tag, lowest))
    if _today(curve, tag, lowest) >= GOOD:
        return _is_good(tag, name, lowest, rate)
    return _hardly(curve, tag, name, _stays(lowest, rate))


def _stays(measure: str, rate: str) -> str:
    if measure == "recall":
        return t("recall stays about {rate}", rate=rate)
    return t("precision stays about {rate}", rate=rate)


def _hardly(curve: Curve, tag: int, name: str, stays: str) -> str:
    if tag == -1:
        return tn(
            _more(curve, tag),
            "{n} more image of each tag will hardly help, {rate_stays}: look at its tags, its mistakes and the "
            "threshold.",
            "{n} more images of each tag will hardly help, {rate_stays}: look at its tags, its mistakes and the "
            "threshold.",
            rate_stays=stays,
        )
    return tn(
        _more(curve, tag),
        "{n} more image of {tag} will hardly help, {rate_stays}: look at its tags, its mistakes and the threshold.",
        "{n} more images of {tag} will hardly help, {rate_stays}: look at its tags, its mistakes and the threshold.",
        tag=name,
        rate_stays=stays,
    )


def _more(curve: Curve, tag: int) -> int:
    """As many images again as the tag has, or on average a tag."""
    return round(float(curve.measured.images[-1, tag]))


def _gains(curve: Curve, tag: int, name: str, choice: str) -> str:
    row = MEASURES.index(choice)
    parts = {
        "today": percent(_today(curve, tag, choice)),
        "then": whole_percent(curve.forecast.values[row, -1, tag]),
        "low": whole_percent(curve.forecast.low[row, -1, tag]),
        "high": whole_percent(curve.forecast.high[row, -1, tag]),
    }
    if choice == "recall":
        change = t("recall {today} to about {then} ({low} to {high})", **parts)
    else:
        change = t("precision {today} to about {then} ({low} to {high})", **parts)
    more = _more(curve, tag)
    if tag == -1:
        return tn(
            more, "{n} more image of each tag: {change}.", "{n} more images of each tag: {change}.", change=change
        )
    return tn(
        more,
        "{n} more image of {tag}: {change}, if the other tags grow alike.",
        "{n} more images of {tag}: {change}, if the other tags grow alike.",
        tag=name,
        change=change,
    )


def _is_good(tag: int, name: str, measure: str, rate: str) -> str:
    if tag == -1 and measure == "recall":
        return t("More images of all tags will hardly change anything: their recall is {rate} already.", rate=rate)
    if tag == -1:
        return t("More images of all tags will hardly change anything: their precision is {rate} already.", rate=rate)
    if measure == "recall":
        return t("More images of {tag} will hardly change anything: its recall is {rate} already.", tag=name, rate=rate)
    return t("More images of {tag} will hardly change anything: its precision is {rate} already.", tag=name, rate=rate)


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
