"""Whether other thresholds would be better than those in use, judged on images that they were not chosen on."""

from __future__ import annotations

import numpy as np

from cvcore import metrics, validation
from cvcore.metrics import paired_comparison, threshold_tuning
from cvcore.metrics.threshold_tuning import Goal
from cvcore.next_steps.evidence import Evidence
from cvcore.next_steps.steps import BetterThresholds, Gain


def better_thresholds(shown: Evidence) -> BetterThresholds | None:
    """The step of saving the thresholds with the best F1: one for all tags, or one for each if that gains more.

    The answers that are compared are those of a cross-validation: each part of the images is answered at thresholds
    chosen on the other parts. The interval is that of two answers to the same images, `paired_comparison`. Of two
    suggestions the one with the higher lower end is taken, so that the larger of two chances does not win.
    """
    table = threshold_tuning.part_counts(
        shown.truth, shown.probabilities, shown.folds, shown.groups, multilabel=shown.multilabel
    )
    steps = [step for per_tag in (False, True) if (step := _step(shown, table, per_tag=per_tag))]
    return max(steps, key=lambda step: step.gain.low, default=None)


def _step(shown: Evidence, table: np.ndarray, *, per_tag: bool) -> BetterThresholds | None:
    suggestion = threshold_tuning.suggest(table, Goal("f1"), per_tag=per_tag)
    if not len(suggestion.by_part) or not suggestion.defined.any():
        return None
    limits = suggestion.by_part[validation.parts(shown.folds, shown.groups)]
    held_out = metrics.answers(shown.probabilities, limits, multilabel=shown.multilabel)
    compared = paired_comparison.differences(shown.truth, held_out, shown.answered, shown.groups)
    f1 = paired_comparison.RATES.index("f1")
    gain = [float(each[f1, -1]) for each in (compared.value, compared.low, compared.high)]
    if np.isnan(gain).any():
        return None
    chosen = suggestion.thresholds.tolist()
    return BetterThresholds(
        Gain(*gain), tuple(chosen) if per_tag else float(chosen[0]), shown.thresholds, len(shown.truth)
    )
