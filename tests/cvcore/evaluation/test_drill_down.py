"""The images behind every number of an iteration, and what each would have to change for the model to be right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cvcore import evaluation
from cvcore.errors import InvalidInput
from cvcore.evaluation import drill_down, review
from cvcore.evaluation.by_image.image_lists import ImageList
from cvcore.files import blobs
from cvcore.metrics.confusion import OUTCOMES, Cell, Swap, TagOutcome
from cvcore.projects import retagging
from cvcore.records import MULTICLASS, MULTILABEL, Iteration, Project
from cvcore.store import Store
from tests.cvcore.evaluation import definitions

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]

ROSE, TULIP, NONE = 0, 1, 2


@pytest.fixture
def flowers(store: Store, fill: Fill, trained: Trained) -> Iteration:
    """Five roses and five tulips: the first rose is taken for a tulip, surely; the second, hardly, for nothing."""
    project = fill(rose=5, tulip=5)
    rows = roses_of(store, project)
    told = np.where(np.isin(np.arange(10), rows)[:, None], [0.8, 0.2], [0.1, 0.9])
    told[rows[0]], told[rows[1]] = [0.05, 0.95], [0.45, 0.55]
    return trained(project, told)


@pytest.fixture
def labels(store: Store, fill: Fill, trained: Trained) -> Iteration:
    """The same in Multilabel: the first rose misses its tag and gets the other, the second misses it only."""
    project = fill(classification_type=MULTILABEL, rose=5, tulip=5)
    rows = roses_of(store, project)
    told = np.where(np.isin(np.arange(10), rows)[:, None], [0.8, 0.2], [0.1, 0.9])
    told[rows[0]], told[rows[1]] = [0.05, 0.95], [0.45, 0.3]
    return trained(project, told)


def roses_of(store: Store, project: Project) -> list[int]:
    """The rows that roses will have in a snapshot."""
    rose = store.tags.of_project(project.id)[0].id
    return [row for row, image in enumerate(store.images.tagged(project.id)) if rose in image.tag_ids]


def roses(store: Store, iteration: Iteration) -> list[int]:
    return np.flatnonzero(evaluation.load(store, iteration).truth[:, ROSE]).tolist()


def told(listed: ImageList) -> list[tuple[int, int, int, int]]:
    """Row, tag it is about, tag to put on and to take off, of each image."""
    columns = (listed.rows, listed.about, listed.add_tags, listed.remove_tags)
    return list(zip(*(each.tolist() for each in columns), strict=True))


def test_a_suspect_found_right_is_left_out(store: Store, flowers: Iteration, trained: Trained) -> None:
    """By this list and by those of later iterations; tagged otherwise, it is a suspect again."""
    rows = roses(store, flowers)
    assert rows[:1] == drill_down.images_behind(store, flowers, 0.5, "label_issues").rows.tolist()
    (issue,) = review.page(store, flowers, 0.5, drill_down.images_behind(store, flowers, 0.5, "label_issues"))
    review.dismiss(store, [issue])
    assert [] == drill_down.images_behind(store, flowers, 0.5, "label_issues").rows.tolist()
    assert 1 == drill_down.dismissed_count(store, flowers)
    project = store.projects.get(flowers.project_id)
    told_again = evaluation.load(store, flowers).probabilities
    again = trained(project, told_again)
    assert [] == drill_down.images_behind(store, again, 0.5, "label_issues").rows.tolist()
    rose, tulip = store.tags.of_project(project.id)
    exchanged = next(each.id for each in store.images.tagged(project.id) if tulip.id in each.tag_ids)
    retagging.retag(store, project, [issue.image_id], add=[tulip.id])
    retagging.retag(store, project, [exchanged], add=[rose.id])
    surely_roses = np.where(np.arange(10)[:, None] == rows[0], [0.95, 0.05], told_again)
    changed = trained(project, surely_roses)
    assert rows[0] in drill_down.images_behind(store, changed, 0.5, "label_issues").rows


def test_dismissed_issues_can_be_listed_again(store: Store, labels: Iteration) -> None:
    """What was found right comes back as it was."""
    before = told(drill_down.images_behind(store, labels, 0.5, "label_issues"))
    review.dismiss(store, review.page(store, labels, 0.5, drill_down.images_behind(store, labels, 0.5, "label_issues")))
    assert len(before) == drill_down.dismissed_count(store, labels)
    assert [] == told(drill_down.images_behind(store, labels, 0.5, "label_issues"))
    store.dismissed_issues.reopen(labels.id)
    assert before == told(drill_down.images_behind(store, labels, 0.5, "label_issues"))


def test_dismissing_and_listing_again_can_each_be_undone(store: Store, labels: Iteration) -> None:
    """Reopening what was dismissed last leaves other dismissals; dismissing again what was reopened hides it again."""

    def listed() -> list[tuple[int, int, int, int]]:
        return told(drill_down.images_behind(store, labels, 0.5, "label_issues"))

    before = listed()
    first, second, *_ = review.page(store, labels, 0.5, drill_down.images_behind(store, labels, 0.5, "label_issues"))
    review.dismiss(store, [first])
    store.dismissed_issues.reopen_issues(review.dismiss(store, [second]))
    assert before[1:] == listed()
    reopened = review.reopen(store, labels)
    assert before == listed()
    store.dismissed_issues.dismiss(reopened)
    assert before[1:] == listed()


def test_cells(store: Store, flowers: Iteration) -> None:
    """A wrong answer is suggested, no answer and a right one are not."""
    first, second, *others = roses(store, flowers)
    assert [[3, 1, 1], [0, 5, 0], [0, 0, 0]] == drill_down.matrix(store, flowers, 0.6).tolist()
    assert [(first, TULIP, TULIP, -1)] == told(drill_down.images_behind(store, flowers, 0.6, Cell(ROSE, TULIP)))
    assert [(second, TULIP, -1, -1)] == told(drill_down.images_behind(store, flowers, 0.6, Cell(ROSE, NONE)))
    assert [(row, ROSE, -1, -1) for row in others] == told(
        drill_down.images_behind(store, flowers, 0.6, Cell(ROSE, ROSE))
    )
    assert [] == told(drill_down.images_behind(store, flowers, 0.6, Cell(TULIP, ROSE)))


def test_a_tags_counts(store: Store, flowers: Iteration) -> None:
    """Each says the tag's own probability; a missed image is suggested what it was answered with."""
    first, second, *_ = roses(store, flowers)
    lists = {each: told(drill_down.images_behind(store, flowers, 0.6, TagOutcome(ROSE, each))) for each in ("fn", "fp")}
    assert [(first, ROSE, TULIP, -1), (second, ROSE, -1, -1)] == lists["fn"]
    assert [] == lists["fp"]
    assert [(first, TULIP, TULIP, -1)] == told(drill_down.images_behind(store, flowers, 0.6, TagOutcome(TULIP, "fp")))


