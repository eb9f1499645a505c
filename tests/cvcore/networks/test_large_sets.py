"""Heads that are fitted in passes over a file are those that are fitted in memory, and need none of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cvcore.networks import heads
from cvcore.networks.large_sets import blocks, stages
from cvcore.records import Evaluation
from cvcore.training.steps import quick
from cvcore.validation import Plan

ROWS, DIMENSION, TAGS = 3000, 24, 6


@pytest.fixture
def in_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything counts as too much for memory; blocks are of 100 rows."""
    monkeypatch.setattr(blocks, "VALUES_MOST", 0)
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 100)


def drawn(*, multilabel: bool, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings of clouds that overlap, the last tag rare; some rows are in no fold."""
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random(ROWS) < 0.01, TAGS - 1, rng.integers(TAGS - 1, size=ROWS))
    spread = (np.arange(DIMENSION) + 1.0) ** -0.5
    clouds = rng.normal(size=(TAGS, DIMENSION)) * spread
    embeddings = 7 + clouds[labels] + 1.5 * rng.normal(size=(ROWS, DIMENSION)) * spread
    truth = labels[:, None] == np.arange(TAGS)
    if multilabel:
        truth |= rng.random(truth.shape) < 0.05
    folds = np.where(rng.random(ROWS) < 0.02, -1, rng.integers(5, size=ROWS))
    return embeddings.astype(np.float32), truth, folds


@pytest.mark.parametrize("multilabel", [False, True])
def test_passes_end_where_the_fit_in_memory_ends(monkeypatch: pytest.MonkeyPatch, multilabel: bool) -> None:
    """Out-of-fold probabilities, and the final head's, differ by less than 1e-4, with costs too."""
    embeddings, truth, folds = drawn(multilabel=multilabel)
    exactly = {"multilabel": multilabel, "l2": 0.3, "costs": np.arange(TAGS) / 3 + 1, "tolerance": 1e-6}
    expected = heads.fit(embeddings, truth, folds, **exactly)
    monkeypatch.setattr(blocks, "VALUES_MOST", 0)
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 100)
    found = heads.fit(embeddings, truth, folds, **exactly)
    assert (expected.kernel != found.kernel).any()
    np.testing.assert_allclose(found.out_of_fold, expected.out_of_fold, rtol=0, atol=1e-4)
    by_final = [
        heads.probabilities(embeddings, head.kernel, head.bias, multilabel=multilabel) for head in (found, expected)
    ]
    np.testing.assert_allclose(*by_final, rtol=0, atol=1e-4)


@pytest.mark.usefixtures("in_passes")
def test_a_fold_never_sees_its_own_tags_in_passes() -> None:
    """Whatever tags a fold's images are given, the probabilities they get stay the same to the last bit."""
    embeddings, truth, folds = drawn(multilabel=False)
    evaluated = folds == 1
    shuffled = truth.copy()
    shuffled[evaluated] = np.roll(truth[evaluated], 1, axis=1)
    before = heads.fit(embeddings, truth, folds, multilabel=False, l2=0.3, tolerance=0.01).out_of_fold
    after = heads.fit(embeddings, shuffled, folds, multilabel=False, l2=0.3, tolerance=0.01).out_of_fold
    np.testing.assert_array_equal(before[evaluated], after[evaluated])
    assert (before[~evaluated] != after[~evaluated]).any()


@pytest.mark.usefixtures("in_passes")
def test_what_the_watcher_raises_ends_the_passes() -> None:
    """A training that is cancelled stops in the middle of a pass, and progress until then only grows."""
    embeddings, truth, folds = drawn(multilabel=False)
    fractions: list[float] = []

    def stop_later(fraction: float) -> None:
        fractions.append(fraction)
        if len(fractions) == 30:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        heads.fit(embeddings, truth, folds, multilabel=False, on_progress=stop_later)
    assert 30 == len(fractions)
    assert sorted(fractions) == fractions


