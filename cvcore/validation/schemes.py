"""Who judges whom: the three ways to evaluate a training, and the fit that each asks for.

- k-fold: every picture is judged by a classifier that did not see it; the one that is shipped saw them all.
- hold-out: one picture in five is kept aside. The shipped classifier trained on the other four, as Amazon
  Rekognition's does, so the numbers are those of the very model that is used; it has seen fewer pictures.
- test-set: the same with the pictures that the user keeps for testing.

Pictures kept for testing never train, whichever way is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvcore.errors import NotTrainable
from cvcore.records import HOLD_OUT, TEST_SET, Evaluation, EvaluationMethod
from cvcore.validation import splits

SEED = 0
FOLDS = 5


@dataclass(frozen=True, eq=False)
class Plan:
    """`folds` (n,): the fold that judges a picture, -1 where none does. `trains` (n,): what the shipped head sees."""

    evaluation: Evaluation
    folds: NDArray[np.int64]
    trains: NDArray[np.bool_]


def plan(
    method: EvaluationMethod,
    truth: NDArray[np.bool_],
    groups: NDArray[np.int64],
    is_test: NDArray[np.bool_],
    is_known: NDArray[np.bool_] | None = None,
) -> Plan:
    """Who is judged and who trains; `truth` (n, tags), `groups` (n,), `is_test` (n,) the user's own test pictures.

    Pictures that are `is_known` (n,) to the network already, which learned from them in an earlier training, and near
    duplicates of theirs are not judged. The same arguments give the same plan.

    Raises:
        NotTrainable: nothing is left to train with, or to judge.
    """
    trains = np.ones(len(truth), np.bool_)
    if method == TEST_SET:
        folds, trains = splits.by_test_images(truth, groups, is_test)
        if not trains.any():
            raise NotTrainable(
                "training needs pictures that no test picture is a near duplicate of, there are none: "
                "choose others for testing"
            )
    elif method == HOLD_OUT:
        folds = splits.hold_out(truth, groups, seed=SEED, parts=FOLDS)
        trains = folds < 0
    else:
        folds = splits.folds(truth, groups, seed=SEED, most=FOLDS)
    if is_known is not None and is_known.any():
        folds, trains = _unknown(method, folds, trains, np.isin(groups, groups[is_known]))
    return Plan(Evaluation(method, int(folds.max(initial=-1)) + 1, SEED), folds, trains)


def named(evaluation: Evaluation) -> str:
    """How an iteration was judged, in a few words.

    >>> named(Evaluation("k-fold", 5, 0)), named(Evaluation("hold-out", 1, 0))
    ('5-fold cross-validation', '1 picture in 5 kept aside')
    """
    if evaluation.method == TEST_SET:
        return "your own test set"
    if evaluation.method == HOLD_OUT:
        return f"1 picture in {FOLDS} kept aside"
    return f"{evaluation.folds}-fold cross-validation"


def explained(evaluation: Evaluation) -> str:
    """What the numbers of an iteration judged that way are numbers of, in two sentences."""
    if evaluation.method == TEST_SET:
        return (
            "Only the pictures you keep for testing are judged; neither they nor near duplicates of theirs were "
            "trained with. The numbers are those of the very model that Quick Test and the exports use."
        )
    if evaluation.method == HOLD_OUT:
        return (
            f"One picture in {FOLDS}, chosen by Tagwise, was kept aside and judged; near duplicates stayed on one "
            "side. The numbers are those of the very model that Quick Test and the exports use."
        )
    return (
        "Every picture is judged by a classifier that did not see it or a near duplicate of it. "
        "The numbers tell how well this way of training does on new pictures like these."
    )


def _unknown(
    method: EvaluationMethod, folds: NDArray[np.int64], trains: NDArray[np.bool_], is_known: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The folds without what is known, numbered anew, and who trains: what Tagwise kept aside in vain does too."""
    folds = np.where(is_known, -1, folds)
    judged = folds >= 0
    if not judged.any():
        raise NotTrainable(
            "what training starts from has learned from all pictures that could be judged: add new ones, keep some "
            "for testing that it does not know, or start from the domain's network"
        )
    folds[judged] = np.unique(folds[judged], return_inverse=True)[1]
    return folds, trains | is_known if method == HOLD_OUT else trains
