"""Counts, rates and average precision: by hand, against a slow second implementation, and against scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score, precision_recall_fscore_support

from cvcore import metrics
from cvcore.errors import InvalidInput

quick = settings(deadline=None, max_examples=60)
levels = st.sampled_from([0.0, 0.1, 0.29, 0.3, 0.5, 0.7, 0.99, 1.0])  # few, so that ties and exact hits abound


@st.composite
def evaluations(draw, max_rows=12, max_tags=4):
    """Truth, probabilities (float32 or float64), folds and whether it is multilabel."""
    shape = draw(st.integers(0, max_rows)), draw(st.integers(1, max_tags))
    multilabel = draw(st.booleans())
    if multilabel:
        truth = draw(arrays(np.bool_, shape))
    else:
        truth = draw(arrays(np.int64, shape[0], elements=st.integers(0, shape[1] - 1)))[:, None] == np.arange(shape[1])
    probabilities = draw(arrays(np.float64, shape, elements=levels)).astype(draw(st.sampled_from(["f4", "f8"])))
    folds = draw(arrays(np.int64, shape[0], elements=st.integers(-1, 2)))
    return truth, probabilities, folds, multilabel


def random_evaluation(seed, rows, tags, *, digits=2):
    """One tag an image and probabilities that sum to 1, rounded so that some are equal."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(tags, size=rows)[:, None] == np.arange(tags)
    raw = rng.random((rows, tags)) + truth * rng.random((rows, 1))
    return truth, (raw / raw.sum(axis=1, keepdims=True)).round(digits)


def slow_answers(probabilities, threshold, *, multilabel):
    """The decision rule, read aloud."""
    answered = np.zeros(probabilities.shape, bool)
    for i, row in enumerate([[float(value) for value in row] for row in probabilities]):
        for j, value in enumerate(row):
            is_first_top = all(value > other for other in row[:j]) and all(value >= other for other in row[j:])
            answered[i, j] = value >= threshold and (multilabel or is_first_top)
    return answered


def slow_counts(truth, answered):
    """tp, fp, fn, tn, one image at a time."""
    table = np.zeros((truth.shape[1], 4), int)
    for carried, said in zip(truth.tolist(), answered.tolist(), strict=True):
        for tag, pair in enumerate(zip(carried, said, strict=True)):
            table[tag, [(True, True), (False, True), (True, False), (False, False)].index(pair)] += 1
    return table


def slow_average_precision(truth, scores):
    """The area under the steps: at each distinct score, the recall gained times the precision there."""
    area, recall_before = 0.0, 0.0
    for cut in sorted(set(scores.tolist()), reverse=True):
        answered = scores >= cut
        recall = (answered & truth).sum() / truth.sum()
        area += (recall - recall_before) * (answered & truth).sum() / answered.sum()
        recall_before = recall
    return area


# By hand


def test_picasso_and_rembrandt():
    """Of three Picassos two are found, and two Rembrandts are taken for Picassos: precision 50 %, recall 67 %."""
    picasso = np.array([True, True, True, False, False, False])
    taken_for_picasso = np.array([0.9, 0.8, 0.3, 0.6, 0.7, 0.1])
    truth = np.column_stack([picasso, ~picasso])
    probabilities = np.column_stack([taken_for_picasso, 1 - taken_for_picasso])

    table = metrics.counts(truth, probabilities, np.array([0.5]), multilabel=False)[0]

    assert [[2, 2, 1, 1], [1, 1, 2, 2]] == table.tolist()
    assert [0.5, 0.5] == metrics.precision(table).tolist()
    assert [2 / 3, 1 / 3] == metrics.recall(table).tolist()
    assert [4 / 7, 2 / 5] == metrics.f1(table).tolist()


def test_thresholds_are_the_hundredths():
    """The slider has 101 positions, each the float64 nearest to its hundredth, and nobody can change them."""
    assert [i / 100 for i in range(101)] == metrics.THRESHOLDS.tolist()
    assert not metrics.THRESHOLDS.flags.writeable


def test_top_tag_only():
    """In a multiclass project an image gets its top tag or none, and the first of equals is the top."""
    probabilities = np.array([[0.6, 0.4, 0.0], [0.3, 0.4, 0.3], [0.4, 0.2, 0.4]])

    answered = metrics.answers(probabilities, 0.4, multilabel=False)

    assert [[True, False, False], [False, True, False], [True, False, False]] == answered.tolist()