def test_a_tags_counts_in_multilabel(store: Store, labels: Iteration) -> None:
    """A missed tag would come off, a wrongly given one go on; what is right stays."""
    first, second, *_ = roses(store, labels)
    lists = {
        (tag, outcome): told(drill_down.images_behind(store, labels, 0.5, TagOutcome(tag, outcome)))
        for tag in (ROSE, TULIP)
        for outcome in OUTCOMES
    }
    assert [(first, ROSE, -1, ROSE), (second, ROSE, -1, ROSE)] == lists[ROSE, "fn"]
    assert [(first, TULIP, TULIP, -1)] == lists[TULIP, "fp"]
    assert {(-1, -1)} == {row[2:] for each in ("tp", "tn") for row in lists[ROSE, each]}


def test_swaps(store: Store, labels: Iteration) -> None:
    """A tag missed and another given wrongly: the one would go on and the other come off."""
    first, *_ = roses(store, labels)
    assert [[0, 1], [0, 0]] == drill_down.swaps(store, labels, 0.5).tolist()
    assert [(first, TULIP, TULIP, ROSE)] == told(drill_down.images_behind(store, labels, 0.5, Swap(ROSE, TULIP)))
    assert [(Swap(ROSE, TULIP), 1)] == drill_down.most_confused(store, labels, 0.5)


