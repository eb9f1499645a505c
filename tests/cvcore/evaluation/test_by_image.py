"""What is found image by image is what the tables of all answers say, whether arrays are in memory or in their file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cvcore import evaluation
from cvcore.errors import InvalidInput
from cvcore.evaluation import analysis, out_of_fold
from cvcore.evaluation.analysis import Analysis
from cvcore.evaluation.by_image import blocks, top_tags
from cvcore.evaluation.out_of_fold import OutOfFold
from cvcore.metrics import confusion
from cvcore.metrics.confusion import OUTCOMES, Cell, Swap, TagOutcome
from cvcore.metrics.probabilities import sigmoid, softmax
from tests.cvcore.evaluation import definitions

# More than a block of rows, and a file of arrays that is large enough to stay mapped.
IMAGES, TAGS = 45_000, 80


def drawn(*, multilabel: bool) -> OutOfFold:
    """An evaluation with ties, wrong answers and images that were not evaluated."""
    random = np.random.default_rng(5)
    truth = np.eye(TAGS, dtype=bool)[random.integers(0, TAGS, IMAGES)]
    if multilabel:
        truth |= random.random(truth.shape) < 0.01
    logits = (np.round(random.normal(size=truth.shape), 1) + 3 * truth - 2 * multilabel).astype(np.float32)
    probabilities = (sigmoid if multilabel else softmax)(logits)
    folds = random.integers(-1, 4, IMAGES)
    probabilities[folds < 0] = np.nan
    head = np.zeros((2, TAGS), np.float32), np.zeros(TAGS, np.float32)
    return OutOfFold(truth, probabilities, folds, np.arange(IMAGES) // 2, *head, multilabel)


@pytest.fixture(
    scope="module",
    params=[pytest.param(False, id="Multiclass"), pytest.param(True, id="Multilabel", marks=pytest.mark.slow)],
)
def in_memory(request: pytest.FixtureRequest) -> OutOfFold:
    """An evaluation of either type."""
    return drawn(multilabel=request.param)


@pytest.fixture(scope="module")
def in_file(in_memory: OutOfFold, tmp_path_factory: pytest.TempPathFactory) -> OutOfFold:
    """The same, as it is read from its file."""
    folder = tmp_path_factory.mktemp("iteration")
    evaluation.save(folder, in_memory)
    return out_of_fold.read(folder / out_of_fold.ARRAYS)


def test_a_large_file_is_mapped(in_memory: OutOfFold, in_file: OutOfFold) -> None:
    """Its arrays by image are those that were saved, and are not copied into memory."""
    for name in out_of_fold.BY_IMAGE:
        np.testing.assert_array_equal(getattr(in_memory, name), getattr(in_file, name), strict=True)
        assert not getattr(in_file, name).flags.owndata
        assert not getattr(in_file, name).flags.writeable


def test_scores_at_training(in_memory: OutOfFold, tmp_path: Path) -> None:
    """Saving returns the very numbers that are computed at 0.5."""
    overall, saved = Analysis(in_memory).report(0.5).overall, evaluation.save(tmp_path, in_memory)
    assert {name: getattr(overall, name) for name in vars(saved)} == vars(saved)


@pytest.mark.parametrize("threshold", [0.0, 0.35, 0.5, tuple(np.linspace(0, 1, TAGS))])
def test_images_behind_numbers(in_memory: OutOfFold, in_file: OutOfFold, threshold: analysis.Threshold) -> None:
    """The images, and their order, are those of the table of all answers; and there are as many as were counted."""
    answers = analysis.answers_of(in_memory, threshold)
    selections: list[Cell | Swap | TagOutcome] = [TagOutcome(3, outcome) for outcome in OUTCOMES]
    selections += [Swap(1, 2)] if in_memory.multilabel else [Cell(4, 4), Cell(4, 5), Cell(4, TAGS)]
    for predictions in (in_memory, in_file):
        found = Analysis(predictions)
        for selection in selections:
            expected = definitions.rows(answers, selection)
            np.testing.assert_array_equal(expected, found.images_behind(threshold, selection).rows)
        np.testing.assert_array_equal(confusion.outcomes(answers), found.outcomes(threshold))
        if in_memory.multilabel:
            np.testing.assert_array_equal(confusion.swaps(answers), found.swaps(threshold))
        else:
            np.testing.assert_array_equal(definitions.matrix(answers), found.matrix(threshold))


def test_lists(in_memory: OutOfFold, in_file: OutOfFold) -> None:
    """Suspected tags, hardest images and near duplicates are the same from memory and from the file."""
    names: tuple[analysis.ListName, ...] = ("label_issues", "hardest", "duplicates")
    for name in names:
        expected, found = (Analysis(each).images_behind(0.5, name) for each in (in_memory, in_file))
        assert len(expected.rows)
        for part in ("rows", "about", "add_tags", "remove_tags", "numbers"):
            np.testing.assert_array_equal(getattr(expected, part), getattr(found, part))


def test_what_is_kept_in_files(in_memory: OutOfFold, tmp_path: Path) -> None:
    """Top tags and lists are found once and read from then on; a damaged file is made again."""
    evaluation.save(tmp_path, in_memory)
    without_numbers = replace(in_memory, probabilities=np.zeros_like(in_memory.probabilities))
    computed, read = Analysis(in_memory), Analysis(without_numbers, folder=tmp_path)
    damaged = tmp_path / analysis.LIST_FILES["hardest"]
    damaged.write_bytes(damaged.read_bytes()[:-30])
    again = Analysis(in_memory, folder=tmp_path)
    for name, found in (("label_issues", read), ("hardest", again), ("hardest", read)):
        for part, expected in vars(computed.images_behind(0.5, name)).items():  # type: ignore[arg-type]
            np.testing.assert_array_equal(expected, getattr(found.images_behind(0.5, name), part))  # type: ignore[arg-type]
    assert (computed.top_tags is None) == in_memory.multilabel
    if computed.top_tags and read.top_tags:
        assert computed.top_tags.tags == read.top_tags.tags
        for part in ("own", "top", "probability", "evaluated"):
            np.testing.assert_array_equal(getattr(computed.top_tags, part), getattr(read.top_tags, part), strict=True)


def test_damaged_probabilities_are_refused() -> None:
    """An evaluated image without numbers has no top tag."""
    predictions = drawn(multilabel=False)
    predictions = replace(predictions, folds=np.zeros(IMAGES, np.int64))
    with pytest.raises(InvalidInput, match="probabilities must be numbers, got nan"):
        top_tags.top_tags(predictions.truth, predictions.probabilities, predictions.evaluated)
    with pytest.raises(InvalidInput, match=r"threshold must be in 0\.\.1, got 1\.4"):
        Analysis(drawn(multilabel=False)).matrix(1.4)


def test_some_columns_and_cells(in_file: OutOfFold) -> None:
    """Whichever are asked for, they are those of the whole array."""
    whole, rows = np.array(in_file.truth), np.random.default_rng(0).integers(0, IMAGES, 3000)
    np.testing.assert_array_equal(whole[:, 7], blocks.column(in_file.truth, 7))
    np.testing.assert_array_equal(whole[:, 70:], blocks.columns(in_file.truth, slice(70, 90)))
    np.testing.assert_array_equal(whole[rows, 7], blocks.cells(in_file.truth, rows, 7))
    np.testing.assert_array_equal(whole[rows, rows % TAGS], blocks.cells(in_file.truth, rows, rows % TAGS))
    np.testing.assert_array_equal(
        whole[rows].sum(axis=1), blocks.of_rows(rows, lambda some: some.sum(1), in_file.truth)
    )