def test_every_tag_that_reaches_the_threshold():
    """In a multilabel project an image gets every tag at or above the threshold."""
    answered = metrics.answers(np.array([[0.6, 0.4, 0.39]]), 0.4, multilabel=True)

    assert [[True, True, False]] == answered.tolist()


@pytest.mark.parametrize("multilabel", [True, False])
def test_a_threshold_for_each_tag(multilabel):
    """Tags may have their own thresholds; a top tag below its own gives no answer, not the second best."""
    answered = metrics.answers(np.array([[0.6, 0.3]]), np.array([0.7, 0.2]), multilabel=multilabel)

    assert [[False, multilabel]] == answered.tolist()


def test_ties_go_up():
    """A probability equal to the threshold is an answer, and is compared as it was stored, not as it is shown."""
    stored = np.array([[0.5], [0.7], [0.3]], np.float32)  # the float32 nearest to 0.7 is below it, to 0.3 above

    assert [True] == metrics.answers(stored, 0.5, multilabel=True)[0].tolist()
    assert [False] == metrics.answers(stored, 0.7, multilabel=True)[1].tolist()
    assert [True] == metrics.answers(stored, 0.3, multilabel=True)[2].tolist()


def test_undefined_is_neither_zero_nor_one():
    """No answers leave precision undefined, no images leave recall undefined, and nothing at all leaves F1 so."""
    never_answered, no_images, nothing = [0, 0, 3, 3], [0, 2, 0, 4], [0, 0, 0, 6]
    table = np.array([never_answered, no_images, nothing])

    np.testing.assert_array_equal([math.nan, 0, math.nan], metrics.precision(table))
    np.testing.assert_array_equal([0, math.nan, math.nan], metrics.recall(table))
    np.testing.assert_array_equal([0, 0, math.nan], metrics.f1(table))


def test_macro_leaves_out_what_is_undefined():
    """The overall number is the mean of the defined ones, says over how many, and is undefined without any."""
    values = np.array([[0.2, math.nan, 0.6], [math.nan, math.nan, math.nan]])

    np.testing.assert_array_equal([0.4, math.nan], metrics.macro(values))
    assert [2, 0] == metrics.defined_count(values).tolist()


def test_macro_f1_is_the_mean_of_f1s():
    """Two tags with precision and recall swapped have a low F1 each; the F1 of the means would hide it."""
    table = np.array([[1, 0, 9, 90], [1, 9, 0, 90]])

    assert metrics.macro(metrics.f1(table)) == pytest.approx(2 / 11)
    assert metrics.macro(metrics.precision(table)) == metrics.macro(metrics.recall(table)) == 0.55


def test_average_precision_of_tied_scores():
    """Equal scores move together: one of three positives scored apart from nine equals gives .533, not 1."""
    truth = np.array([True] * 3 + [False] * 7)
    scores = np.array([0.9] + [0.5] * 9)

    assert metrics.average_precision(truth, scores) == pytest.approx(1 / 3 + 2 / 3 * 3 / 10)


def test_constant_scores_give_the_prevalence():
    """A model that says the same of every image has the share of positives as its average precision."""
    truth = np.array([True, False, False, False])

    assert metrics.average_precision(truth, np.full(4, 0.3)) == 0.25


def test_average_precision_without_positives():
    """A tag without images has no average precision."""
    assert math.isnan(metrics.average_precision(np.array([False, False]), np.array([0.1, 0.9])))
    assert math.isnan(metrics.average_precision(np.array([], bool), np.array([])))


def test_folds_are_ranked_apart():
    """Two folds, each ranked perfectly on its own scale, give 1, though ranked together they would not."""
    truth = np.array([[True], [False], [True], [False]])
    probabilities = np.array([[0.9], [0.8], [0.2], [0.1]])

    assert [1.0] == metrics.fold_average_precision(truth, probabilities, np.array([0, 0, 1, 1])).tolist()
    assert metrics.average_precision(truth[:, 0], probabilities[:, 0]) < 1


def test_folds_without_the_tag_do_not_count():
    """A fold in which a tag has no image says nothing about it, and rows in fold -1 are not looked at."""
    truth = np.array([[True, False], [False, False], [False, False], [True, True]])
    probabilities = np.array([[0.2, 0.5], [0.4, 0.5], [0.9, 0.5], [math.nan, 0.5]])
    folds = np.array([0, 0, 1, -1])

    np.testing.assert_array_equal([0.5, math.nan], metrics.fold_average_precision(truth, probabilities, folds))


# A slow second implementation, straight from the definitions


