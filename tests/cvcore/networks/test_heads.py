"""Heads separate what can be separated, judge honestly, let no small tag drown, and repeat themselves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from cvcore.networks import heads


def clouds(counts: list[int], *, dimension: int = 40, apart: float = 2.0, seed: int = 3) -> tuple:
    """Embeddings in one cloud a tag, their truth, and five folds drawn within each tag."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    centres = apart * rng.normal(size=(len(counts), dimension)) / np.sqrt(dimension) + 5
    embeddings = centres[labels] + rng.normal(size=(len(labels), dimension))
    folds = np.concatenate([rng.permutation(count) % 5 for count in counts])
    return embeddings.astype(np.float32), labels[:, None] == np.arange(len(counts)), folds


def standardised(embeddings: np.ndarray) -> np.ndarray:
    """What heads are fitted on, by its definition: centred, of mean squared length 1, with a column of ones."""
    centred = embeddings - embeddings.mean(axis=0)
    scaled = centred / np.sqrt(np.square(centred).sum(axis=1).mean())
    return np.column_stack([scaled, np.ones(len(scaled))])


def recall(probabilities: np.ndarray, truth: np.ndarray, tag: int) -> float:
    answered = (probabilities.argmax(axis=1) == tag) & (probabilities[:, tag] >= 0.5)
    return float(answered[truth[:, tag]].mean())


def test_two_points_by_hand() -> None:
    """Two mirrored points: their slope is where the pull of the cross-entropy meets the penalty."""
    embeddings, truth = np.float32([[1.0], [-1.0]]), np.eye(2, dtype=bool)
    head = heads.fit(embeddings, truth, np.array([-1, -1]), multilabel=True, l2=0.5, tolerance=1e-6)
    slope = head.kernel[0, 0]
    # Each point pulls with 1 - sigmoid(slope); the penalty pulls back with l2 * slope.
    assert 2 * (1 - 1 / (1 + np.exp(-slope))) == pytest.approx(0.5 * slope, abs=1e-4)
    np.testing.assert_allclose([slope, -slope], head.kernel[0], atol=1e-5)
    np.testing.assert_allclose([0, 0], head.bias, atol=1e-5)


@pytest.mark.parametrize("multilabel", [False, True])
def test_separable_tags_are_separated(multilabel: bool) -> None:
    """Clouds far apart are separated out of fold, in both types."""
    embeddings, truth, folds = clouds([20, 20, 20], apart=20)
    head = heads.fit(embeddings, truth, folds, multilabel=multilabel)
    np.testing.assert_array_equal(truth, head.out_of_fold >= 0.5)
    assert (np.float32, (60, 3), (40, 3), (3,)) == (
        head.out_of_fold.dtype,
        head.out_of_fold.shape,
        head.kernel.shape,
        head.bias.shape,
    )


def test_a_fold_is_judged_by_scikit_learns_head() -> None:
    """Out-of-fold probabilities are those of scikit-learn's regression on the other folds, weights and all."""
    embeddings, truth, folds = clouds([30, 15, 10])
    head = heads.fit(embeddings, truth, folds, multilabel=False, l2=0.1, tolerance=1e-6)
    features = standardised(embeddings)
    train = folds != 2
    model = LogisticRegression(C=10, fit_intercept=False, class_weight="balanced", solver="newton-cg", tol=1e-8)
    model.fit(features[train], truth[train].argmax(axis=1))
    np.testing.assert_allclose(head.out_of_fold[~train], model.predict_proba(features[~train]), atol=2e-4)


def test_the_final_head_applies_to_raw_embeddings() -> None:
    """Kernel and bias give raw embeddings the probabilities that a head trained on everything gives them."""
    embeddings, truth, _ = clouds([12, 12])
    everywhere = np.full(len(truth), -1)
    head = heads.fit(embeddings, truth, everywhere, multilabel=False, l2=0.1, tolerance=1e-6)
    probabilities = heads.probabilities(embeddings, head.kernel, head.bias, multilabel=False)
    # Between two tags, two kernels of opposite sign share the penalty that scikit-learn's one bears alone.
    model = LogisticRegression(C=20, fit_intercept=False, solver="newton-cg", tol=1e-8)
    features = standardised(embeddings)
    np.testing.assert_allclose(probabilities, model.fit(features, truth[:, 1]).predict_proba(features), atol=2e-4)


