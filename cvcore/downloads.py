"""The files in which an iteration's evaluation is taken along: for spreadsheets, and as Rekognition writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from cvcore import assessment, evaluation, metrics, rekognition
from cvcore.records import HOLD_OUT, K_FOLD, Iteration, Project
from cvcore.store import Store


def summary_json(store: Store, project: Project, iteration: Iteration) -> str:
    """Rekognition's evaluation summary file.

    Raises:
        Conflict, ModelDamaged: as `evaluation.load`.
    """
    content = rekognition.summary(
        evaluation.overview(store, iteration).rekognition,
        [tag.name for tag in evaluation.tags(store, iteration)],
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
    judged = evaluation.load(store, iteration)
    there = store.iterations.images(iteration.id)
    rows = np.flatnonzero(judged.evaluated)
    truth, probabilities = judged.truth[rows], judged.probabilities[rows]
    assumed = evaluation.overview(store, iteration).rekognition.thresholds
    return rekognition.manifest(
        truth,
        probabilities,
        metrics.answers(probabilities, assumed, multilabel=judged.multilabel),
        names=[tag.name for tag in evaluation.tags(store, iteration)],
        sources=[f"{there[row].sha256}/{there[row].name}" for row in rows],
        ended_at=iteration.trained_at or iteration.created_at,
    )


def training_images(store: Store, iteration: Iteration) -> int:
    """How many pictures the shipped model was trained with."""
    judged = evaluation.load(store, iteration)
    method = iteration.evaluation.method if iteration.evaluation else K_FOLD
    if method == K_FOLD:
        return len(judged.folds)
    if method == HOLD_OUT:
        return int(np.count_nonzero(~judged.evaluated))
    is_test = np.array([image.is_test for image in store.iterations.images(iteration.id)])
    return int(np.count_nonzero(assessment.plan(method, judged.truth, judged.groups, is_test).trains))
