"""Saves an iteration's performance at training and reports it at a threshold.

Every number comes from the out-of-fold probabilities saved at training. So numbers change only with a new formula, see
`overviews.FILE`.
"""

from __future__ import annotations

import contextlib
import functools
from pathlib import Path

import numpy as np

from cvcore.errors import ModelDamaged, TagwiseError
from cvcore.evaluation import analysis, out_of_fold, overviews
from cvcore.evaluation.out_of_fold import ARRAYS, OutOfFold
from cvcore.evaluation.overviews import Overview
from cvcore.evaluation.saved_thresholds import DEFAULT_THRESHOLD
from cvcore.files import blobs, npz
from cvcore.metrics import reports, threshold_sweeps, threshold_tuning
from cvcore.metrics.threshold_tuning import Goal, Suggestion
from cvcore.records import Iteration, Scores, Thresholds
from cvcore.store import Store
from cvcore.wording import none_for_nan


def save(folder: Path, predictions: OutOfFold) -> Scores:
    """Write an iteration's arrays, their overview and what `Analysis` keeps into its folder; returns its `Scores`.

    The arrays are not compressed, so that a few rows can be read alone; older iterations' are compressed.
    """
    arrays = {name: np.asarray(getattr(predictions, name)) for name in OutOfFold.__dataclass_fields__}
    blobs.write_pieces(folder / ARRAYS, npz.pieces(arrays))
    computed = _overview_of(predictions)
    blobs.write(folder / overviews.FILE, overviews.packed(computed))
    analysis.Analysis(predictions, folder=folder).keep()
    position = threshold_sweeps.position_of(DEFAULT_THRESHOLD)
    return _scores(reports.at_position(computed.sweep, position or 0))


def report(store: Store, iteration: Iteration, threshold: Thresholds = DEFAULT_THRESHOLD) -> reports.Report:
    """Per-tag and overall numbers with their 95 % intervals at a threshold.

    Raises:
        Conflict, ModelDamaged: as `evaluation.load`.
        InvalidInput: the threshold is outside 0..1.
    """
    position = threshold_sweeps.position_of(threshold)
    if position is None:
        return analysis.load_analysis(store, iteration).report(threshold)
    return reports.at_position(overview(store, iteration).sweep, position)


def overview(store: Store, iteration: Iteration) -> Overview:
    """An iteration's overview, read without its arrays: numbers at every slider position, curves, calibration.

    Raises:
        Conflict, ModelDamaged: as `evaluation.load`.
    """
    return _overview_in(out_of_fold.folder(store, iteration))


def _scores(found: reports.Report) -> Scores:
    return Scores(*(none_for_nan(getattr(found.overall, name)) for name in Scores.__dataclass_fields__))


def _overview_of(predictions: OutOfFold) -> Overview:
    truth, probabilities, multilabel = predictions.truth, predictions.probabilities, predictions.multilabel
    return overviews.overview(truth, probabilities, predictions.folds, predictions.groups, multilabel=multilabel)


@functools.lru_cache(maxsize=32)
def _overview_in(folder: Path) -> Overview:
    """The overview in an iteration's folder; computed and written there if the file is missing or damaged."""
    path = folder / overviews.FILE
    try:
        return overviews.unpacked(path.read_bytes())
    except (FileNotFoundError, ModelDamaged):
        computed = _overview_of(out_of_fold.read(folder / ARRAYS))
        with contextlib.suppress(TagwiseError):
            blobs.write(path, overviews.packed(computed))
        return computed


def suggest_thresholds(store: Store, iteration: Iteration, goal: Goal, *, per_tag: bool) -> Suggestion:
    """The thresholds suggested for a goal, with their counts on images that were not used to choose them.

    Raises:
        Conflict, ModelDamaged: as `evaluation.load`.
    """
    return _suggest_thresholds(overview(store, iteration), goal, per_tag)


@functools.lru_cache(maxsize=32)
def _suggest_thresholds(overview: Overview, goal: Goal, per_tag: bool) -> Suggestion:
    return threshold_tuning.suggest(overview.parts, goal, per_tag=per_tag)
