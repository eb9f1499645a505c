"""What an iteration gets right: its arrays on disk, and its performance at a threshold.

Every number comes from the out-of-fold probabilities saved at training, so it never changes.
"""

from __future__ import annotations

import contextlib
import functools
import io
from pathlib import Path

import numpy as np

from cvcore import metrics
from cvcore.errors import TagwiseError
from cvcore.evaluation import overviews
from cvcore.evaluation.operating_points import DEFAULT_THRESHOLD
from cvcore.evaluation.out_of_fold import ARRAYS, OutOfFold, _folder, _load, load
from cvcore.evaluation.overviews import Overview
from cvcore.files import blobs
from cvcore.metrics import reports, threshold_tuning
from cvcore.metrics.threshold_tuning import Goal, Suggestion
from cvcore.records import Iteration, Scores, Thresholds
from cvcore.store import Store
from cvcore.wording import none_for_nan


def save(folder: Path, judged: OutOfFold) -> None:
    """Write an iteration's arrays into its folder, and beside them the overview that follows from them.

    They are not compressed, so that `column` and `some` need not read them whole; those of older iterations are.
    """
    buffer = io.BytesIO()
    np.savez(buffer, **{name: getattr(judged, name) for name in OutOfFold.__dataclass_fields__})
    blobs.write(folder / ARRAYS, buffer.getvalue())
    blobs.write(folder / overviews.FILE, overviews.packed(_overview(judged)))


def report(store: Store, iteration: Iteration, threshold: Thresholds = DEFAULT_THRESHOLD) -> reports.Report:
    """Per-tag and overall numbers with their 95 % intervals at a threshold.

    Raises:
        Conflict, ModelDamaged: as `load`.
        InvalidInput: the threshold is outside 0..1.
    """
    if isinstance(threshold, float) and threshold in metrics.THRESHOLDS:
        return reports.at_position(overview(store, iteration).sweep, round(100 * threshold))
    return _report(load(store, iteration), threshold)


def overview(store: Store, iteration: Iteration) -> Overview:
    """What pages show of an iteration without its arrays: the report at every slider position, curves, calibration.

    Raises:
        Conflict, ModelDamaged: as `load`.
    """
    return _kept_overview(_folder(store, iteration))


def scores(judged: OutOfFold) -> Scores:
    """The overall numbers at the threshold a page opens with."""
    overall = reports.at_position(_overview(judged).sweep, round(100 * DEFAULT_THRESHOLD)).overall
    return Scores(*(none_for_nan(getattr(overall, name)) for name in Scores.__dataclass_fields__))


@functools.lru_cache(maxsize=64)
def _report(judged: OutOfFold, threshold: Thresholds) -> reports.Report:
    limits, multilabel = np.asarray(threshold), judged.multilabel
    return reports.report(
        judged.truth, judged.probabilities, judged.folds, judged.groups, limits, multilabel=multilabel
    )


@functools.lru_cache(maxsize=1)
def _overview(judged: OutOfFold) -> Overview:
    return overviews.overview(
        judged.truth, judged.probabilities, judged.folds, judged.groups, multilabel=judged.multilabel
    )


@functools.lru_cache(maxsize=32)
def _kept_overview(folder: Path) -> Overview:
    """The overview in an iteration's folder; worked out and kept there if it is missing, of another kind or damaged."""
    path = folder / overviews.FILE
    try:
        return overviews.unpacked(path.read_bytes())
    except Exception:  # of a damaged zip numpy raises nearly anything
        made = _overview(_load(folder / ARRAYS))
        with contextlib.suppress(TagwiseError):
            blobs.write(path, overviews.packed(made))
        return made


def suggest_thresholds(store: Store, iteration: Iteration, goal: Goal, *, per_tag: bool) -> Suggestion:
    """The thresholds for a goal, and how they do on images that they were not chosen with.

    Raises:
        Conflict, ModelDamaged: as `evaluation.load`.
    """
    return _suggest_thresholds(overview(store, iteration), goal, per_tag)


@functools.lru_cache(maxsize=32)
def _suggest_thresholds(made: Overview, goal: Goal, per_tag: bool) -> Suggestion:
    return threshold_tuning.suggest(made.parts, goal, per_tag=per_tag)
