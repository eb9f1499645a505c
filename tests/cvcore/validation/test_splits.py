"""Folds keep near duplicates together, spread the tags and can be evaluated."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cvcore import validation
from cvcore.errors import InvalidInput

quick = settings(deadline=None, max_examples=100)


@st.composite
def projects(draw):
    """Truth with up to five tags a row, or exactly one, and groups of any sizes."""
    rows, tags = draw(st.integers(0, 40)), draw(st.integers(1, 5))
    truth = draw(arrays(np.bool_, (rows, tags)))
    if draw(st.booleans()):
        truth = draw(arrays(np.int64, rows, elements=st.integers(0, tags - 1)))[:, None] == np.arange(tags)
    return truth, draw(arrays(np.int64, rows, elements=st.integers(0, max(1, rows))))


@quick
@given(projects(), st.integers(0, 9), st.integers(2, 7))
def test_groups_are_never_split(project, seed, most):
    """Near duplicates share a fold, and folds are numbered from 0 to the count, with -1 for none."""
    truth, groups = project

    folds = validation.folds(truth, groups, seed=seed, most=most)

    assert dict.fromkeys(groups, 1) == {group: len(set(folds[groups == group])) for group in groups}
    assert set(folds) <= set(range(-1, validation.fold_count(truth, groups, most=most)))


@quick
@given(projects(), st.integers(0, 9))
def test_every_evaluated_picture_can_be_judged(project, seed):
    """Whatever tag an evaluated image carries, the images its fold trains on carry it too."""
    truth, groups = project

    folds = validation.folds(truth, groups, seed=seed)

    for fold in set(folds) - {-1}:
        evaluated, training = truth[folds == fold].any(axis=0), truth[folds != fold].any(axis=0)
        assert not (evaluated & ~training).any()


@quick
@given(projects(), st.integers(0, 9), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(project, seed, random):
    """The same images in the same groups get the same folds, in whatever order they come, and again each time."""
    truth, groups = project
    order = random.sample(range(len(truth)), len(truth))

    folds = validation.folds(truth, groups, seed=seed)

    assert folds[order].tolist() == validation.folds(truth[order], groups[order], seed=seed).tolist()


@quick
@given(st.lists(st.integers(2, 30), min_size=1, max_size=6), st.integers(0, 9))
def test_single_pictures_are_spread_evenly(images_per_tag, seed):
    """Without duplicates each tag's images, one tag each, are spread over the folds to within one."""
    tags = np.repeat(np.arange(len(images_per_tag)), images_per_tag)
    truth = tags[:, None] == np.arange(len(images_per_tag))

    folds = validation.folds(truth, np.arange(len(tags)), seed=seed)

    count = min(5, *images_per_tag)
    assert count == validation.fold_count(truth, np.arange(len(tags)))
    for tag in range(len(images_per_tag)):
        per_fold = np.bincount(folds[tags == tag], minlength=count)
        assert per_fold.max() - per_fold.min() <= 1


def test_pictures_without_a_tag_are_spread_too():
    """Images of nothing are part of the evaluation, as many in each fold, and so are those with two tags."""
    truth = np.zeros((75, 2), bool)
    truth[:25, 0] = truth[20:45, 1] = True

    folds = validation.folds(truth, np.arange(75), seed=0)

    assert [6] * 5 == np.bincount(folds[45:]).tolist()
    assert [5] * 5 == np.bincount(folds[truth[:, 0]]).tolist() == np.bincount(folds[truth[:, 1]]).tolist()


def test_seeds_draw_different_folds():
    """Another seed gives another drawing."""
    truth = np.ones((20, 1), bool)

    first, second = (validation.folds(truth, np.arange(20), seed=seed).tolist() for seed in (0, 1))

    assert first != second


def test_a_tag_in_a_single_group_is_trained_but_not_evaluated():
    """Twenty shots of one scene cannot tell how well a tag does elsewhere: they stay in every training."""
    truth = np.repeat([[True, False], [False, True]], 20, axis=0)
    groups = np.concatenate([np.arange(20), np.full(20, 99)])

    folds = validation.folds(truth, groups, seed=0)

    assert [4] * 5 == np.bincount(folds[:20]).tolist()
    assert {-1} == set(folds[20:])


def test_a_tag_that_cannot_be_in_two_folds_is_not_evaluated():
    """Three images, each two with a tag of their own, cannot all be parted by two folds: two stay in training."""
    truth = np.array([[False, True, True], [True, False, True], [True, True, False]])

    for seed in range(10):
        folds = validation.folds(truth, np.arange(3), seed=seed)
        assert 2 == np.count_nonzero(folds == -1)