def test_most_confused(store: Store, flowers: Iteration) -> None:
    """Pairs of tags with their counts; no answer is no confusion."""
    assert [(Cell(ROSE, TULIP), 1)] == drill_down.most_confused(store, flowers, 0.6)
    assert [(Cell(ROSE, TULIP), 2)] == drill_down.most_confused(store, flowers, 0.5)
    assert [] == drill_down.most_confused(store, flowers, 1)


def test_suspects_and_losses(store: Store, flowers: Iteration) -> None:
    """The image that was surely something else leads both lists, whatever the threshold."""
    first = roses(store, flowers)[0]
    assert [(first, TULIP, TULIP, -1)] == told(drill_down.images_behind(store, flowers, 1, "label_issues"))
    assert (first, TULIP, TULIP, -1) == told(drill_down.images_behind(store, flowers, 0, "hardest"))[0]


def test_suspects_and_losses_in_multilabel(store: Store, labels: Iteration) -> None:
    """Each tag is examined separately: one is missing, the other too many."""
    first = roses(store, labels)[0]
    found = told(drill_down.images_behind(store, labels, 0.5, "label_issues"))
    assert {(first, ROSE, -1, ROSE), (first, TULIP, TULIP, -1)} == set(found)
    assert first == told(drill_down.images_behind(store, labels, 0.5, "hardest"))[0][0]


def test_duplicates(store: Store, flowers: Iteration) -> None:
    """Every drawn image differs from the others: no groups, none tagged differently."""
    assert [] == told(drill_down.images_behind(store, flowers, 0.5, "duplicates"))
    assert 0 == drill_down.differently_tagged_duplicates(store, flowers)


def test_thresholds_of_each_tag(store: Store, flowers: Iteration) -> None:
    """One number, an array and a tuple of one a tag say the same."""
    one = drill_down.matrix(store, flowers, 0.6).tolist()
    assert one == drill_down.matrix(store, flowers, np.array([0.6, 0.6])).tolist()
    assert [[3, 0, 2], [0, 0, 5], [0, 0, 0]] == drill_down.matrix(store, flowers, (0.6, 1.0)).tolist()
    with pytest.raises(InvalidInput, match=r"threshold must be in 0\.\.1, got 1\.4"):
        drill_down.matrix(store, flowers, 1.4)


def test_a_list_is_kept(store: Store, flowers: Iteration) -> None:
    """Asked for again, as every rerun of a page does, a list is not worked out again."""
    asked = Cell(ROSE, TULIP)
    assert drill_down.images_behind(store, flowers, 0.5, asked) is drill_down.images_behind(
        store, flowers, 0.5, Cell(ROSE, TULIP)
    )


@pytest.mark.parametrize("classification_type", [MULTICLASS, MULTILABEL])
@pytest.mark.parametrize("threshold", [0.0, 0.4, (0.3, 0.45, 0.7), 1.0])
def test_a_tags_counts_are_those_of_all_rows(
    store: Store, fill: Fill, trained: Trained, classification_type: str, threshold: float | tuple[float, ...]
) -> None:
    """Read piece by piece, or whole where an older version compressed them: the images are those of all answers."""
    drawn = np.random.default_rng(1).random((18, 3)).round(1)  # with ties, and some exactly at a threshold
    probabilities = drawn if classification_type == MULTILABEL else drawn / drawn.sum(axis=1, keepdims=True)
    iteration = trained(fill(classification_type=classification_type, rose=6, tulip=6, daisy=6), probabilities)
    asked = [TagOutcome(tag, outcome) for tag in range(3) for outcome in OUTCOMES]
    told = drill_down.answers(store, iteration, threshold)
    expected = [definitions.rows(told, each).tolist() for each in asked]
    assert expected == [drill_down.images_behind(store, iteration, threshold, each).rows.tolist() for each in asked]
    path = blobs.iteration_folder(store.home, iteration.id) / evaluation.ARRAYS
    with np.load(path) as arrays:
        fields = dict(arrays)
    np.savez_compressed(path, **fields)
    assert expected == [drill_down.images_behind(store, iteration, threshold, each).rows.tolist() for each in asked]
