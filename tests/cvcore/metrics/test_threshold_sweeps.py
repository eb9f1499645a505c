"""A sweep, and a report at any threshold, give what a slow second implementation computes from the definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvcore import metrics
from cvcore.errors import InvalidInput
from cvcore.metrics import intervals, reports
from cvcore.metrics.threshold_sweeps import Sweep, position_of, sweep, sweep_one

MEASURES = "precision", "recall", "f1", "average_precision"


def drawn_evaluation(seed, *, rows, tags, multilabel, groups):
    """Truth, float32 probabilities with ties, folds of which one is -1 and its probabilities nan, and groups."""
    rng = np.random.default_rng(seed)
    carried = rng.integers(tags, size=rows)[:, None] == np.arange(tags)
    truth = carried | (rng.random((rows, tags)) < 0.3) if multilabel else carried
    raw = (rng.random(truth.shape) + truth * rng.random((rows, 1))).round(1) + 0.01
    probabilities = (raw / (2.1 if multilabel else raw.sum(axis=1, keepdims=True))).astype(np.float32)
    group = rng.integers(groups, size=rows)
    folds = group % 6 - 1
    probabilities[folds < 0] = np.nan
    return truth, probabilities, folds, group


def independent_trials(trials, groups):
    """How many independent images each tag's trials are worth, as (k,), if the images of a group always agree.

    `trials` are (n, k), `groups` (n,). Kish's effective sample size, (Σ m)² / Σ m² over group sizes m: the number of
    images if there are no duplicates, the number of groups if all have the same size.
    Source: Kish 1965, Survey Sampling, chapter 8.
    """
    sizes = group_sums(trials, groups)
    return metrics.ratio(sizes.sum(axis=0) ** 2, (sizes**2).sum(axis=0))


def correlation(trials, outcomes, groups):
    """The correlation of the tags' means, as (k, k).

    Tag j's mean is that of `outcomes` (n, k) where `trials` (n, k) are true. Two tags' means are correlated if the same
    images, or groups of images, raise or lower both: an error between two tags lowers the F1 of both, a blurred image
    the rates of all tags it carries. A tag without deviations has correlation 0 with all others.
    """
    means = metrics.ratio(np.where(trials, outcomes, 0).sum(axis=0), trials.sum(axis=0))
    deviations = group_sums(np.where(trials, outcomes - means, 0), groups)
    products = deviations.T @ deviations
    squares = np.diag(products)
    norms = np.sqrt(
        np.where(squares > intervals.ROUNDING * np.square(group_sums(trials, groups)).sum(axis=0), squares, 0)
    )
    shared = np.nan_to_num(metrics.ratio(products, np.outer(norms, norms)))
    np.fill_diagonal(shared, 1)
    return shared


def macro_interval(values, low, high, correlation):
    """The 95 % interval of the mean over the tags with a defined value; (nan, nan) if no tag has one.

    `values`, `low` and `high` are (k,): the tags' values and their own intervals. The half width of the mean's interval
    is combined from theirs like standard errors, with their `correlation` C (k, k): sqrt(r' C r) / k, where r is the
    longer arm of each tag's interval. Zou & Donner 2008, https://doi.org/10.1002/sim.3095, combine lower and upper arms
    separately. Taking the longer arm for both widens intervals near 100 %, so that they contain the true mean in 91 to
    100 % of simulations with 2 to 20 tags of 8 to 60 images; with separate arms it fell to 81 %.
    """
    defined = ~np.isnan(values)
    count = np.count_nonzero(defined)
    if not count:
        return math.nan, math.nan
    value = values[defined].mean()
    arms = np.maximum(values - low, high - values)[defined]
    reach = math.sqrt(max(0.0, arms @ correlation[np.ix_(defined, defined)] @ arms)) / count
    return max(0.0, float(value - reach)), min(1.0, float(value + reach))


def group_sums(values, groups):
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=groups[order][:1] - 1))
    if len(starts) == len(values):
        return values.astype(np.float64)
    return np.add.reduceat(values[order], starts, axis=0, dtype=np.float64)


def precision_at_rank(truth, scores):
    """For each image (n,), the precision if it and all that score at least as high were answered with the tag."""
    order = np.argsort(-scores)
    falling = scores[order]
    last_of_ties = np.flatnonzero(np.append(falling[1:] < falling[:-1], True))
    at_rank = truth[order].cumsum()[last_of_ties] / (last_of_ties + 1)
    ranks = np.empty(falling.size)
    ranks[order] = np.repeat(at_rank, np.diff(last_of_ties, prepend=-1))
    return ranks


def fold_ranks(truth, probabilities, folds):
    """`precision_at_rank` of each image and tag among the images of its own fold, as (n, k)."""
    ranks = np.full(truth.shape, np.nan)
    for fold in np.unique(folds):
        rows = np.flatnonzero(folds == fold)
        for tag in range(truth.shape[1]):
            ranks[rows, tag] = precision_at_rank(truth[rows, tag], probabilities[rows, tag])
    return ranks


def mean_over_folds(ranks, truth, folds):
    """Each tag's average precision (k,), from its `fold_ranks`: the mean over folds with an image of the tag."""
    by_fold = [
        [metrics.mean(ranks[rows, tag][truth[rows, tag]]) for tag in range(truth.shape[1])]
        for rows in (np.flatnonzero(folds == fold) for fold in np.unique(folds))
    ]
    columns = np.array(by_fold).reshape(-1, truth.shape[1]).T
    return np.array([metrics.mean(column[~np.isnan(column)]) for column in columns])


def slow_measures(truth, probabilities, folds, groups, threshold, *, multilabel):
    """Counts (k, 4) and, of each measure, values, low, high (k,) and the mean's interval, by the definitions.

    The mean's interval is from a correlation matrix (k, k), where the sweep adds up the groups' sums.
    """
    evaluated = folds >= 0
    truth, probabilities, folds, groups = (each[evaluated] for each in (truth, probabilities, folds, groups))
    answered = metrics.answers(probabilities, threshold, multilabel=multilabel)
    counts = metrics.count_answers(truth, answered)
    ranks = fold_ranks(truth, probabilities, folds)
    sources = {
        "precision": (metrics.precision(counts), answered, truth),
        "recall": (metrics.recall(counts), truth, answered),
        "f1": (metrics.f1(counts), truth | answered, truth & answered),
        "average_precision": (mean_over_folds(ranks, truth, folds), truth, ranks),
    }
    measures = {}
    for name, (values, trials, outcomes) in sources.items():
        interval = intervals.f1_interval if name == "f1" else intervals.share_interval
        low, high = interval(values, independent_trials(trials, groups))
        together = correlation(trials, outcomes, groups)
        measures[name] = values, low, high, macro_interval(values, low, high, together)
    return counts, measures


def assert_is_slow(swept: Sweep, position, evaluation, threshold, *, multilabel):
    """Every count and rate at a position, and the ends of every interval but for rounding."""
    counts, measures = slow_measures(*evaluation, threshold, multilabel=multilabel)
    np.testing.assert_array_equal(counts, swept.counts[position])
    for name, (values, low, high, mean_interval) in measures.items():
        measure = getattr(swept, name)
        row = 0 if name == "average_precision" else position
        np.testing.assert_array_equal(values, measure.values[row])
        np.testing.assert_allclose([low, high], [measure.low[row], measure.high[row]], atol=1e-12)
        np.testing.assert_array_equal(metrics.macro(values), measure.mean[row])
        np.testing.assert_allclose(mean_interval, [measure.mean_low[row], measure.mean_high[row]], atol=1e-7)


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 9999),
    rows=st.integers(2, 40),
    tags=st.integers(1, 5),
    multilabel=st.booleans(),
    groups=st.sampled_from([1, 4, 12, 1000]),
)
def test_a_sweep_is_right_at_every_position(seed, rows, tags, multilabel, groups):
    """Counts, rates and intervals, of tags and means, with duplicates and without, follow the definitions."""
    evaluation = drawn_evaluation(seed, rows=rows, tags=tags, multilabel=multilabel, groups=groups)

    made = sweep(*evaluation, multilabel=multilabel)

    for position in (0, 1, 14, 29, 50, 67, 100):
        assert_is_slow(made, position, evaluation, metrics.THRESHOLDS[position], multilabel=multilabel)


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 9999),
    thresholds=st.floats(0, 1) | st.tuples(*[st.floats(0, 1)] * 3),
    multilabel=st.booleans(),
    groups=st.sampled_from([4, 1000]),
)
def test_a_report_at_any_threshold_is_right(seed, thresholds, multilabel, groups):
    """Also between the slider's positions, and where each tag has its own threshold."""
    evaluation = drawn_evaluation(seed, rows=30, tags=3, multilabel=multilabel, groups=groups)

    swept = sweep_one(*evaluation, np.asarray(thresholds), multilabel=multilabel)

    assert_is_slow(swept, 0, evaluation, np.asarray(thresholds), multilabel=multilabel)


