"""Findings are falls that chance does not explain, at the mildest strength, in words that say what to do."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore import robustness
from cvcore.metrics.paired_comparison import adjusted
from cvcore.robustness import Measurement, findings, numbers, report
from cvcore.robustness.changes import CHANGES
from cvcore.robustness.report import ADVICE
from tests.cvcore.robustness.conftest import scripted

TRUTH = np.repeat(np.eye(2, dtype=bool), (40, 40), axis=0)
GROUPS = np.arange(80)
NAMES = ("roses", "tulips")


def found(wrong: dict[tuple[str, float], int]) -> list[robustness.Finding]:
    """What is found of a classifier that takes the first so many of 40 roses for tulips."""
    return findings(numbers(scripted(wrong, TRUTH), TRUTH, GROUPS, 0.5))


def test_the_mildest_strength_is_named() -> None:
    """A fall that begins at 20 degrees is told there, once, however it goes on."""
    roses, tulips = found({("turned", 10): 1, ("turned", 20): 16, ("turned", 45): 30, ("turned", 90): 40})
    assert (0, "turned", 20, "recall", 1.0, 0.6, 40) == (
        roses.tag,
        roses.change,
        roses.strength,
        roses.measure,
        roses.before,
        pytest.approx(roses.after),
        roses.images,
    )
    assert roses.low < -0.4 < roses.high < 0
    assert (1, "precision") == (tulips.tag, tulips.measure)
    expected = "Turned by 20°: recall of roses falls from 100.0 % to 60.0 % (by "
    assert robustness.finding_sentence(roses, NAMES).startswith(expected)
    assert robustness.finding_sentence(roses, NAMES).endswith(f": {ADVICE['turned']}.")


def test_the_worst_comes_first() -> None:
    """What is lost over all strengths ranks: covered at once is worse than blurred at the end."""
    falls = {("blurred", 5): 20} | {("covered", strength): 20 for strength in (10, 20, 30, 50, 70)}
    assert ["covered", "blurred"] == [each.change for each in found(falls) if each.measure == "recall"]


@pytest.mark.parametrize("missed", [3, 4])
def test_chance_is_no_finding(missed: int) -> None:
    """A few images among forty, under one of forty conditions, prove nothing."""
    assert [] == found({("turned", 20): missed})


def test_the_mean_over_the_tags_has_findings_of_its_own() -> None:
    """Overall findings name the mean, and rest on all images."""
    measurement = scripted({("darker", strength): 30 for strength in (2, 3, 4, 5)}, TRUTH)
    (overall,) = findings(numbers(measurement, TRUTH, GROUPS, 0.5), overall=True)
    assert (-1, "darker", 2, 80) == (overall.tag, overall.change, overall.strength, overall.images)
    assert robustness.finding_sentence(overall, NAMES).startswith("Darkened by 2 stops: recall of all tags falls")


def test_advanced_turns_a_little_unless_told() -> None:
    """Beyond what Advanced turns by itself the advice names the switch."""
    (roses, _) = found({("turned", degrees): 30 for degrees in (90, 180)})
    assert robustness.finding_sentence(roses, NAMES).endswith(f": {report.TURNED_FAR}.")


def test_every_change_has_advice() -> None:
    """No sentence ends without saying what to do."""
    assert {change.name for change in CHANGES} == set(ADVICE)


def test_many_looks_are_paid_for() -> None:
    """Adjusted p-values are never smaller than their own, keep their order, and one alone stays as it is."""
    p_values = np.random.default_rng(2).random((4, 5)) ** 3
    corrected = adjusted(p_values)
    assert (corrected >= p_values).all()
    order = np.argsort(p_values, axis=None)
    assert (np.diff(corrected.ravel()[order]) >= 0).all()
    assert [0.04] == adjusted(np.array([0.04])).tolist()
    assert isinstance(scripted({}), Measurement)


def test_the_scope_is_told() -> None:
    """How many images were looked at, by whom, and why numbers may differ from those of the page."""
    measurement = scripted({}, TRUTH)
    every = report.scope_of(measurement, 80, is_advanced=False)
    assert every == (
        "All 80 evaluated images were changed and judged again, each by a classifier that was not trained on it."
    )
    assert report.scope_of(measurement, 900, is_advanced=False).startswith("80 of 900 evaluated images, about as many")
    others = Measurement(measurement.rows, measurement.levels, np.array(False))
    assert "these are numbers of Quick" in report.scope_of(others, 80, is_advanced=True)
    assert "an older Tagwise trained this iteration" in report.scope_of(others, 80, is_advanced=False)
