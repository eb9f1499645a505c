"""The next steps of a trained iteration, and which of them still hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvcore import evaluation, learning_curves
from cvcore.array_types import Integers
from cvcore.evaluation import analysis, drill_down
from cvcore.learning_curves import Measurement
from cvcore.next_steps import ranking
from cvcore.next_steps.evidence import Evidence
from cvcore.next_steps.more_images import more_images
from cvcore.next_steps.steps import (
    BetterThresholds,
    DifferentDuplicates,
    Merge,
    MoreImages,
    NextSteps,
    Step,
    WrongTags,
)
from cvcore.records import Iteration, Thresholds
from cvcore.store import Store

# The curve's first step ahead: with so many more images than were trained on, train again.
GROWN = 1.25


def next_steps(store: Store, iteration: Iteration, measurement: Measurement) -> NextSteps:
    """The steps for an iteration at the thresholds in use, from its learning curve's measurement and its answers.

    Raises:
        Conflict, ModelDamaged: as `evaluation.load`.
    """
    predictions = evaluation.load(store, iteration)
    rows = np.flatnonzero(predictions.evaluated)
    in_use = evaluation.threshold_in_use(iteration)
    shown = Evidence(
        predictions.truth[rows],
        predictions.probabilities[rows],
        predictions.folds[rows],
        predictions.groups[rows],
        in_use,
        predictions.multilabel,
    )
    steps = ranking.from_answers(shown)
    gains = learning_curves.f1_gains(measurement, predictions.truth, predictions.groups, _whole_percents(in_use))
    more = more_images(gains, float(measurement.images[-1].mean()), len(rows))
    return NextSteps(ranking.ranked([*steps, *([more] if more else [])]))


def _whole_percents(thresholds: Thresholds) -> Thresholds:
    """The nearest thresholds at which a learning curve is known."""
    return tuple(round(each, 2) for each in thresholds) if isinstance(thresholds, tuple) else round(thresholds, 2)


def open_steps(store: Store, iteration: Iteration, found: NextSteps) -> list[Step]:
    """The steps that were not taken yet, in their order: what was mended, merged or saved since is left out.

    Raises:
        NotFound: the iteration was deleted meanwhile.
    """
    iteration = store.iterations.get(iteration.id)
    return [step for step in found.steps if _is_open(store, iteration, step)]


def _is_open(store: Store, iteration: Iteration, step: Step) -> bool:
    match step:
        case BetterThresholds(used=used):
            return evaluation.threshold_in_use(iteration) == used
        case WrongTags():
            listed = drill_down.images_behind(store, iteration, evaluation.DEFAULT_THRESHOLD, "label_issues")
            return bool(unchanged(store, iteration, listed.rows).size)
        case DifferentDuplicates():
            return _has_differing_duplicates(store, iteration)
        case Merge(first=first, second=second):
            tags, known = evaluation.tags(store, iteration), store.tags.names_and_kinds(iteration.project_id)
            return {tags[first].tag_id, tags[second].tag_id} <= known.keys()
        case MoreImages():
            return store.images.count(iteration.project_id) < GROWN * iteration.image_count


def _has_differing_duplicates(store: Store, iteration: Iteration) -> bool:
    """Whether a group of near duplicates that is tagged differently has lost none and kept all of its tags."""
    duplicates = analysis.load_analysis(store, iteration).duplicate_groups
    differing = duplicates.numbers <= duplicates.differing
    rows, numbers = duplicates.rows[differing], duplicates.numbers[differing]
    mended = np.setdiff1d(rows, unchanged(store, iteration, rows))
    return bool(np.setdiff1d(numbers, numbers[np.isin(rows, mended)]).size)


def unchanged(store: Store, iteration: Iteration, rows: Integers | Sequence[int]) -> Integers:
    """Those of an iteration's images that are still in the workspace with the same tags, as rows."""
    places = np.unique(np.asarray(rows, np.int64))
    images = store.iterations.images_at(iteration.id, places.tolist())
    ids = [image.image_id for image in images]
    tags = evaluation.tags(store, iteration)
    present = store.images.present(ids)
    now = {image.id: set(image.tag_ids) for image in store.images.with_ids(ids) if image.id in present}
    return np.array(
        [
            row
            for row, image in zip(places.tolist(), images, strict=True)
            if now.get(image.image_id) == {tags[column].tag_id for column in image.columns}
        ],
        np.int64,
    )
