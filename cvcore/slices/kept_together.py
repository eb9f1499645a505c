"""What keeping groups of images together changes: the numbers with and without, kept with the iteration.

Where images of one day, object or pupil are on both sides, in training and in evaluation, the model is asked about
what it has seen. With the groups kept together it is asked about a new one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore import analyses, evaluation, image_facts
from cvcore.analyses import KeptFile, Size, arrays_file
from cvcore.array_types import Float32s, Integers
from cvcore.evaluation import out_of_fold, report_files
from cvcore.evaluation.analysis import Analysis
from cvcore.evaluation.out_of_fold import OutOfFold
from cvcore.languages import marked, t
from cvcore.metrics.reports import OverallReport
from cvcore.records import Iteration, Thresholds
from cvcore.slices import answers, ranks, rates
from cvcore.store import Store
from cvcore.store.caches import kept_with_store
from cvcore.wording import with_interval

_OF_BOTH = marked("F1 {together}: images of a new {key!r}. {apart}: if images of the same {key!r} are on both sides.")
_OF_QUICK = marked(
    "F1 of Quick training {together}: images of a new {key!r}. {apart}: if images of the same {key!r} are on both "
    "sides."
)
_LOWER_IS_TRUE = marked(
    "The lower is the true one, because new images come from a {key!r} that the model has not seen."
)
_FIRST_IS_TRUE = marked(
    "The first is the true one, because new images come from a {key!r} that the model has not seen."
)


@dataclass(frozen=True, eq=False)
class KeptTogether:
    """A second evaluation, in which only near duplicates were kept together.

    key: the group key, a text array of no dimension. duplicates: (n,), the groups of near duplicates. apart: float32
    (n, k), out-of-fold probabilities of classifiers in the folds (n,), both as in the iteration's arrays. together:
    those to compare them with, of Quick training with the groups kept together; without rows for those of the
    iteration, which are Quick's already.
    """

    key: NDArray[np.str_]
    duplicates: Integers
    apart: Float32s
    folds: Integers
    together: Float32s


@dataclass(frozen=True)
class Estimates:
    """The overall numbers with the groups of a key kept together, which are the true ones, and without."""

    key: str
    together: OverallReport
    apart: OverallReport
    is_quick: bool


def estimates(store: Store, iteration: Iteration, thresholds: Thresholds) -> Estimates | None:
    """Both estimates at one threshold or at one per tag; None if the training kept only near duplicates together.

    An Advanced training's are those of Quick training on both sides: to fine-tune a second time would take as long
    again, and only like can be compared with like.

    Raises:
        NotTrained, ModelDamaged: as `evaluation.load`.
        InvalidInput: a threshold is outside 0..1.
    """
    kept = _load(store, iteration)
    if kept is None:
        return None
    predictions = evaluation.load(store, iteration)
    has_own = len(kept.together) > 0
    together = kept.together if has_own else predictions.probabilities
    return Estimates(
        str(kept.key),
        _overall(replace(predictions, probabilities=together), thresholds),
        _overall(replace(predictions, probabilities=kept.apart, folds=kept.folds, groups=kept.duplicates), thresholds),
        has_own,
    )


def sentence(found: Estimates) -> str:
    """Both estimates in plain words, and which is the true one."""
    key = " ".join(image_facts.said_key(found.key).split())
    said = t(
        _OF_QUICK if found.is_quick else _OF_BOTH, together=_text(found.together), apart=_text(found.apart), key=key
    )
    if math.isnan(found.together.f1) or math.isnan(found.apart.f1):
        return said
    low, high = found.together.f1_interval
    if low <= found.apart.f1 <= high:
        verdict = t("The difference may be chance: {key!r} hardly matters here.", key=key)
    else:
        verdict = t(_LOWER_IS_TRUE if found.together.f1 < found.apart.f1 else _FIRST_IS_TRUE, key=key)
    return f"{said} {verdict}"


def estimates_json(found: Estimates) -> dict[str, Any]:
    """Both estimates as in a command's JSON."""
    return {
        "key": found.key,
        "kept_together": report_files.rates_json(found.together),
        "near_duplicates_only": report_files.rates_json(found.apart),
        "of_quick_training": found.is_quick,
        "sentence": sentence(found),
    }


def _text(overall: OverallReport) -> str:
    return with_interval(overall.f1, overall.f1_interval)


def _overall(predictions: OutOfFold, thresholds: Thresholds) -> OverallReport:
    evaluated, tops = answers.evaluated(predictions), Analysis(predictions).top_tags
    given = answers.answers(evaluated, thresholds, tops)
    everything = np.ones(len(evaluated.rows), np.bool_)
    return rates.reports_of(evaluated, given, ranks.ranks(evaluated), everything)[0].overall


def _load(store: Store, iteration: Iteration) -> KeptTogether | None:
    path = out_of_fold.folder(store, iteration) / FILE.name
    if not path.exists():
        return None
    return _load_changed(store, iteration.id, path.stat().st_mtime_ns)


@kept_with_store(2)
def _load_changed(store: Store, iteration_id: str, changed_at: int) -> KeptTogether | None:
    return analyses.load(store, store.iterations.get(iteration_id), FILE)


def _is_whole(kept: KeptTogether, size: Size) -> bool:
    evaluated = kept.folds >= 0
    probabilities = [kept.apart[evaluated], kept.together]
    return bool(
        len(str(kept.key)) <= 1000
        and len(kept.together) in (0, size.images)
        and (kept.folds >= -1).all()
        and (kept.folds < max(size.images, 1)).all()
        and (kept.duplicates >= 0).all()
        and (kept.duplicates < max(size.images, 1)).all()
        and not np.isnan(kept.apart[evaluated]).any()
        and all((np.isnan(each) | ((each >= 0) & (each <= 1))).all() for each in probabilities)
    )


# Increase the number when a formula changes: older files are ignored. `out_of_fold` reads its near duplicates, too.
FILE: KeptFile[KeptTogether] = arrays_file(
    out_of_fold.KEPT_TOGETHER,
    KeptTogether,
    {
        "key": ("U", ()),
        "duplicates": ("i", ("images",)),
        "apart": ("f", ("images", "tags")),
        "folds": ("i", ("images",)),
        "together": ("f", ("rows", "tags")),
    },
    _is_whole,
)
