"""Two iterations are compared on what they share: images, tags, the newest truth, and fair thresholds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from cvcore import evaluation, metrics, training, validation
from cvcore.array_types import Bools
from cvcore.errors import InvalidInput, NotFound
from cvcore.evaluation import comparisons, saved_thresholds
from cvcore.files import blobs
from cvcore.metrics.threshold_tuning import Goal
from cvcore.projects import tagging, uploads
from cvcore.records import MULTICLASS, MULTILABEL, Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]

# The probability of rose for five roses, then five tulips; at 0.45 the tulip has 0.4, else the rest.
UNDECIDED = 0.45
UNSURE = [0.9, 0.2, UNDECIDED, 0.8, 0.9, 0.1, 0.7, 0.3, 0.4, 0.1]

# Three roses and three tulips.
MOVED = ("1.png", "2.png", "3.png", "10.png", "11.png", "12.png")


def in_order(store: Store, snapshot: Iteration, roses: list[float]) -> list[list[float]]:
    """The probabilities of images 1.png, 2.png, … in the order of a snapshot's rows."""
    shares = [roses[int(image.name.removesuffix(".png")) - 1] for image in store.iterations.images(snapshot.id)]
    return [[share, 0.4 if share == UNDECIDED else 1 - share] for share in shares]


def test_both_answer_at_one_threshold(store: Store, fill: Fill, trained: Trained) -> None:
    """At 50 % as at 95 %, whatever is saved for one of them."""
    project = fill(rose=5, tulip=5)
    first, second = trained(project), trained(project)
    saved_thresholds.save(store, first, 0.95)
    first = store.iterations.get(first.id)
    for threshold, right in ((0.5, 10), (0.95, 0)):
        comparison = comparisons.compare(store, second, first, threshold)
        assert (10, right, right) == (comparison.images, comparison.right.first, comparison.right.second)
    with pytest.raises(InvalidInput, match=r"threshold must be in 0..1, got 1.5"):
        comparisons.compare(store, second, first, 1.5)


def test_what_changed_by_hand(store: Store, fill: Fill, trained: Trained) -> None:
    """Which images are fixed and broken, with tags and both answers, the largest change of a probability first."""
    project = fill(rose=5, tulip=5)
    snapshot = trained(project)
    older = trained(project, in_order(store, snapshot, UNSURE))
    better = list(UNSURE)
    better[1], better[2], better[8] = 0.85, 0.6, 0.55
    newer = trained(project, in_order(store, snapshot, better))
    # The iteration that the page shows may be either.
    for comparison in (
        comparisons.compare(store, newer, older, 0.5),
        comparisons.compare(store, older, newer, 0.5),
    ):
        assert (newer, older) == (comparison.newer, comparison.older)
        right = comparison.right
        assert (8, 7, 2, 1) == (right.first, right.second, right.only_first, right.only_second)
        assert "may be chance" == right.verdict
    _, (broken,) = comparisons.changed_images(store, comparison, comparison.broken, most=9)
    assert ("9.png", ("tulip",), "rose") == (broken.name, broken.tags, broken.newer.tags[0][0])
    number, (first, second) = comparisons.changed_images(store, comparison, comparison.fixed, most=9)
    assert (2, ("rose",), "2.png") == (number, first.tags, first.name)
    assert (("tulip", pytest.approx(0.8)),) == first.older.tags
    assert (("rose", pytest.approx(0.85)),) == first.newer.tags
    assert ((), "rose") == (second.older.tags, second.older.top[0])
    assert pytest.approx(UNDECIDED) == second.older.top[1]
    assert (2, [first]) == comparisons.changed_images(store, comparison, comparison.fixed, most=1)


@pytest.mark.parametrize(("tag", "names"), [("rose", ["2.png", "3.png"]), ("tulip", ["2.png"])])
def test_changes_that_concern_a_tag(store: Store, fill: Fill, trained: Trained, tag: str, names: list[str]) -> None:
    """Those that carry it and those that were answered with it, by either iteration."""
    project = fill(rose=5, tulip=5)
    snapshot = trained(project)
    older = trained(project, in_order(store, snapshot, UNSURE))
    better = list(UNSURE)
    better[1], better[2] = 0.85, 0.6
    comparison = comparisons.compare(store, trained(project, in_order(store, snapshot, better)), older, 0.5)
    place = comparison.tags.index(tag)
    number, changed = comparisons.changed_images(store, comparison, comparison.fixed, tag=place, most=9)
    assert (len(names), names) == (number, [image.name for image in changed])


