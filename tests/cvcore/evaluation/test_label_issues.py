"""Wrong tags, hard images and near duplicates: by hand, and on drawn data with flipped tags."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss

from cvcore.evaluation import label_issues
from cvcore.metrics.probabilities import cross_entropy


def one_hot(columns: list[int] | np.ndarray, tags: int) -> np.ndarray:
    return np.asarray(columns)[:, None] == np.arange(tags)


def all_of(truth: np.ndarray) -> np.ndarray:
    return np.ones(len(truth), bool)


# By hand


def test_each_tag_has_its_own_threshold() -> None:
    """The thresholds are 0.767 and 0.5: 0.55 for the second tag is a label issue, 0.75 for the first is none."""
    truth = one_hot([0, 0, 0, 1, 1, 1], 2)
    predicted = np.array([[0.95, 0.05], [0.9, 0.1], [0.45, 0.55], [0.75, 0.25], [0.35, 0.65], [0.4, 0.6]])
    # mean of 0.95, 0.9 and 0.45 is 0.767; of 0.25, 0.65 and 0.6 it is 0.5
    found = label_issues.find_label_issues(truth, predicted, all_of(truth), multilabel=False)
    assert ([2], [1]) == (found.rows.tolist(), found.tags.tolist())
    np.testing.assert_allclose([0.45], found.own)


def test_several_tags_reach_their_thresholds() -> None:
    """The most probable tag that reaches its threshold is suggested; the least probable tagging comes first."""
    truth = one_hot([0, 0, 1, 2], 3)
    predicted = np.array([[0.1, 0.5, 0.4], [0.7, 0.2, 0.1], [0.45, 0.35, 0.2], [0.2, 0.5, 0.3]])
    # thresholds: 0.4, 0.35, 0.3
    found = label_issues.find_label_issues(truth, predicted, all_of(truth), multilabel=False)
    assert ([0, 3, 2], [1, 1, 0]) == (found.rows.tolist(), found.tags.tolist())
    np.testing.assert_allclose([0.1, 0.3, 0.35], found.own)


def test_multilabel_examines_each_tag_separately() -> None:
    """A missing tag is to be added, a wrong tag to be removed."""
    truth = np.array([[True, False], [True, False], [True, True], [False, True], [False, True]])
    predicted = np.array([[0.9, 0.1], [0.8, 0.9], [0.1, 0.9], [0.1, 0.8], [0.2, 0.7]])
    # thresholds: carried 0.6 and 0.8, not carried 0.85 and 0.5
    found = label_issues.find_label_issues(truth, predicted, all_of(truth), multilabel=True)
    assert ([1, 2], [1, 0]) == (found.rows.tolist(), found.tags.tolist())
    np.testing.assert_allclose([0.1, 0.1], found.own)


@pytest.mark.parametrize("multilabel", [True, False])
@pytest.mark.parametrize("score", [0.1, 0.5, 0.9])
def test_constant_scores_give_no_label_issue(score: float, multilabel: bool) -> None:
    """Equal scores for all images and tags give no label issue, also with float32 0.1."""
    truth = one_hot([0, 1, 1, 0, 1, 1, 1], 2)
    predicted = np.full(truth.shape, score, np.float32)
    found = label_issues.find_label_issues(truth, predicted, all_of(truth), multilabel=multilabel)
    assert [] == found.rows.tolist()


def test_two_images_and_two_tags() -> None:
    """The smallest possible set: with swapped tags both images are label issues."""
    truth = one_hot([0, 1], 2)
    assert (
        []
        == label_issues.find_label_issues(
            truth, np.array([[0.9, 0.1], [0.2, 0.8]]), all_of(truth), multilabel=False
        ).rows.tolist()
    )
    swapped = label_issues.find_label_issues(truth, np.array([[0.1, 0.9], [0.8, 0.2]]), all_of(truth), multilabel=False)
    assert [0, 1] == swapped.rows.tolist()


@pytest.mark.parametrize("multilabel", [True, False])
def test_images_that_were_not_evaluated_are_left_out(multilabel: bool) -> None:
    """Their probabilities are nan; they are in no list and do not change the thresholds."""
    truth = one_hot([0, 0, 1, 1, 2], 3)
    predicted = np.array([[0.9, 0.1, 0], [0.1, 0.9, 0], [np.nan] * 3, [0.1, 0.9, 0], [np.nan] * 3])
    evaluated = np.array([True, True, False, True, False])
    assert [1] == sorted(
        {*label_issues.find_label_issues(truth, predicted, evaluated, multilabel=multilabel).rows.tolist()}
    )
    assert [1] == label_issues.hardest_images(truth, predicted, evaluated, 9, multilabel=multilabel).tolist()
    assert np.isnan(cross_entropy(truth, predicted, multilabel=multilabel)).tolist() == (~evaluated).tolist()


def test_nothing_evaluated_is_an_empty_list() -> None:
    """Without evaluated images there are no label issues."""
    truth, none = one_hot([0, 1], 2), np.zeros(2, bool)
    for multilabel in (True, False):
        found = label_issues.find_label_issues(truth, np.full((2, 2), np.nan), none, multilabel=multilabel)
        assert ([], [], []) == (found.rows.tolist(), found.tags.tolist(), found.own.tolist())
        assert (
            [] == label_issues.hardest_images(truth, np.full((2, 2), np.nan), none, 5, multilabel=multilabel).tolist()
        )


def test_losses_are_the_cross_entropy() -> None:
    """Their mean is scikit-learn's log loss; a probability of 0 costs as much as one in ten million."""
    random = np.random.default_rng(3)
    truth, predicted = one_hot(random.integers(0, 4, 50), 4), random.dirichlet(np.ones(4), 50)
    expected = log_loss(truth.argmax(axis=1), predicted, labels=range(4))
    np.testing.assert_allclose(expected, cross_entropy(truth, predicted, multilabel=False).mean())
    each = [log_loss(truth[:, tag], predicted[:, tag], labels=[False, True]) for tag in range(4)]
    np.testing.assert_allclose(sum(each), cross_entropy(truth, predicted, multilabel=True).mean())
    nothing = cross_entropy(np.array([[True, False]]), np.array([[0.0, 1.0]], np.float32), multilabel=False)
    np.testing.assert_allclose([-np.log(1e-7)], nothing, rtol=1e-6)


