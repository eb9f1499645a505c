"""A trained iteration's slices: what is known of its images, the numbers of those chosen, and the slices that do worst.

What is known is what is known now: values that were added after the training count. The tags, answers and groups are
those of the training. What was found last stays in memory, so that a click in a view need not find it again.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cvcore import evaluation, image_facts
from cvcore.array_types import Bools, Integers
from cvcore.evaluation import analysis
from cvcore.evaluation.analysis import Analysis, Threshold
from cvcore.evaluation.by_image.image_lists import ImageList
from cvcore.evaluation.by_image.kept import kept
from cvcore.evaluation.out_of_fold import OutOfFold
from cvcore.image_facts import Column
from cvcore.metrics.reports import Report
from cvcore.records import Iteration, Thresholds
from cvcore.slices import answers, conditions, ranks, rates, worst_slices
from cvcore.slices.answers import Answers, Evaluated
from cvcore.slices.conditions import Condition
from cvcore.slices.ranks import Ranks
from cvcore.slices.worst_slices import WorstSlices
from cvcore.store import Store
from cvcore.store.caches import kept_with_store

KEPT = 2


@dataclass(frozen=True, eq=False)
class SliceNumbers:
    """The numbers of the evaluated images of a slice, of the others, and of all.

    wrong, rest_wrong: how many of them were answered wrongly.
    """

    conditions: tuple[Condition, ...]
    report: Report
    rest: Report
    all: Report
    wrong: int
    rest_wrong: int


@dataclass(frozen=True)
class SliceMistakes:
    """The images that fulfil all conditions and were answered wrongly."""

    conditions: tuple[Condition, ...]


def columns(store: Store, iteration: Iteration) -> Mapping[str, Column]:
    """What is known of an iteration's images, in the order of its arrays' rows, by key; `image_facts.of_iteration`."""
    return _columns(store, iteration.id, store.image_facts.changes_of_trained(iteration.project_id))


def keep(folder: Path, predictions: OutOfFold) -> None:
    """Find what `numbers` takes longest to find, and keep it in the iteration's folder for its first reader."""
    kept(folder / ranks.FILE, Ranks, lambda: ranks.ranks(answers.evaluated(predictions)))


def parse(store: Store, iteration: Iteration, texts: Sequence[str]) -> tuple[Condition, ...]:
    """The conditions of texts like `day=Mon`; the same one twice counts once.

    Raises:
        InvalidInput: as `conditions.parse`.
    """
    if not texts:  # what is known of very many images is not read for nothing
        return ()
    known = columns(store, iteration)
    return tuple(dict.fromkeys(conditions.parse(text, known) for text in texts))


def numbers(store: Store, iteration: Iteration, thresholds: Thresholds, wanted: Sequence[Condition]) -> SliceNumbers:
    """The numbers of the images that fulfil all conditions, at one threshold or at one per tag.

    Raises:
        NotTrained, ModelDamaged: as `evaluation.load`.
        InvalidInput: a key or value does not exist, or a threshold is outside 0..1.
    """
    evaluated, given = _answered(store, iteration, thresholds)
    known = _Known(columns(store, iteration))
    ranked = _ranks(analysis.load_analysis(store, iteration))
    chosen, report, rest = _reports(evaluated, given, ranked, known, tuple(wanted))
    wrong = int((given.is_wrong & chosen).sum())
    return SliceNumbers(
        tuple(wanted),
        report,
        rest,
        evaluation.report(store, iteration, thresholds),
        wrong,
        int(given.is_wrong.sum()) - wrong,
    )


def mistakes(store: Store, iteration: Iteration, thresholds: Threshold, wanted: SliceMistakes) -> ImageList:
    """The wrongly answered images of a slice, for review; raises as `numbers`."""
    evaluated, given = _answered(store, iteration, thresholds)
    chosen = conditions.chosen(wanted.conditions, columns(store, iteration), iteration.image_count)[evaluated.rows]
    rows = np.sort(evaluated.rows[given.is_wrong & chosen])
    return analysis.load_analysis(store, iteration).wrong_images(rows)


def shares_of_wrong(store: Store, iteration: Iteration, thresholds: Thresholds, key: str) -> tuple[Integers, Integers]:
    """How many evaluated images each value of a key has, and how many of them were answered wrongly: (values,) each.

    Raises:
        NotTrained, ModelDamaged, InvalidInput: as `numbers`.
    """
    evaluated, given = _answered(store, iteration, thresholds)
    column = columns(store, iteration)[key]
    codes = column.codes[evaluated.rows]
    images, wrong = (
        np.bincount(codes[each], minlength=len(column.values)) for each in (codes >= 0, (codes >= 0) & given.is_wrong)
    )
    return images, wrong


def worst(store: Store, iteration: Iteration, thresholds: Thresholds) -> WorstSlices:
    """The slices that do worst, see `worst_slices`.

    Raises:
        NotTrained, ModelDamaged, InvalidInput: as `numbers`.
    """
    evaluated, given = _answered(store, iteration, thresholds)
    return _worst(evaluated, given, _Known(columns(store, iteration)))


@dataclass(frozen=True, eq=False)
class _Known:
    """Columns as a key of what is kept in memory."""

    columns: Mapping[str, Column]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and self.columns is other.columns

    def __hash__(self) -> int:
        return id(self.columns)


@functools.lru_cache(maxsize=KEPT)
def _worst(evaluated: Evaluated, given: Answers, known: _Known) -> WorstSlices:
    of_evaluated = {key: Column(key, each.values, each.codes[evaluated.rows]) for key, each in known.columns.items()}
    truth = evaluated.predictions.truth
    return worst_slices.worst(truth, given.is_wrong, evaluated.groups, of_evaluated, evaluated.rows)


@functools.lru_cache(maxsize=KEPT)
def _reports(
    evaluated: Evaluated, given: Answers, ranked: Ranks, known: _Known, wanted: tuple[Condition, ...]
) -> tuple[Bools, Report, Report]:
    """Which evaluated images fulfil all conditions, (n,), and the reports of these and of the others."""
    chosen = conditions.chosen(wanted, known.columns, len(evaluated.predictions.folds))[evaluated.rows]
    report, rest = rates.reports_of(evaluated, given, ranked, chosen)
    return chosen, report, rest


@kept_with_store(KEPT)
def _columns(store: Store, iteration_id: str, changes: tuple[int, int]) -> Mapping[str, Column]:
    return image_facts.of_iteration(store, store.iterations.get(iteration_id))


def _answered(store: Store, iteration: Iteration, thresholds: Threshold) -> tuple[Evaluated, Answers]:
    loaded = analysis.load_analysis(store, iteration)
    return _evaluated(loaded), _answers(loaded, analysis.hashable(thresholds))


# An iteration's analysis is the same object as long as it is in memory.
@functools.lru_cache(maxsize=KEPT)
def _evaluated(loaded: Analysis) -> Evaluated:
    return answers.evaluated(loaded.out_of_fold)


@functools.lru_cache(maxsize=KEPT)
def _answers(loaded: Analysis, thresholds: Thresholds) -> Answers:
    return answers.answers(_evaluated(loaded), thresholds, loaded.top_tags)


@functools.lru_cache(maxsize=KEPT)
def _ranks(loaded: Analysis) -> Ranks:
    path = loaded.folder / ranks.FILE if loaded.folder else None
    return kept(path, Ranks, lambda: ranks.ranks(_evaluated(loaded)))