@quick
@given(evaluations(), st.lists(st.sampled_from(metrics.THRESHOLDS.tolist()) | levels, max_size=6))
def test_counts_agree_with_the_answers_at_every_threshold(evaluation, thresholds):
    """Counting at all thresholds at once gives exactly what answering image by image gives, ties and float32 too."""
    truth, probabilities, _, multilabel = evaluation

    table = metrics.counts(truth, probabilities, np.array(thresholds, float), multilabel=multilabel)

    assert (len(thresholds), truth.shape[1], 4) == table.shape
    for threshold, row in zip(thresholds, table, strict=True):
        expected = slow_answers(probabilities, threshold, multilabel=multilabel)
        answered = metrics.answers(probabilities, threshold, multilabel=multilabel)
        assert expected.tolist() == answered.tolist()
        assert slow_counts(truth, expected).tolist() == row.tolist() == metrics.count_answers(truth, answered).tolist()


@quick
@given(evaluations())
def test_average_precision_agrees_with_its_definition(evaluation):
    """The mean precision at the positives' ranks is the area under the steps, fold by fold."""
    truth, probabilities, folds, _ = evaluation

    actual = metrics.fold_average_precision(truth, probabilities, folds)

    for tag, value in enumerate(actual):
        held = [fold for fold in {0, 1, 2} if truth[folds == fold, tag].any()]
        areas = [slow_average_precision(truth[folds == f, tag], probabilities[folds == f, tag]) for f in held]
        assert value == pytest.approx(sum(areas) / len(areas) if areas else math.nan, nan_ok=True)


# scikit-learn


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("multilabel", [True, False])
def test_rates_agree_with_scikit_learn(seed, multilabel):
    """Precision, recall and F1 of random models are those of precision_recall_fscore_support, nan where 0/0."""
    truth, probabilities = random_evaluation(seed, rows=40, tags=6)
    for threshold in (0.0, 0.2, 0.5, 1.0):
        answered = metrics.answers(probabilities, threshold, multilabel=multilabel)
        table = metrics.count_answers(truth, answered)

        expected = precision_recall_fscore_support(truth, answered, average=None, zero_division=np.nan)[:3]

        actual = metrics.precision(table), metrics.recall(table), metrics.f1(table)
        np.testing.assert_allclose(actual, np.array(expected), rtol=1e-12)


@pytest.mark.parametrize("digits", [1, 2, 15])
def test_average_precision_agrees_with_scikit_learn(digits):
    """Average precision of random models is that of average_precision_score, with many ties and with none."""
    truth, probabilities = random_evaluation(7, rows=200, tags=5, digits=digits)
    for positive, scores in zip(truth.T, probabilities.T, strict=True):
        expected = average_precision_score(positive, scores)
        assert metrics.average_precision(positive, scores) == pytest.approx(expected, rel=1e-12)


# What may not matter, and what must