def test_scale_and_origin_of_embeddings_do_not_matter() -> None:
    """Embeddings moved and multiplied as a whole give the same probabilities."""
    embeddings, truth, folds = clouds([15, 15])
    before = heads.fit(embeddings, truth, folds, multilabel=False, tolerance=1e-6)
    after = heads.fit(embeddings * 100 - 7, truth, folds, multilabel=False, tolerance=1e-6)
    np.testing.assert_allclose(before.out_of_fold, after.out_of_fold, atol=2e-4)


@pytest.mark.parametrize("multilabel", [False, True])
def test_a_fold_never_sees_its_own_tags(multilabel: bool) -> None:
    """Whatever tags a fold's images are given, the probabilities they get stay the same to the last bit."""
    embeddings, truth, folds = clouds([25, 25, 25], apart=5)
    evaluated = folds == 1
    shuffled = truth.copy()
    shuffled[evaluated] = np.roll(truth[evaluated], 1, axis=1)
    before = heads.fit(embeddings, truth, folds, multilabel=multilabel).out_of_fold
    after = heads.fit(embeddings, shuffled, folds, multilabel=multilabel).out_of_fold
    np.testing.assert_array_equal(before[evaluated], after[evaluated])
    assert (before[~evaluated] != after[~evaluated]).any()


def test_rows_of_no_fold_train_everywhere_and_are_not_judged() -> None:
    """A row of fold -1 moves every head and gets nan."""
    embeddings, truth, folds = clouds([20, 20])
    folds[:6] = -1
    head = heads.fit(embeddings, truth, folds, multilabel=False)
    assert np.isnan(head.out_of_fold[:6]).all()
    assert np.isfinite(head.out_of_fold[6:]).all()
    without = heads.fit(embeddings[6:], truth[6:], folds[6:], multilabel=False)
    assert (head.out_of_fold[6:] != without.out_of_fold).any()


@pytest.mark.parametrize("multilabel", [False, True])
def test_the_folds_heads_can_be_had_again(multilabel: bool) -> None:
    """Each fold's head gives raw embeddings of its fold the out-of-fold probabilities of the fit."""
    embeddings, truth, folds = clouds([20, 20, 20])
    folds[:4] = -1
    costs = np.array([1.0, 2.0, 1.0])
    head = heads.fit(embeddings, truth, folds, multilabel=multilabel, costs=costs)
    again = np.full_like(head.out_of_fold, np.nan)
    for fold, (kernel, bias) in enumerate(heads.of_folds(embeddings, truth, folds, multilabel=multilabel, costs=costs)):
        rows = folds == fold
        again[rows] = heads.probabilities(embeddings[rows], kernel, bias, multilabel=multilabel)
    np.testing.assert_allclose(head.out_of_fold, again, atol=2e-4)


def test_a_small_tag_does_not_drown() -> None:
    """Of a tag with a twentieth of the images, more than half of its recall on even terms is kept."""
    embeddings, truth, folds = clouds([200, 200, 10], apart=2.5)
    drowning = heads.fit(embeddings, truth, folds, multilabel=False).out_of_fold
    embeddings, even_truth, folds = clouds([200, 200, 200], apart=2.5)
    even = heads.fit(embeddings, even_truth, folds, multilabel=False).out_of_fold
    assert recall(drowning, truth, 2) > recall(even, even_truth, 2) / 2 > 0.4


def test_weights_by_hand_in_multilabel() -> None:
    """A tag weighs as much as its absence, and 1 on average over the rows that train."""
    truth = np.array([[True], [False], [False], [False], [True]])
    trained_on = np.array([[True], [True], [True], [True], [False]])
    weights = heads.balanced_weights(truth, trained_on, multilabel=True)
    np.testing.assert_allclose([2, 2 / 3, 2 / 3, 2 / 3, 0], weights[:, 0, 0], rtol=1e-6)