def test_fold_count_follows_the_tag_in_fewest_groups():
    """Three groups of a tag make three folds, two or fewer make two, and many make no more than asked for."""
    truth = np.repeat(np.eye(2, dtype=bool), 10, axis=0)
    own = np.arange(20)

    assert 5 == validation.fold_count(truth, own)
    assert 10 == validation.fold_count(truth, own, most=12)
    assert 3 == validation.fold_count(truth, np.where(own < 10, own, 10 + own % 3))
    assert 2 == validation.fold_count(truth, np.where(own < 10, own, 10 + own % 2))
    assert 5 == validation.fold_count(truth, np.where(own < 10, own, 10))
    assert 2 == validation.fold_count(truth, np.zeros(20, int), most=2)


@pytest.mark.parametrize(
    "count", [validation.fold_count, lambda *data, most: validation.folds(*data, seed=0, most=most)]
)
def test_one_fold_is_refused(count):
    """With one fold there would be nothing to train on."""
    with pytest.raises(InvalidInput) as refusal:
        count(np.ones((4, 1), bool), np.arange(4), most=1)

    assert "most must be 2 folds or more, got 1" == str(refusal.value)


def test_real_multilabel_tags_are_spread(shared):
    """Twelve animals with a long tail: every fold gets its share of each, and of all, to within two images."""
    with (shared / "datasets" / "voc_animals_ml12" / "labels.csv").open() as file:
        labels = [set(row["labels"].split("|")) - {""} for row in csv.DictReader(file)]
    tags = sorted(set().union(*labels))
    truth = np.array([[tag in carried for tag in tags] for carried in labels])

    folds = validation.folds(truth, np.arange(len(truth)), seed=0)

    per_fold = np.array([truth[folds == fold].sum(axis=0) for fold in range(5)])
    assert (np.abs(per_fold - truth.sum(axis=0) / 5) <= 2).all()
    assert (np.abs(np.bincount(folds) - len(truth) / 5) <= 2).all()


@quick
@given(projects(), st.integers(0, 5))
def test_what_is_kept_aside_has_no_twin_in_training(project, seed):
    """Groups stay on one side, every tag of an evaluated image is in training, and the rows' order does not matter."""
    truth, groups = project
    folds = validation.hold_out(truth, groups, seed=seed)
    assert set(folds.tolist()) <= {0, -1}
    evaluated, trains = folds == 0, folds < 0
    assert not np.isin(groups[evaluated], groups[trains]).any()
    assert not (truth[evaluated].any(axis=0) & ~truth[trains].any(axis=0)).any()
    order = np.random.default_rng(seed).permutation(len(truth))
    assert folds[order].tolist() == validation.hold_out(truth[order], groups[order], seed=seed).tolist()


@pytest.mark.parametrize("images_per_tag", [5, 20, 37])
def test_one_picture_in_five_of_each_tag_is_kept_aside(images_per_tag):
    """However many images a tag has, a fifth of them is evaluated, to within one."""
    truth = np.repeat(np.eye(3, dtype=bool), images_per_tag, axis=0)
    folds = validation.hold_out(truth, np.arange(len(truth)), seed=0)
    for tag in range(3):
        assert abs((folds[truth[:, tag]] == 0).sum() - images_per_tag / 5) < 1
        assert (folds[truth[:, tag]] == 0).any()


def test_a_tag_in_two_groups_may_be_kept_aside_by_half():
    """Two groups suffice for both sides, and a tag in one group is only trained with."""
    truth = np.array([[True, False]] * 6 + [[False, True]] * 6)
    groups = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2])
    folds = validation.hold_out(truth, groups, seed=0)
    assert {0, -1} == set(folds[:6].tolist())
    assert {-1} == set(folds[6:].tolist())


@quick
@given(projects(), st.integers(0, 5))
def test_chosen_test_pictures_never_train(project, seed):
    """Neither do near duplicates of theirs; and whatever tag is evaluated, something that trains carries it."""
    truth, groups = project
    is_test = np.random.default_rng(seed).random(len(truth)) < 0.3
    folds, trains = validation.by_test_images(truth, groups, is_test)
    assert not (trains & is_test).any()
    assert not np.isin(groups[trains], groups[is_test]).any()
    assert not (folds == 0)[~is_test].any()
    assert not (truth[folds == 0].any(axis=0) & ~truth[trains].any(axis=0)).any()
