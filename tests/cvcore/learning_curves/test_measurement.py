"""What is measured on shares of the images is what training on them alone would give."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore import metrics
from cvcore.learning_curves import measurement as measuring
from cvcore.learning_curves import subsets
from cvcore.learning_curves.measurement import Evaluated, Measurement, measure
from cvcore.networks import heads
from tests.cvcore.learning_curves.conftest import drawn


def test_the_last_point_is_the_iteration_itself(evaluated: Evaluated, measurement: Measurement) -> None:
    """On all images it is what `heads.fit` gives, of which an iteration's numbers are."""
    fitted = heads.fit(evaluated.embeddings, evaluated.truth, evaluated.folds, multilabel=False, l2=evaluated.l2)
    rows = measurement.rows
    expected = metrics.levels(fitted.out_of_fold[rows], evaluated.truth[rows], multilabel=False)
    assert (np.abs(expected.astype(int) - measurement.levels[-1]) <= 1).all()
    given = measure(evaluated, fitted.out_of_fold)
    np.testing.assert_array_equal(expected, given.levels[-1])
    np.testing.assert_array_equal(measurement.levels[:-1], given.levels[:-1])


def test_a_smaller_point_is_a_training_on_that_subset(evaluated: Evaluated, measurement: Measurement) -> None:
    """The slow twin: a head for every fold, fitted by itself on the subset's rows outside the fold."""
    random = np.random.default_rng(measuring.SEED)
    used = subsets.ranks(evaluated.truth, evaluated.groups, random) < measuring.SHARES[0]
    probabilities = np.full(evaluated.truth.shape, np.nan, np.float32)
    for fold in range(evaluated.folds.max() + 1):
        trained = used & (evaluated.folds != fold)
        head = heads.fit(
            # The axes come from all embeddings: a row of another fold than 0 is trained on by the last head alone.
            evaluated.embeddings,
            evaluated.truth,
            np.where(trained, -1, 0),
            multilabel=False,
            l2=evaluated.l2,
        )
        rows = evaluated.folds == fold
        probabilities[rows] = head.out_of_fold[rows]
    rows = measurement.rows
    expected = metrics.levels(probabilities[rows], evaluated.truth[rows], multilabel=False)
    # Twins stop within the solver's tolerance of the minimum.
    assert (np.abs(expected.astype(int) - measurement.levels[0]) <= 1).mean() > 0.99


def test_points_grow_and_name_their_images(evaluated: Evaluated, measurement: Measurement) -> None:
    """At least five sizes, some drawn several times; the images of each tag are counted, at the end all."""
    assert 6 == np.unique(measurement.shares).size
    assert (np.diff(measurement.shares) >= 0).all()
    assert evaluated.truth.sum(axis=0).tolist() == measurement.images[-1].tolist()
    assert (np.abs(measurement.images - measurement.shares[:, None] * measurement.images[-1]) <= 1).all()


def test_an_average_precision_without_each_block(evaluated: Evaluated, measurement: Measurement) -> None:
    """The first is of all images, each other of those outside one block of images."""
    assert (len(measurement.shares), 11, 3) == measurement.average_precision.shape
    assert 10 == np.unique(measurement.blocks).size
    whole = measurement.average_precision[-1]
    assert (whole[1:] != whole[0]).any(axis=1).all()
    assert np.abs(whole[1:] - whole[0]).max() < 0.1


def test_a_hold_out_is_evaluated_alone() -> None:
    """Rows that are not held out are trained on and never evaluated; near duplicates of a test image neither."""
    evaluated = drawn()
    folds = np.where(np.arange(104) % 5 == 0, 0, -1)
    held = Evaluated(**vars(evaluated) | {"folds": folds, "trains": folds < 0})
    measured = measure(held, None)
    assert sorted(measured.rows.tolist()) == np.flatnonzero(folds == 0).tolist()
    assert evaluated.truth[folds < 0].sum(axis=0).tolist() == measured.images[-1].tolist()


@pytest.mark.parametrize("multilabel", [False, True])
def test_so_few_images_have_fewer_points(multilabel: bool) -> None:
    """Where a share leaves a fold nothing to tell apart, the share is left out; the last point is always there."""
    measured = measure(drawn((3, 3), multilabel=multilabel), None)
    assert 1.0 == measured.shares[-1]
    assert not np.isnan(measured.average_precision[-1, 0]).any()


def test_progress_goes_up_to_one_and_may_end_the_work(evaluated: Evaluated) -> None:
    """Each classifier moves it, and what it raises comes through."""
    fractions: list[float] = []
    measure(evaluated, None, fractions.append)
    assert fractions == sorted(fractions)
    assert pytest.approx(1.0) == fractions[-1]
    with pytest.raises(KeyboardInterrupt):
        measure(evaluated, None, lambda fraction: (_ for _ in ()).throw(KeyboardInterrupt))