def test_the_hardest_come_first() -> None:
    """At most the number asked for, ties in the order of the images."""
    truth = one_hot([0, 0, 0, 0], 2)
    predicted = np.array([[0.5, 0.5], [0.1, 0.9], [0.5, 0.5], [0.9, 0.1]])
    assert [1, 0, 2] == label_issues.hardest_images(truth, predicted, all_of(truth), 3, multilabel=False).tolist()


def test_only_wrong_or_nearly_wrong_images_are_hard() -> None:
    """An image that the model gets right by a margin is not listed, however few others there are."""
    truth = one_hot([0, 0, 0], 2)
    predicted = np.array([[0.7, 0.3], [0.54, 0.46], [0.45, 0.55]])
    assert [2, 1] == label_issues.hardest_images(truth, predicted, all_of(truth), 9, multilabel=False).tolist()
    independent = np.array([[0.7, 0.2], [0.9, 0.46], [0.52, 0.1]])
    assert [2, 1] == label_issues.hardest_images(truth, independent, all_of(truth), 9, multilabel=True).tolist()
    assert [] == label_issues.hardest_images(truth[:1], predicted[:1], np.ones(1, bool), 9, multilabel=True).tolist()


def test_duplicates_that_are_tagged_differently_come_first() -> None:
    """Groups are numbered in the order of the list; images without a duplicate are not listed."""
    truth = one_hot([0, 0, 1, 0, 1, 1, 1], 2)
    found = label_issues.duplicate_groups(truth, np.array([4, 2, 2, 4, 7, 9, 9]))
    assert [1, 2, 0, 3, 5, 6] == found.rows.tolist()
    assert [1, 1, 2, 2, 3, 3] == found.numbers.tolist()
    assert 1 == found.differing


def test_no_duplicates() -> None:
    """Without near duplicates the list is empty."""
    found = label_issues.duplicate_groups(one_hot([0, 1], 2), np.arange(2))
    assert ([], [], 0) == (found.rows.tolist(), found.numbers.tolist(), found.differing)


# On drawn data


def flipped(truth: np.ndarray, share: float, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The tags with a share of them changed, and which images' were changed."""
    wrong = random.permutation(len(truth)) < share * len(truth)
    columns = truth.argmax(axis=1)
    columns[wrong] = (columns[wrong] + random.integers(1, truth.shape[1], wrong.sum())) % truth.shape[1]
    return one_hot(columns, truth.shape[1]), wrong


def test_flipped_tags_are_found() -> None:
    """Of 2,000 drawn images a tenth carry a wrong tag: three of four are found, and almost no right one is reported."""
    random = np.random.default_rng(0)
    truth = one_hot(random.integers(0, 5, 2000), 5)
    scores = random.normal(size=truth.shape) + 4 * truth
    predicted = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    tagged, wrong = flipped(truth, 0.1, random)
    found = label_issues.find_label_issues(tagged, predicted, all_of(truth), multilabel=False)
    assert 0.75 <= wrong[found.rows].sum() / wrong.sum()
    assert 0.95 <= wrong[found.rows].mean()
    assert 0.95 <= truth[found.rows, found.tags].mean(), "what is suggested is the true tag"


def test_flipped_tags_are_found_in_multilabel() -> None:
    """Of 2,000 images with four tags one tag in twenty is flipped: three of four are found, to add or to remove."""
    random = np.random.default_rng(0)
    truth = random.random((2000, 4)) < 0.3
    predicted = 1 / (1 + np.exp(-(random.normal(size=truth.shape) + np.where(truth, 3, -3))))
    wrong = random.random(truth.shape) < 0.05
    found = label_issues.find_label_issues(truth ^ wrong, predicted, all_of(truth), multilabel=True)
    assert 0.75 <= wrong[found.rows, found.tags].sum() / wrong.sum()
    assert 0.95 <= wrong[found.rows, found.tags].mean()
    assert {True, False} == set((truth ^ wrong)[found.rows, found.tags].tolist())


def test_shuffling_the_images_changes_nothing() -> None:
    """The label issues do not depend on the order of the images."""
    random = np.random.default_rng(4)
    truth, predicted = one_hot(random.integers(0, 3, 200), 3), random.dirichlet(np.ones(3), 200)
    order = random.permutation(200)
    for multilabel in (True, False):
        one = label_issues.find_label_issues(truth, predicted, all_of(truth), multilabel=multilabel)
        other = label_issues.find_label_issues(truth[order], predicted[order], all_of(truth), multilabel=multilabel)
        assert one.rows.tolist() == order[other.rows].tolist()
        assert one.tags.tolist() == other.tags.tolist()
