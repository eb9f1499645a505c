"""An iteration's performance as text: the JSON that commands print, and every probability as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from cvcore import metrics, validation
from cvcore.evaluation import analysis, operating_points, out_of_fold, performance, rekognition
from cvcore.metrics import reports
from cvcore.records import HOLD_OUT, K_FOLD, Iteration, Project, Scores, Thresholds
from cvcore.store import Store
from cvcore.wording import inert, none_for_nan


def performance_json(store: Store, project: Project, iteration: Iteration, threshold: Thresholds) -> dict[str, Any]:
    """An iteration's performance as `tagwise performance --json` prints it; undefined numbers are None."""
    told = performance.report(store, iteration, threshold)
    judged = iteration.evaluation
    return {
        "project": project.name,
        "iteration": iteration.number,
        "iteration_name": iteration.name,
        "backbone": iteration.backbone,
        "note": iteration.note,
        "evaluation": {"method": judged.method, "folds": judged.folds, "seed": judged.seed} if judged else None,
        **thresholds_json(store, iteration, threshold),
        "overall": _rates(told.overall),
        "tags": [
            {"name": tag.name, "images": row.images, "tp": row.tp, "fp": row.fp, "fn": row.fn, **_rates(row)}
            for tag, row in zip(out_of_fold.tags(store, iteration), told.tags, strict=True)
        ],
        "seconds": iteration.seconds,
        "training": _training(store, iteration),
    }


def thresholds_json(store: Store, iteration: Iteration, threshold: Thresholds) -> dict[str, Any]:
    """Thresholds as the commands' JSON tells them.

    `threshold` is a number, or null where each tag has its own in `thresholds`; `threshold_saved` tells
    whether they are those saved with the iteration.
    """
    each = operating_points.thresholds_by_tag(store, iteration, threshold)
    told: dict[str, Any] = {"threshold": None, "thresholds": each} if isinstance(each, dict) else {"threshold": each}
    return told | {"threshold_saved": threshold == iteration.thresholds}


def scores_csv(store: Store, iteration: Iteration, *, for_spreadsheet: bool = False) -> str:
    """One row per evaluated picture: image, fold, truth and every tag's out-of-fold probability.

    Names stand as they are, for scripts. A spreadsheet would run one that begins like a formula, so
    `for_spreadsheet` puts an apostrophe before it, as spreadsheets themselves mark text.
    """
    text_of = inert if for_spreadsheet else str
    judged = analysis.load(store, iteration)
    names = [tag.name for tag in out_of_fold.tags(store, iteration)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["image", "fold", "truth", *map(text_of, names)])
    for row, image in enumerate(store.iterations.images(iteration.id)):
        if judged.evaluated[row]:
            truth = "|".join(name for name, carried in zip(names, judged.truth[row], strict=True) if carried)
            probabilities = (f"{value:.9g}" for value in judged.probabilities[row])
            writer.writerow([text_of(image.name), judged.folds[row], text_of(truth), *probabilities])
    return text.getvalue()


def _rates(row: reports.TagReport | reports.OverallReport) -> dict[str, Any]:
    rates: dict[str, Any] = {}
    for name in Scores.__dataclass_fields__:
        rates[name] = none_for_nan(getattr(row, name))
        rates[f"{name}_interval"] = [none_for_nan(end) for end in getattr(row, f"{name}_interval")]
    return rates


def _training(store: Store, iteration: Iteration) -> dict[str, Any]:
    options, outcome = store.trainings.options(iteration.id), store.trainings.outcome(iteration.id)
    return {
        "advanced": options.is_advanced,
        "budget_minutes": options.budget_minutes if options.is_advanced else None,
        "outcome": asdict(outcome) if outcome else None,
    }


def summary_json(store: Store, project: Project, iteration: Iteration) -> str:
    """Rekognition's evaluation summary file.

    Raises:
        Conflict, ModelDamaged: as `evaluation.load`.
    """
    content = rekognition.summary(
        performance.overview(store, iteration).rekognition,
        [tag.name for tag in out_of_fold.tags(store, iteration)],
        version=f"tagwise:project/{project.name}/version/{iteration.name}",
        ended_at=iteration.trained_at or iteration.created_at,
        training_images=training_images(store, iteration),
    )
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)


def manifest(store: Store, iteration: Iteration) -> Iterator[str]:
    """Rekognition's evaluation manifest, line by line; an image goes by its SHA-256 and its name.

    Raises:
        Conflict, ModelDamaged: as `evaluation.load`.
    """
    judged = analysis.load(store, iteration)
    there = store.iterations.images(iteration.id)
    rows = np.flatnonzero(judged.evaluated)
    truth, probabilities = judged.truth[rows], judged.probabilities[rows]
    assumed = performance.overview(store, iteration).rekognition.thresholds
    return rekognition.manifest(
        truth,
        probabilities,
        metrics.answers(probabilities, assumed, multilabel=judged.multilabel),
        names=[tag.name for tag in out_of_fold.tags(store, iteration)],
        sources=[f"{there[row].sha256}/{there[row].name}" for row in rows],
        ended_at=iteration.trained_at or iteration.created_at,
    )


def training_images(store: Store, iteration: Iteration) -> int:
    """How many pictures the shipped model was trained with."""
    judged = analysis.load(store, iteration)
    method = iteration.evaluation.method if iteration.evaluation else K_FOLD
    if method == K_FOLD:
        return len(judged.folds)
    if method == HOLD_OUT:
        return int(np.count_nonzero(~judged.evaluated))
    is_test = np.array([image.is_test for image in store.iterations.images(iteration.id)])
    return int(np.count_nonzero(validation.plan(method, judged.truth, judged.groups, is_test).trains))