def test_costs_by_hand_in_multilabel() -> None:
    """With the tag weighs its cost times what all without it weigh; the other tag's column stays as it was."""
    truth = np.array([[True, True], [False, False], [False, True], [False, False]])
    weights = heads.balanced_weights(truth, np.ones((4, 1), bool), multilabel=True, costs=np.array([3, 1]))
    np.testing.assert_allclose([3, 1 / 3, 1 / 3, 1 / 3], weights[:, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(1, weights[:, 0, 1], rtol=1e-6)


@pytest.mark.parametrize("multilabel", [False, True])
def test_costs_of_one_change_nothing(multilabel: bool) -> None:
    """Tags that all cost 1 are as tags without costs, to the last bit."""
    embeddings, truth, folds = clouds([20, 12, 7])
    before = heads.fit(embeddings, truth, folds, multilabel=multilabel)
    after = heads.fit(embeddings, truth, folds, multilabel=multilabel, costs=np.ones(3))
    for name in ("kernel", "bias", "out_of_fold"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))


@pytest.mark.parametrize("multilabel", [False, True])
def test_what_costs_more_is_missed_less(multilabel: bool) -> None:
    """Where tags overlap, a cost of 3 finds clearly more of a tag's images out of fold; one of a third, fewer."""
    embeddings, truth, folds = clouds([200, 200, 200], apart=1.0)
    cheap, plain, dear = (
        recall(heads.fit(embeddings, truth, folds, multilabel=multilabel, costs=costs).out_of_fold, truth, 1)
        for costs in (np.array([1, 1 / 3, 1]), None, np.array([1, 3, 1]))
    )
    assert cheap + 0.1 < plain < dear - 0.1


def test_ten_pictures_of_two_tags() -> None:
    """The smallest project there can be, with far more numbers than images, has finite probabilities."""
    embeddings, truth, folds = clouds([5, 5], dimension=1280, apart=60)
    head = heads.fit(embeddings, truth, folds, multilabel=False)
    np.testing.assert_array_equal(truth, head.out_of_fold >= 0.5)
    np.testing.assert_allclose(1, head.out_of_fold.sum(axis=1), rtol=1e-5)


@pytest.mark.parametrize("multilabel", [False, True])
def test_pictures_that_all_look_alike_are_a_toss_up(multilabel: bool) -> None:
    """Where embeddings are constant nothing can be known: every tag gets the same probability."""
    truth = np.eye(2, dtype=bool)[np.arange(20) % 2]
    head = heads.fit(np.full((20, 8), 3, np.float32), truth, np.arange(20) // 2 % 5, multilabel=multilabel)
    np.testing.assert_allclose(0.5, head.out_of_fold, atol=1e-4)


def test_a_tag_missing_from_a_folds_training_gets_little() -> None:
    """A tag whose only image is the evaluated one cannot be known, and breaks nothing."""
    embeddings, truth, folds = clouds([10, 10, 1])
    head = heads.fit(embeddings, truth, folds, multilabel=False)
    assert np.isfinite(head.out_of_fold).all()
    assert head.out_of_fold[-1, 2] < 0.1


def test_few_heads_at_a_time_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A set too large for all its heads at once gets the same numbers, to rounding, and whole progress."""
    embeddings, truth, folds = clouds([20, 20], apart=5)
    together = heads.fit(embeddings, truth, folds, multilabel=False, tolerance=1e-6)
    monkeypatch.setattr(heads, "SCORES_MAX", 2 * truth.size)
    fractions: list[float] = []
    apart = heads.fit(embeddings, truth, folds, multilabel=False, tolerance=1e-6, on_progress=fractions.append)
    np.testing.assert_allclose(together.out_of_fold, apart.out_of_fold, atol=1e-4)
    np.testing.assert_allclose(together.kernel, apart.kernel, atol=1e-4)
    assert 1 == fractions[-1]
    assert sorted(fractions) == pytest.approx(fractions, abs=0.1)


def test_no_score_overflows() -> None:
    """Scores of thousands give probabilities of 0 and 1, without a warning."""
    kernel = np.float32([[5000, -5000]])
    for multilabel in (False, True):
        probabilities = heads.probabilities(
            np.float32([[1], [-1]]), kernel, np.zeros(2, np.float32), multilabel=multilabel
        )
        np.testing.assert_array_equal(np.eye(2), probabilities)


REPEAT = """
import hashlib
import numpy as np
from cvcore.networks import heads
rng = np.random.default_rng(5)
embeddings = rng.normal(size=(300, 500)).astype(np.float32)
truth = rng.integers(4, size=300)[:, None] == np.arange(4)
for _ in range(2):
    head = heads.fit(embeddings, truth, np.arange(300) % 5, multilabel=False)
    print(hashlib.sha256(head.kernel.tobytes() + head.out_of_fold.tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_the_same_pictures_give_the_same_numbers() -> None:
    """Two fits in one process and fits in two processes agree to the last bit, and print nothing of their own."""
    root = Path(heads.__file__).parents[2]
    runs = [
        subprocess.run([sys.executable, "-c", REPEAT], capture_output=True, text=True, cwd=root, check=True)
        for _ in range(2)
    ]
    digests = [line for run in runs for line in run.stdout.split()]
    assert [digests[0]] * 4 == digests