@pytest.mark.parametrize("classification_type", [MULTICLASS, MULTILABEL])
@pytest.mark.parametrize("threshold", [0.5, 0.3, None])
def test_counts_agree_with_a_slow_twin(
    store: Store, fill: Fill, trained: Trained, classification_type: str, threshold: float | None
) -> None:
    """Image by image from the arrays: the counts of the test are the lengths of the lists."""
    project = fill(classification_type=classification_type, rose=10, tulip=10, lily=10)
    truth = evaluation.load(store, trained(project)).truth
    random = np.random.default_rng(0)
    older, newer = (trained(project, 0.4 * truth + 0.6 * random.dirichlet([1, 1, 1], 30)) for _ in range(2))
    comparison = comparisons.compare(store, newer, older, threshold)
    fixed: list[int] = []
    broken: list[int] = []
    for row in range(30):
        right = [row_is_right(store, each, row, threshold) for each in (newer, older)]
        if right[0] != right[1]:
            (fixed if right[0] else broken).append(row)
    assert sorted(comparison.fixed[:, 0].tolist()) == fixed
    assert sorted(comparison.broken[:, 0].tolist()) == broken
    assert (len(fixed), len(broken)) == (comparison.right.only_first, comparison.right.only_second)
    assert fixed
    assert broken


def row_is_right(store: Store, iteration: Iteration, row: int, threshold: float | None) -> bool:
    """Whether every tag of an image is right, at thresholds chosen without the image's fold where each has its own."""
    arrays = evaluation.load(store, iteration)
    limits = np.full(arrays.truth.shape[1], threshold)
    if threshold is None:
        suggested = evaluation.suggest_thresholds(store, iteration, Goal("f1"), per_tag=True)
        limits = suggested.by_part[validation.parts(arrays.folds, arrays.groups)[row]]
    reached = arrays.probabilities[row].astype(float) >= limits
    if not arrays.multilabel:
        reached &= np.arange(len(limits)) == arrays.probabilities[row].argmax()
    return bool((reached == arrays.truth[row]).all())


def test_own_thresholds_are_judged_fairly(store: Store, fill: Fill, trained: Trained) -> None:
    """The F1 shown is the one on images that the thresholds were not chosen on; saved thresholds change nothing."""
    project = fill(rose=20, tulip=20)
    random = np.random.default_rng(1)
    older, newer = (trained(project, random.dirichlet([1, 1], 40)) for _ in range(2))
    fair = comparisons.compare(store, newer, older, None)
    suggested = evaluation.suggest_thresholds(store, newer, Goal("f1"), per_tag=True)
    held_out, on_chosen = (metrics.rates(counts)[2, -1] for counts in (suggested.held_out, suggested.chosen))
    assert pytest.approx(held_out) == fair.differences.first[2, -1]
    assert on_chosen > held_out
    saved_thresholds.save(store, newer, tuple(suggested.thresholds.tolist()))
    again = comparisons.compare(store, store.iterations.get(newer.id), older, None)
    np.testing.assert_array_equal(fair.differences.value, again.differences.value)


def test_the_newest_truth_counts(store: Store, fill: Fill, trained: Trained) -> None:
    """Renamed tags are the same tags, and images that were retagged are counted and evaluated by the new tag."""
    project = fill(rose=6, tulip=6)
    first = trained(project)
    rose, tulip = store.tags.of_project(project.id)
    moved = store.images.page(project.id, tag_id=rose.id, take=1)[0]
    tagging.remove_tags(store, project, [moved.id], [rose.id])
    tagging.add_tags(store, project, [moved.id], [tulip.id])
    tagging.rename(store, tulip, "lily", limits=Limits())
    comparison = comparisons.compare(store, first, trained(project), 0.5)
    assert (("lily", "rose"), [7, 5], 1) == (comparison.tags, comparison.counts.tolist(), comparison.retagged)
    assert (12, 11) == (comparison.right.first, comparison.right.second)
    _, (changed,) = comparisons.changed_images(store, comparison, comparison.fixed, most=9)
    assert (("lily",), "rose", "lily") == (changed.tags, changed.older.tags[0][0], changed.newer.tags[0][0])


def test_a_tag_that_only_one_knows(store: Store, fill: Fill, trained: Trained) -> None:
    """Its images, which the other could not answer, are left out, and the tag is named."""
    project = fill(rose=5, tulip=5, lily=5)
    first = trained(project)
    lily = next(tag for tag in store.tags.of_project(project.id) if tag.name == "lily")
    tagging.delete(store, lily)
    comparison = comparisons.compare(store, trained(project), first, 0.5)
    assert (10, ("lily",), 0) == (comparison.images, comparison.only_some, comparison.left_out)


