"""The next steps of a trained iteration, and which of them still hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from cvcore import evaluation, learning_curves, shortcuts
from cvcore.array_types import Integers
from cvcore.evaluation.analysis import load_analysis
from cvcore.learning_curves import Measurement
from cvcore.next_steps.better_thresholds import better_thresholds
from cvcore.next_steps.different_duplicates import different_duplicates
from cvcore.next_steps.evidence import Evidence
from cvcore.next_steps.merging import merge
from cvcore.next_steps.more_images import more_images
from cvcore.next_steps.steps import (
    BetterThresholds,
    DifferentDuplicates,
    Merge,
    MoreImages,
    NextSteps,
    Shortcut,
    Step,
    StepWithGain,
    WrongTags,
)
from cvcore.next_steps.wrong_tags import wrong_tags
from cvcore.records import Iteration, Thresholds
from cvcore.store import Store

STEPS_MOST = 5
# Less than this, as a rate, at the lower end is no more than 0.
GAIN_LEAST = 0.001
# The curve's first step ahead: with so many more images than were trained on, train again.
GROWN = 1.25
# Images, or tags if there are more, times tags up to which shortcuts are looked for unasked.
CELLS_MOST = 2_000_000


def next_steps(store: Store, iteration: Iteration, measurement: Measurement | None) -> NextSteps:
    """The steps for an iteration at the thresholds in use, from its answers and, if there is one, its learning curve.

    The surest shortcut, if one is found, comes last.

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
        rows,
    )
    # Images of one day or one pupil, which a training may keep together, are no near duplicates.
    near_duplicates = load_analysis(store, iteration).near_duplicates[rows]
    steps = from_answers(shown, near_duplicates)
    if measurement:
        gains = learning_curves.f1_gains(measurement, predictions.truth, predictions.groups, _whole_percents(in_use))
        more = more_images(gains, float(measurement.images[-1].mean()), len(rows))
        steps += [more] if more else []
    return NextSteps(listed(ranked(steps), shortcut(store, iteration)))


def from_answers(shown: Evidence, near_duplicates: Integers) -> list[StepWithGain]:
    """The steps that follow from the out-of-fold probabilities and the groups of near duplicates (rows,) alone."""
    if not len(shown.truth):
        return []
    duplicates = different_duplicates(replace(shown, groups=near_duplicates))
    found = (wrong_tags(shown), merge(shown), better_thresholds(shown), duplicates)
    return [step for step in found if step is not None]


def ranked(steps: Iterable[StepWithGain]) -> tuple[StepWithGain, ...]:
    """At most five steps, by the lower end of their gain's interval; those that may bring nothing are left out."""
    certain = [step for step in steps if step.gain.low >= GAIN_LEAST]
    return tuple(sorted(certain, key=lambda step: -step.gain.low)[:STEPS_MOST])


def listed(gains: Sequence[StepWithGain], found: Shortcut | None) -> tuple[Step, ...]:
    """At most five steps: those with a gain, and after them the shortcut, in place of a fifth."""
    return (*gains[: STEPS_MOST - 1], found) if found else tuple(gains)


def shortcut(store: Store, iteration: Iteration) -> Shortcut | None:
    """The first of the iteration's shortcuts.

    None if there are none, if most images' files are not measured yet, or if there are too many images and tags.
    """
    tags = len(evaluation.tags(store, iteration))
    if tags * max(tags, iteration.image_count) > CELLS_MOST:
        return None
    found = shortcuts.shortcuts(store, iteration)
    if not found.findings or found.images <= found.unmeasured:
        return None
    first = found.findings[0]
    sides = first.share, first.low, first.high, first.images, first.others
    return Shortcut(first.family, first.tag, first.other, *sides)


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
            dismissed = [row for row, _, _ in store.dismissed_issues.of_iteration(iteration.id)]
            return bool(np.setdiff1d(unchanged(store, iteration, step.rows), dismissed).size)
        case DifferentDuplicates():
            return _is_a_group_unchanged(store, iteration, step)
        case Merge(first=first, second=second):
            tags, known = evaluation.tags(store, iteration), store.tags.names_and_kinds(iteration.project_id)
            return {tags[first].tag_id, tags[second].tag_id} <= known.keys()
        case MoreImages():
            return store.images.count(iteration.project_id) < GROWN * iteration.image_count
        case Shortcut():
            newest = store.iterations.newest_trained(iteration.project_id)
            return newest is not None and newest.id == iteration.id


def _is_a_group_unchanged(store: Store, iteration: Iteration, step: DifferentDuplicates) -> bool:
    """Whether at least one group of near duplicates is all there, tagged as it was."""
    rows, numbers = np.array(step.rows, np.int64), np.array(step.numbers, np.int64)
    is_same = np.isin(rows, unchanged(store, iteration, rows))
    return bool(np.setdiff1d(numbers, numbers[~is_same]).size)


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
