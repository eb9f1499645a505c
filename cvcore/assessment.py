"""Who judges whom: the three ways to evaluate a training, and the fit that each asks for.

- k-fold: every picture is judged by a classifier that did not see it; the one that is shipped saw them all.
- hold-out: one picture in five is kept aside. The shipped classifier trained on the other four, as Amazon
  Rekognition's does, so the numbers are those of the very model that is used; it has seen fewer pictures.
- test-set: the same with the pictures that the user keeps for testing.

Pictures kept for testing never train, whichever way is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cvcore import heads, splits
from cvcore.errors import NotTrainable
from cvcore.heads import Floats, Head
from cvcore.records import (
    HOLD_OUT,
    K_FOLD,
    MULTILABEL,
    TEST_SET,
    Evaluation,
    EvaluationMethod,
    Image,
    Tag,
    TrainingOptions,
)

SEED = 0
FOLDS = 5
TEST_IMAGES_TO_TELL = 10


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
        folds, trains = splits.judged_apart(truth, groups, is_test)
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


def fit(
    plan: Plan,
    embeddings: Floats,
    truth: NDArray[np.bool_],
    *,
    multilabel: bool,
    l2: float,
    costs: NDArray[np.floating] | None = None,
    on_progress: Callable[[float], None] = lambda fraction: None,
) -> Head:
    """The shipped head, and of every judged picture the probabilities of a head that did not see it.

    In k-fold those are the folds' heads. Else there is one head: it is fitted without the judged pictures, as
    though they did not exist, and judges them itself. `costs` (tags,) weighs the tags, all alike where none are given.
    """
    fitted = partial(heads.fit, multilabel=multilabel, l2=l2, costs=costs, on_progress=on_progress)
    if plan.evaluation.method == K_FOLD:
        return fitted(embeddings, truth, plan.folds)
    trains, judged = plan.trains, plan.folds >= 0
    nobody = np.full(np.count_nonzero(trains), -1)
    head = fitted(embeddings[trains], truth[trains], nobody)
    out_of_fold = np.full(truth.shape, np.nan, np.float32)
    out_of_fold[judged] = heads.probabilities(embeddings[judged], head.kernel, head.bias, multilabel=multilabel)
    return replace(head, out_of_fold=out_of_fold)


def tag_costs(options: TrainingOptions, tag_ids: Sequence[str]) -> NDArray[np.float64]:
    """What missing each of these tags costs, 1 where nothing is said of it.

    >>> tag_costs(TrainingOptions(costs=(("b", 3.0),)), ["a", "b"])
    array([1., 3.])
    """
    told = dict(options.costs)
    return np.array([told.get(tag_id, 1.0) for tag_id in tag_ids])


def training_images(method: EvaluationMethod, images: Sequence[Image]) -> list[Image]:
    """Those of a workspace's pictures that an iteration holds: test pictures only where they are judged."""
    return [image for image in images if method == TEST_SET or not image.is_test]


def trained_tags(tags: Sequence[Tag], images: Sequence[Image]) -> list[Tag]:
    """The tags, their `image_count` that of the pictures which train."""
    counts = _counts([image for image in images if not image.is_test])
    return [replace(tag, image_count=counts.get(tag.id, 0)) for tag in tags]


def obstacles(
    method: EvaluationMethod, tags: Sequence[Tag], images: Sequence[Image], classification_type: str
) -> list[str]:
    """What a test set lacks, in words; the other ways need none."""
    if method != TEST_SET:
        return []
    counts = _counts([image for image in images if image.is_test])
    if not counts:
        return ["Your own test set is empty: select pictures on the Images page and choose Use for testing."]
    return [
        f"{tag.name!r} has no picture for testing: each tag needs at least 1 in your own test set."
        for tag in tags
        if not counts.get(tag.id) and not _is_absence(tag, classification_type)
    ]


def advice(
    method: EvaluationMethod, tags: Sequence[Tag], images: Sequence[Image], classification_type: str
) -> list[str]:
    """What would make a test set tell more, in words."""
    counts = _counts([image for image in images if image.is_test])
    few = [
        tag.name
        for tag in tags
        if 0 < counts.get(tag.id, 0) < TEST_IMAGES_TO_TELL and not _is_absence(tag, classification_type)
    ]
    if method != TEST_SET or not few:
        return []
    shown = ", ".join(few[:5]) + (", …" if len(few) > 5 else "")
    return [f"{TEST_IMAGES_TO_TELL} or more test pictures a tag tell something; fewer have {shown}."]


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


def _counts(images: Sequence[Image]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for image in images:
        for tag_id in image.tag_ids:
            counts[tag_id] = counts.get(tag_id, 0) + 1
    return counts


def _is_absence(tag: Tag, classification_type: str) -> bool:
    """Whether it is a tag that stands for the absence of all others, so that there is nothing to find of it."""
    return tag.kind == "Negative" and classification_type == MULTILABEL