def test_an_answer_that_only_the_newer_can_give(store: Store, fill: Fill, trained: Trained) -> None:
    """A rose called a lily is broken and shown as that; images tagged lily are left out."""
    project = fill(rose=9, tulip=9)
    first = trained(project)
    tagging.ensure(store, project, ["lily"], limits=Limits())
    lily = next(tag for tag in store.tags.of_project(project.id) if tag.name == "lily")
    moved = [image for image in store.images.page(project.id, take=18) if image.name in MOVED]
    for image in moved:
        tagging.remove_tags(store, project, [image.id], image.tag_ids)
    tagging.add_tags(store, project, [image.id for image in moved], [lily.id])
    second = trained(project)
    column = [tag.name for tag in evaluation.tags(store, second)].index("lily")
    second = trained(project, np.where(np.arange(3) == column, 0.9, 0.05) * np.ones((18, 1)))
    comparison = comparisons.compare(store, second, first, 0.5)
    assert (12, 6, ("lily",)) == (comparison.images, comparison.left_out, comparison.only_some)
    number, changed = comparisons.changed_images(store, comparison, comparison.broken, most=20)
    assert 12 == number == comparison.right.only_second
    assert {"lily"} == {image.newer.tags[0][0] for image in changed}


def test_only_images_that_both_evaluated(store: Store, fill: Fill, trained: Trained) -> None:
    """Images that came later or were deleted meanwhile are not compared; a third iteration changes nothing."""
    project = fill(rose=7, tulip=7)
    first = trained(project)
    roses = store.images.page(project.id, tag_id=store.tags.of_project(project.id)[0].id, take=2)
    uploads.delete(store, [roses[0].id])
    second = trained(project)
    assert 13 == comparisons.compare(store, second, first, 0.5).images
    uploads.delete(store, [roses[1].id])
    third = trained(project)
    assert 12 == comparisons.compare(store, first, third, 0.5).images
    assert 13 == comparisons.compare(store, second, first, 0.5).images


def test_one_with_a_test_set(store: Store, fill: Fill, trained: Trained) -> None:
    """It evaluated its test images only, so only those are compared; none in common is refused."""
    project = fill(rose=10, tulip=10)
    first, second, third = (trained(project) for _ in range(3))
    evaluated_only(store, second, np.arange(20) % 2 == 0)
    evaluated_only(store, third, np.arange(20) % 2 == 1)
    for threshold in (0.5, None):
        assert 10 == comparisons.compare(store, first, second, threshold).images
    with pytest.raises(InvalidInput, match="must share at least one evaluated image to be compared, got 0: choose"):
        comparisons.compare(store, second, third, 0.5)


def evaluated_only(store: Store, iteration: Iteration, rows: Bools) -> None:
    """Leave an iteration only the evaluation of these images, in one part, as with a test set."""
    folder = blobs.iteration_folder(store.home, iteration.id)
    with np.load(folder / evaluation.ARRAYS) as arrays:
        fields = dict(arrays)
    fields["folds"] = np.where(rows, 0, -1)
    fields["probabilities"] = np.where(rows[:, None], fields["probabilities"], np.nan).astype(np.float32)
    evaluation.save(folder, evaluation.OutOfFold(**fields))


def test_a_new_name_is_shown_at_once(store: Store, fill: Fill, trained: Trained) -> None:
    """Although the result is kept."""
    project = fill(rose=5, tulip=5)
    first, second = trained(project), trained(project)
    assert "Iteration 1" == comparisons.compare(store, first, second, 0.5).older.name
    training.rename_iteration(store, first, "Phones")
    assert "Phones" == comparisons.compare(store, store.iterations.get(first.id), second, 0.5).older.name


def test_an_iteration_deleted_meanwhile(store: Store, fill: Fill, trained: Trained) -> None:
    """It is refused, not found half."""
    project = fill(rose=5, tulip=5)
    first, second = trained(project), trained(project)
    training.delete_iteration(store, first)
    with pytest.raises(NotFound):
        comparisons.compare(store, second, first, 0.5)


def test_what_cannot_be_compared(store: Store, fill: Fill, trained: Trained) -> None:
    """Another type, another project's iteration, and two without an image in common are refused with what to do."""
    first, other = trained(fill(rose=5, tulip=5)), trained(fill("Other", cat=5, dog=5))
    several = dataclasses.replace(other, classification_type="Multilabel")
    with pytest.raises(InvalidInput, match=r"is Multiclass and Iteration 1 is Multilabel: choose another"):
        comparisons.compare(store, first, several, 0.5)
    with pytest.raises(InvalidInput, match="must share at least one tag to be compared, got 0: choose another"):
        comparisons.compare(store, first, other, 0.5)