@pytest.mark.usefixtures("in_passes")
@pytest.mark.parametrize("multilabel", [False, True])
def test_the_first_step_is_not_too_long(monkeypatch: pytest.MonkeyPatch, multilabel: bool) -> None:
    """After a single step heads are better than before it, where they find all tags as likely."""
    embeddings, truth, folds = drawn(multilabel=multilabel)
    monkeypatch.setattr(stages, "STAGES", ((1, 0.0, 1),))
    found = heads.fit(embeddings, truth, folds, multilabel=multilabel).out_of_fold[folds >= 0]
    of_truth = np.where(truth[folds >= 0], found, 1 - found if multilabel else 1)
    unknowing = np.log(2) * TAGS if multilabel else np.log(TAGS)
    assert -np.log(of_truth).sum(axis=1).mean() < 0.95 * unknowing


@pytest.mark.usefixtures("in_passes")
def test_embeddings_from_a_file_give_the_same_head(tmp_path: Path) -> None:
    """Rows that were written in blocks are read as they were, and leave no file in the folder."""
    embeddings, truth, folds = drawn(multilabel=True)
    stored = blocks.in_file(tmp_path, np.array_split(embeddings, 7), embeddings.shape)
    np.testing.assert_array_equal(embeddings, stored)
    assert [] == list(tmp_path.iterdir())
    one, other = (
        heads.fit(each, truth, folds, multilabel=True, l2=0.3, tolerance=0.01) for each in (embeddings, stored)
    )
    np.testing.assert_array_equal(one.out_of_fold, other.out_of_fold)
    np.testing.assert_array_equal(one.kernel, other.kernel)


@pytest.mark.parametrize("multilabel", [False, True])
def test_some_rows_in_passes_are_those_rows_alone(monkeypatch: pytest.MonkeyPatch, multilabel: bool) -> None:
    """A hold-out's head is the same from all embeddings as from a copy of the rows that it trains on."""
    embeddings, truth, _ = drawn(multilabel=multilabel)
    folds = np.where(np.arange(ROWS) % 5, -1, 0)
    rows = np.flatnonzero(folds < 0)
    options = {"multilabel": multilabel, "l2": 0.3, "tolerance": 1e-3}
    plan = Plan(Evaluation("hold-out", 1, 0), folds, folds < 0)
    in_memory = quick.fit(plan, embeddings, truth, multilabel=multilabel, l2=0.3)
    monkeypatch.setattr(blocks, "VALUES_MOST", 0)
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 100)
    copied = heads.fit(embeddings[rows], truth[rows], folds[rows], **options)
    chosen = heads.fit(embeddings, truth[rows], folds[rows], rows=rows, **options)
    np.testing.assert_array_equal(copied.kernel, chosen.kernel)
    np.testing.assert_array_equal(copied.bias, chosen.bias)
    in_passes = quick.fit(plan, embeddings, truth, multilabel=multilabel, l2=0.3)
    np.testing.assert_allclose(in_passes.out_of_fold, in_memory.out_of_fold, rtol=0, atol=0.02)
    assert np.isnan(in_passes.out_of_fold[rows]).all()


@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize("multilabel", [False, True])
def test_subsets_in_passes(monkeypatch: pytest.MonkeyPatch, multilabel: bool, held_out: bool) -> None:
    """A learning curve's probabilities are those of the fit in memory, in cross-validation and with a hold-out."""
    embeddings, truth, folds = drawn(multilabel=multilabel)
    folds = np.where(np.arange(ROWS) % 5, -1, 0) if held_out else folds
    trains = folds < 0 if held_out else np.ones(ROWS, bool)
    subsets = [trains & (np.arange(ROWS) % 3 > 0), trains]
    exactly = {"multilabel": multilabel, "l2": 0.3, "costs": np.arange(TAGS) / 3 + 1, "tolerance": 1e-6}
    expected = list(heads.out_of_fold(embeddings, truth, folds, subsets, **exactly))
    monkeypatch.setattr(blocks, "VALUES_MOST", 0)
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 100)
    found = list(heads.out_of_fold(embeddings, truth, folds, subsets, **exactly))
    for one, other in zip(expected, found, strict=True):
        assert (np.isnan(other) == (folds < 0)[:, None]).all()
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-4)
