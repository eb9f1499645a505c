"""Measures a trained iteration's robustness: changes its held-out images, embeds them anew and judges them again."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cvcore import analyses, evaluation, imaging, metrics
from cvcore.array_types import Float32s, Integers, Levels
from cvcore.errors import InvalidInput
from cvcore.evaluation import OutOfFold, out_of_fold
from cvcore.files import blobs
from cvcore.languages import t
from cvcore.networks import backbones, embedding_cache, feature_extraction, heads
from cvcore.networks.backbones import Backbone
from cvcore.networks.feature_extraction import Stream
from cvcore.networks.keras_backend import Device
from cvcore.progress import Progress, Stopped, share
from cvcore.records import K_FOLD, Iteration
from cvcore.robustness import Measurement, measurement, stored
from cvcore.robustness.measurement import Classifiers, Item, pixels_of
from cvcore.store import SnapshotImage, Store
from cvcore.training.steps import pipeline, quick

# What is done is written this often, so that a worker that dies loses little.
SAVE_S = 20.0
# After so many images it is told how long the others will take.
TIMED = 5

# Classifiers that are fitted again say the same as those of the training; more is another version's.
SAME = 0.01


def measure(store: Store, iteration: Iteration, progress: Progress, device: Device = "cpu") -> Measurement:
    """Measure the robustness of an iteration; what was done before it was stopped is not done again.

    Raises:
        Stopped: `progress` asked to stop; what is done is kept.
        NotFound, Unavailable: an image or the network is missing.
    """
    predictions = evaluation.load(store, iteration)
    rows = measurement.drawn(predictions.truth, predictions.evaluated)
    if not rows.size:
        raise InvalidInput(
            t(
                "robustness needs images that were evaluated, {iteration!r} has none: train again",
                iteration=iteration.name,
            )
        )
    snapshot = store.iterations.images(iteration.id)
    judges = _judges(store, iteration, predictions, snapshot, share(progress, 0, 0.1), device)
    first = metrics.levels(judges.unchanged[rows], predictions.truth[rows], multilabel=predictions.multilabel)
    whole = Measurement(rows, first[None], np.array(judges.are_own))
    levels = _finished(store, iteration, whole)
    changing = share(progress, 0.1, 1)

    started_at, begun = time.monotonic(), len(levels)

    def report() -> None:
        done, passed_s = len(levels) - begun, time.monotonic() - started_at
        stage = _stage(len(levels), len(rows), passed_s / done if done >= TIMED else None)
        changing(stage, len(levels) / len(rows))

    saved_at = started_at
    with contextlib.closing(_changed(store, judges, snapshot, rows[len(levels) :], device)) as stream:
        try:
            report()
            for each in stream:
                levels.append(each)
                if time.monotonic() - saved_at > SAVE_S:
                    _save(store, iteration, whole, levels)
                    saved_at = time.monotonic()
                report()
        except Stopped:
            _save(store, iteration, whole, levels)
            raise
    blobs.delete(out_of_fold.folder(store, iteration) / stored.UNFINISHED.name)
    return _with(whole, levels)


def _stage(done: int, total: int, image_s: float | None) -> str:
    """How far it is, and how long it will take if an image takes so many seconds.

    >>> _stage(20, 600, 0.5), _stage(1, 600, None)
    ('Changing images and judging them: 20 of 600, about 5 min left', 'Changing images and judging them: 1 of 600')
    """
    if image_s is None:
        return t("Changing images and judging them: {done} of {total}", done=done, total=total)
    minutes = max(1, round((total - done) * image_s / 60))
    return t(
        "Changing images and judging them: {done} of {total}, about {minutes} min left",
        done=done,
        total=total,
        minutes=minutes,
    )


@dataclass(frozen=True, eq=False)
class _Judges:
    """Who judges the images, with which network, and what they say of all unchanged images, (images, tags)."""

    backbone: Backbone
    classifiers: Classifiers
    unchanged: Float32s
    are_own: bool


def _judges(
    store: Store,
    iteration: Iteration,
    predictions: OutOfFold,
    snapshot: Sequence[SnapshotImage],
    progress: Progress,
    device: Device,
) -> _Judges:
    """Classifiers that were not trained on the images they judge.

    With a hold-out or test set that is the one that ships. Those of the folds are fitted again, as Quick training did.
    Advanced's networks of the folds are gone: there Quick's classifiers judge, on the network that it began with.
    """
    known = store.trainings.tuned_on(iteration.fingerprint)
    is_seen = any(snapshot[row].sha256 in known for row in np.flatnonzero(predictions.evaluated).tolist())
    network = blobs.backbones_folder(store.home)
    if not is_seen and iteration.evaluation and iteration.evaluation.method != K_FOLD:
        one = Classifiers(
            predictions.kernel[None], predictions.bias[None], np.zeros(len(snapshot), int), predictions.multilabel
        )
        return _Judges(backbones.find(iteration.fingerprint, network), one, predictions.probabilities, True)
    options = store.trainings.options(iteration.id)
    if is_seen:
        backbone, _ = pipeline.starting_backbone(store, iteration, options, share(progress, 0, 0.1))
    else:
        backbone = backbones.find(iteration.fingerprint, network)
    embeddings = embedding_cache.compute(store, backbone, snapshot, share(progress, 0.1, 0.8), device)
    fitting = share(progress, 0.8, 1)
    fitted = heads.of_folds(
        embeddings,
        predictions.truth,
        predictions.folds,
        multilabel=predictions.multilabel,
        l2=backbone.l2,
        costs=quick.tag_costs(options, [tag.tag_id for tag in evaluation.tags(store, iteration)]),
        on_progress=lambda fraction: fitting(t("Fitting the classifiers of the folds"), fraction),
    )
    kernels, biases = (np.stack(parts) for parts in zip(*fitted, strict=True))
    classifiers = Classifiers(kernels, biases, predictions.folds, predictions.multilabel)
    unchanged = classifiers.of_all(embeddings)
    are_own = bool(np.nanmax(np.abs(unchanged - predictions.probabilities)) < SAME)
    return _Judges(backbone, classifiers, predictions.probabilities if are_own else unchanged, are_own)


def _changed(
    store: Store, judges: _Judges, snapshot: Sequence[SnapshotImage], rows: Integers, device: Device
) -> Generator[Levels, None, None]:
    """The levels of each row's image under every condition, in turn."""
    side, folder = judges.backbone.side, blobs.backbones_folder(store.home)

    def read(row: int) -> Levels:
        return imaging.pixels(blobs.read(blobs.original_path(store.home, snapshot[row].sha256)), side)

    def embed(items: Iterable[Item]) -> Stream[Item]:
        return feature_extraction.stream(judges.backbone, folder, items, pixels_of, device)

    return measurement.changed_levels(rows, read, embed, judges.classifiers)


def _with(whole: Measurement, levels: Sequence[Levels]) -> Measurement:
    """The measurement of the first rows, with the levels of their changed images, (c, k) each."""
    done = len(levels)
    return Measurement(
        whole.rows[:done], np.concatenate([whole.levels[:, :done], np.stack(levels, axis=1)]), whole.is_own
    )


def _save(store: Store, iteration: Iteration, whole: Measurement, levels: Sequence[Levels]) -> None:
    # A deleted iteration has no folder any more, and must not get one again.
    if levels and out_of_fold.folder(store, iteration).exists():
        analyses.save(store, iteration, stored.UNFINISHED, _with(whole, levels))


def _finished(store: Store, iteration: Iteration, whole: Measurement) -> list[Levels]:
    """The levels of the rows that were done before a stop, if the same classifiers judged them."""
    kept = analyses.load(store, iteration, stored.UNFINISHED)
    if kept is None:
        return []
    done = len(kept.rows)
    is_same = np.array_equal(kept.rows, whole.rows[:done]) and np.array_equal(kept.levels[0], whole.levels[0, :done])
    return list(np.moveaxis(kept.levels[1:], 1, 0)) if is_same else []