@quick
@given(evaluations(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(evaluation, random):
    """Shuffling the images leaves every number unchanged, to the last bit."""
    truth, probabilities, folds, multilabel = evaluation
    order = random.sample(range(len(truth)), len(truth))

    counted = metrics.counts(truth, probabilities, multilabel=multilabel)
    shuffled = metrics.counts(truth[order], probabilities[order], multilabel=multilabel)
    ranked = metrics.fold_average_precision(truth, probabilities, folds)
    reranked = metrics.fold_average_precision(truth[order], probabilities[order], folds[order])

    np.testing.assert_array_equal(counted, shuffled)
    np.testing.assert_array_equal(ranked, reranked)


@quick
@given(evaluations())
def test_every_image_twice_changes_no_rate(evaluation):
    """Precision, recall, F1 and average precision are shares: doubling the images leaves them."""
    truth, probabilities, folds, multilabel = evaluation
    once = metrics.counts(truth, probabilities, multilabel=multilabel)

    twice = metrics.counts(np.tile(truth, (2, 1)), np.tile(probabilities, (2, 1)), multilabel=multilabel)

    np.testing.assert_array_equal(2 * once, twice)
    for rate in (metrics.precision, metrics.recall, metrics.f1):
        np.testing.assert_array_equal(rate(once), rate(twice))
    np.testing.assert_allclose(
        metrics.fold_average_precision(truth, probabilities, folds),
        metrics.fold_average_precision(np.tile(truth, (2, 1)), np.tile(probabilities, (2, 1)), np.tile(folds, 2)),
    )


@quick
@given(evaluations())
def test_average_precision_needs_only_the_ranking(evaluation):
    """Any rescaling of the scores that keeps their order keeps the average precision."""
    truth, probabilities, _, _ = evaluation
    for positive, scores in zip(truth.T, probabilities.T, strict=True):
        expected = metrics.average_precision(positive, scores)
        assert expected == pytest.approx(metrics.average_precision(positive, scores**2 / 3 - 5), nan_ok=True)


@quick
@given(evaluations())
def test_a_higher_threshold_never_answers_more(evaluation):
    """Moving the slider up can only take answers away, right ones and wrong ones."""
    truth, probabilities, _, multilabel = evaluation
    table = metrics.counts(truth, probabilities, multilabel=multilabel)

    assert (np.diff(table[..., :2], axis=0) <= 0).all()
    assert (table.sum(axis=-1) == len(truth)).all()


@pytest.mark.parametrize("seed", range(3))
def test_both_rules_agree_above_one_half(seed):
    """Probabilities that sum to 1 leave room for one above one half: there, top-tag and every-tag are the same."""
    truth, probabilities = random_evaluation(seed, rows=60, tags=3, digits=15)
    above = metrics.THRESHOLDS[51:]

    top = metrics.counts(truth, probabilities, above, multilabel=False)

    np.testing.assert_array_equal(metrics.counts(truth, probabilities, above, multilabel=True), top)


@pytest.mark.parametrize("seed", range(3))
def test_pooled_f1_is_the_accuracy_where_every_image_is_answered(seed):
    """At threshold 0 every image gets its top tag, and F1 over all tags' counts together is the accuracy."""
    truth, probabilities = random_evaluation(seed, rows=50, tags=4)
    table = metrics.counts(truth, probabilities, np.array([0.0]), multilabel=False)[0]

    accuracy = (truth.argmax(axis=1) == probabilities.argmax(axis=1)).mean()

    assert accuracy == pytest.approx(float(metrics.f1(table.sum(axis=0))))


# Refusals


@pytest.mark.parametrize(("threshold", "shown"), [(1.4, "1.4"), (-0.1, "-0.1"), (math.nan, "nan")])
def test_thresholds_outside_0_to_1_are_refused(threshold, shown):
    """A threshold below 0, above 1 or not a number is refused with its value, alone or among others."""
    with pytest.raises(InvalidInput) as alone:
        metrics.answers(np.zeros((1, 2)), threshold, multilabel=True)
    with pytest.raises(InvalidInput):
        metrics.counts(np.zeros((1, 2), bool), np.zeros((1, 2)), np.array([0.5, threshold]), multilabel=True)

    assert f"threshold must be in 0..1, got {shown}" == str(alone.value)


def test_nan_probabilities_are_refused():
    """A training that failed numerically gives nan: an error, not a number."""
    with pytest.raises(InvalidInput) as refusal:
        metrics.answers(np.array([[0.5, math.nan]]), 0.5, multilabel=False)

    assert "probabilities must be numbers, got nan: the training failed numerically: train again" == str(refusal.value)


@pytest.mark.parametrize("shape", [(3,), (3, 0), (2, 3)])
def test_shapes_that_do_not_fit_are_refused(shape):
    """Probabilities have one row per image and one column per tag, as truth has."""
    with pytest.raises(InvalidInput) as refusal:
        metrics.counts(np.zeros((3, 2), bool), np.zeros(shape), multilabel=True)

    expected = f"probabilities must be one row per image and one column per tag, as truth is, got shape {shape}"
    assert expected == str(refusal.value)


def test_scores_of_one_tag_are_one_number_an_image():
    """Average precision takes one tag's scores; a table of several is refused."""
    with pytest.raises(InvalidInput) as refusal:
        metrics.average_precision(np.zeros((3, 2), bool), np.zeros((3, 2)))

    assert "probabilities must be one number per image, as truth is, got shape (3, 2)" == str(refusal.value)


@quick
@given(st.lists(st.floats(0, 1) | st.sampled_from(metrics.THRESHOLDS.tolist()), min_size=1), st.sampled_from("fd"))
def test_levels_are_found_by_searching(scores, kind):
    """An answer's level is the number of thresholds that its probability, as stored, reaches."""
    column = np.array(scores, kind)[:, None]

    actual = metrics.levels(column, np.ones(column.shape, bool), multilabel=True)[:, 0]

    assert [sum(t <= float(score) for t in metrics.THRESHOLDS) for score in column[:, 0]] == actual.tolist()
