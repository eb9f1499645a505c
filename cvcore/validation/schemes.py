"""The three evaluation methods, and which images each of them trains on and evaluates.

- k-fold: every image is evaluated by a classifier that did not train on it; the shipped one trains on all images.
- hold-out: one image in five is held out. The shipped classifier trains on the other four, like Amazon Rekognition's.
  So the numbers are those of the model that is used, but it has fewer training images.
- test-set: the same, with the images that the user keeps for testing as the held-out ones.

Images kept for testing are never trained on, whatever the method.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvcore.errors import NotTrainable
from cvcore.languages import t
from cvcore.records import HOLD_OUT, TEST_SET, Evaluation, EvaluationMethod
from cvcore.validation import splits

SEED = 0
FOLDS = 5


@dataclass(frozen=True, eq=False)
class Plan:
    """`folds` (n,): the fold that evaluates each image, or -1. `trains` (n,): whether the shipped head trains on it."""

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
    """Plan which images are evaluated and which are trained on.

    `truth` is (n, tags), `groups` (n,), `is_test` (n,) marks the test set. `is_known` (n,) marks images on which the
    starting network was fine-tuned in an earlier training: they and their near duplicates are not evaluated. The same
    arguments give the same plan.

    Raises:
        NotTrainable: no image is left to train on, or to evaluate on.
    """
    trains = np.ones(len(truth), np.bool_)
    if method == TEST_SET:
        folds, trains = splits.by_test_images(truth, groups, is_test)
        if not trains.any():
            raise NotTrainable(
                t(
                    "training needs images that are not for testing and not near duplicates of a test image, there "
                    "are none: choose other images for testing"
                )
            )
    elif method == HOLD_OUT:
        folds = splits.hold_out(truth, groups, seed=SEED, parts=FOLDS)
        trains = folds < 0
    else:
        folds = splits.folds(truth, groups, seed=SEED, most=FOLDS)
    if is_known is not None and is_known.any():
        folds, trains = _without_known(method, folds, trains, np.isin(groups, groups[is_known]))
    return Plan(Evaluation(method, int(folds.max(initial=-1)) + 1, SEED), folds, trains)


def named(evaluation: Evaluation) -> str:
    """How an iteration was evaluated, in a few words.

    >>> named(Evaluation("k-fold", 5, 0)), named(Evaluation("hold-out", 1, 0))
    ('5-fold cross-validation', '1 image in 5 held out')
    """
    if evaluation.method == TEST_SET:
        return t("your own test set")
    if evaluation.method == HOLD_OUT:
        return t("1 image in {n} held out", n=FOLDS)
    # No fold: the images of every tag are near duplicates of one another.
    if not evaluation.folds:
        return t("cross-validation")
    return t("{n}-fold cross-validation", n=evaluation.folds)


def explained(evaluation: Evaluation, group_key: str = "") -> str:
    """What an iteration's numbers mean under its evaluation method and with its group key, in two sentences."""
    if evaluation.method in (TEST_SET, HOLD_OUT):
        meaning = t("The numbers are those of the model that Quick Test and the exports use.")
    else:
        meaning = t("The numbers estimate how well this way of training does on new images like these.")
    return f"{what_was_done(evaluation, group_key)} {meaning}"


def what_was_done(evaluation: Evaluation, group_key: str = "") -> str:
    """Which images were evaluated, and by what, in one sentence.

    >>> what_was_done(Evaluation("k-fold", 5, 0), "day")
    'Every image is evaluated by a classifier that was not trained on it, a near duplicate or an image of the same day.'
    """
    if evaluation.method == TEST_SET:
        return t(
            "Only the images you keep for testing are evaluated; neither they nor near duplicates of them were "
            "trained on."
        )
    if evaluation.method == HOLD_OUT and group_key:
        return t(
            "One image in {n}, chosen by Tagwise, was held out and evaluated; near duplicates and images of the same "
            "{key} were kept together.",
            n=FOLDS,
            key=group_key,
        )
    if evaluation.method == HOLD_OUT:
        return t(
            "One image in {n}, chosen by Tagwise, was held out and evaluated; near duplicates were kept together.",
            n=FOLDS,
        )
    if group_key:
        return t(
            "Every image is evaluated by a classifier that was not trained on it, a near duplicate or an image of the "
            "same {key}.",
            key=group_key,
        )
    return t("Every image is evaluated by a classifier that was not trained on it or a near duplicate of it.")


def _without_known(
    method: EvaluationMethod, folds: NDArray[np.int64], trains: NDArray[np.bool_], is_known: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Take known images out of the folds and renumber the folds; in hold-out, known images are trained on again."""
    folds = np.where(is_known, -1, folds)
    evaluated = folds >= 0
    if not evaluated.any():
        raise NotTrainable(
            t(
                "the network that training starts from was trained on all images that could be evaluated: add new "
                "images, keep new ones for testing, or start from the domain's network"
            )
        )
    folds[evaluated] = np.unique(folds[evaluated], return_inverse=True)[1]
    return folds, trains | is_known if method == HOLD_OUT else trains