@pytest.mark.parametrize("multilabel", [True, False])
def test_a_report_is_read_off_a_sweep(multilabel):
    """At a position of the slider it is the same, computed for that threshold alone or for all; the slow one agrees."""
    evaluation = drawn_evaluation(4, rows=60, tags=4, multilabel=multilabel, groups=25)

    one = reports.report(*evaluation, 0.29, multilabel=multilabel)
    read = reports.at_position(sweep(*evaluation, multilabel=multilabel), position_of(0.29))

    assert (one.overall.images, one.tags[1].fn) == (read.overall.images, read.tags[1].fn)
    for name in MEASURES:
        for alone, among in ((one.overall, read.overall), *zip(one.tags, read.tags, strict=True)):
            assert getattr(alone, name) == pytest.approx(getattr(among, name), abs=1e-12, nan_ok=True)
            ends = getattr(among, f"{name}_interval")
            assert getattr(alone, f"{name}_interval") == pytest.approx(ends, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("multilabel", [True, False])
def test_many_images_are_swept_in_blocks(multilabel):
    """Blocks of rows, which end where groups end, add up to the whole."""
    evaluation = drawn_evaluation(1, rows=3000, tags=90, multilabel=multilabel, groups=1500)

    made = sweep(*evaluation, multilabel=multilabel)

    assert_is_slow(made, 30, evaluation, 0.3, multilabel=multilabel)


def test_a_group_larger_than_a_block_stays_whole():
    """Thousands of copies of an image are one group, whatever the size of a block."""
    evaluation = drawn_evaluation(2, rows=2500, tags=60, multilabel=True, groups=3)
    evaluation[2][:] = 1
    evaluation[1][:] = np.nan_to_num(evaluation[1])

    assert_is_slow(sweep(*evaluation, multilabel=True), 30, evaluation, 0.3, multilabel=True)


@pytest.mark.parametrize("multilabel", [True, False])
def test_counts_are_those_of_the_metrics(multilabel):
    """At each of the 101 positions the counts are those of `metrics.counts`."""
    truth, probabilities, folds, groups = drawn_evaluation(3, rows=200, tags=4, multilabel=multilabel, groups=90)

    made = sweep(truth, probabilities, folds, groups, multilabel=multilabel)

    is_evaluated = folds >= 0
    expected = metrics.counts(truth[is_evaluated], probabilities[is_evaluated], multilabel=multilabel)
    np.testing.assert_array_equal(expected, made.counts)


def test_nothing_evaluated():
    """Where no image could be evaluated every count is 0 and every number undefined."""
    made = sweep(np.eye(2, dtype=bool), np.full((2, 2), np.nan), np.array([-1, -1]), np.arange(2), multilabel=True)

    assert not made.counts.any()
    for name in MEASURES:
        measure = getattr(made, name)
        assert np.isnan([measure.values, measure.low, measure.high]).all()
        assert np.isnan([measure.mean, measure.mean_low, measure.mean_high]).all()


def test_eight_images_look_as_uncertain_as_they_are():
    """A tag with 8 images, all found, may have a recall of 68 %; one with 80, of 95 %."""
    truth = np.repeat(np.eye(2, dtype=bool), [8, 80], axis=0)

    made = sweep(truth, truth * 1.0, np.arange(88) % 4, np.arange(88), multilabel=False)

    assert [1, 1] == made.recall.values[50].tolist()
    assert [0.676, 0.954] == pytest.approx(made.recall.low[50].tolist(), abs=0.001)
    assert made.recall.mean_low[50] < 0.85


def test_a_tag_without_answers_has_no_interval():
    """Undefined is undefined from end to end, and the mean is over the other tag."""
    truth = np.array([[True, False], [False, True], [False, True]])
    probabilities = np.array([[0.95, 0.05], [0.2, 0.8], [0.3, 0.7]])

    precision = sweep(truth, probabilities, np.array([0, 1, 0]), np.arange(3), multilabel=False).precision

    assert all(math.isnan(ends[90, 1]) for ends in (precision.values, precision.low, precision.high))
    assert (1, precision.low[90, 0]) == (precision.mean[90], pytest.approx(precision.mean_low[90]))


def test_nan_probabilities_are_refused():
    """A training that failed numerically gives an error, not a number."""
    with pytest.raises(InvalidInput, match="probabilities must be numbers, got nan"):
        sweep(np.eye(2, dtype=bool), np.full((2, 2), np.nan), np.array([0, 1]), np.arange(2), multilabel=True)


# The slow definitions


def test_copies_are_not_independent():
    """Four images in two groups of two are two independent ones, unequal groups fewer than their number."""
    four = np.ones((4, 1), bool)

    assert [4] == independent_trials(four, np.array([5, 6, 7, 8])).tolist()
    assert [2] == independent_trials(four, np.array([5, 5, 6, 6])).tolist()
    assert [1.6] == independent_trials(four, np.array([5, 5, 5, 6])).tolist()
    np.testing.assert_array_equal([math.nan], independent_trials(~four, np.arange(4)))


def test_errors_shared_by_tags_go_together():
    """Two tags wrong on the same images correlate fully, on separate images not at all, and faultless ones never."""
    trials = np.ones((4, 4), bool)
    outcomes = np.array([[0, 0, 0, 1], [1, 1, 0, 1], [0, 0, 1, 1], [1, 1, 1, 1]])

    actual = correlation(trials, outcomes, np.arange(4))

    expected = [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    np.testing.assert_allclose(expected, actual, atol=1e-12)


def test_tags_that_go_together_leave_their_mean_as_unsure_as_themselves():
    """The mean of independent tags is surer than each; the mean of tags that err together is not."""
    values, low, high = np.array([0.5, 0.5]), np.array([0.3, 0.3]), np.array([0.7, 0.7])

    alone = macro_interval(values, low, high, np.eye(2))
    together = macro_interval(values, low, high, np.ones((2, 2)))

    assert (0.5 - 0.2 / math.sqrt(2), 0.5 + 0.2 / math.sqrt(2)) == pytest.approx(alone)
    assert (0.3, 0.7) == pytest.approx(together)


def test_the_mean_leaves_out_what_is_undefined():
    """Undefined tags do not enter the interval of the mean; without any defined one there is none."""
    nan = math.nan

    one = macro_interval(np.array([0.8, nan]), np.array([0.7, nan]), np.array([0.9, nan]), np.eye(2))
    none = macro_interval(np.array([nan]), np.array([nan]), np.array([nan]), np.eye(1))

    assert (0.7, 0.9) == pytest.approx(one)
    assert (nan, nan) == pytest.approx(none, nan_ok=True)
