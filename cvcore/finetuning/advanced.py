"""Advanced training: within a budget of minutes, the network's last layers learn the tags too.

First the views are computed, then all fits are trained side by side in rounds, an attempt after the other while there
is time; at last each fit follows its attempts as far as the pictures it kept aside say. What it answers is set beside
what Quick answers on the same pictures in the same folds. Everything lies in the iteration's checkpoint folder until it
is trained, so whoever is killed goes on from there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore import domains, imaging, metrics
from cvcore.files import blobs
from cvcore.finetuning import feature_cache, fold_training, trainer
from cvcore.finetuning.epochs import HYPERPARAMETERS, Ending, train_runs
from cvcore.finetuning.fold_splits import PARTS, SEED, FoldSplit
from cvcore.finetuning.fold_splits import make_splits as fits_of
from cvcore.finetuning.fold_training import THRESHOLD, FoldResult
from cvcore.finetuning.schedule import Schedule, plan_schedule
from cvcore.finetuning.split_network import SplitNetwork, split_at_stride_16
from cvcore.finetuning.task import Run, Task, clock
from cvcore.finetuning.trainer import OutOfMemory, Trainer, TrainingData
from cvcore.metrics import paired_comparison
from cvcore.networks import backbones
from cvcore.networks.backbones import Backbone
from cvcore.networks.heads import Head
from cvcore.networks.keras_backend import Device
from cvcore.progress import Progress
from cvcore.records import K_FOLD, TuningOutcome
from cvcore.store import Store

# Of the budget, for seeing pictures otherwise; and in seconds, for what comes after the last round.
VIEWS_SHARE = 0.2
CONVERTING_S = 15.0
# A network says so many times as many pictures a second as it learns.
FASTER_TO_ASK = 3.0
BATCH_LEAST = 4

COURSE = "course.json"


@dataclass(frozen=True, eq=False)
class TunedModel:
    """The network and the classifier to ship, with what the folds said, and what came of it beside Quick."""

    prepared: Backbone
    head: Head
    outcome: TuningOutcome


def tune(store: Store, lesson: Task, quick: Head, progress: Progress, device: Device) -> TunedModel:
    """Tune the lesson's network within its budget; `quick` is what Quick made of it.

    Raises:
        Stopped: `progress` asked to; what was done is kept, and the next call goes on from there.
        StorageFull, HomeUnusable: the checkpoint cannot be written.
        ModelDamaged, WeightsMissing: the network's weights for Keras are not here.
    """
    folder = blobs.checkpoint_folder(store.home, lesson.iteration.id)
    session = Run(store, lesson, quick, device, folder, clock(folder), progress)
    session.tell("Making the network ready")
    model = _model(session)
    halved = split_at_stride_16(model)
    material = _material(session, halved)
    plan = lesson.plan
    fits = fits_of(
        *(plan.folds, plan.trains, lesson.truth, lesson.groups), is_cross_validated=plan.evaluation.method == K_FOLD
    )
    bench, course = _ready(session, halved, material, fits)
    done, ended = train_runs(session, bench, fits, course)
    rounds = len(store.trainings.epochs(lesson.iteration.id))
    results = []
    for fit in fits:
        session.tell(f"Seeing what came of it: {fit.number + 1} of {len(fits)}")
        results.append(fold_training.average_runs(bench, fit, done))
    head = _head(session, fits, results)
    prepared = _kept(session, model, bench, results[-1])
    return TunedModel(prepared, head, _outcome(session, head, done, rounds, ended))


def forget(store: Store, iteration_id: str) -> None:
    """Delete what a training would need to go on."""
    blobs.delete(blobs.checkpoint_folder(store.home, iteration_id))


def sweep(store: Store) -> None:
    """Delete the checkpoints of trainings that will not go on, and networks that were kept for one just before it died.

    For when nothing is being trained.
    """
    networks = blobs.backbones_folder(store.home)
    for fingerprint in backbones.tuned_in(networks):
        if not store.iterations.count_using(fingerprint):
            backbones.delete_tuned(fingerprint, networks)
    for folder in blobs.checkpoint_folder(store.home, "").glob("*"):
        if not store.iterations.is_training(folder.name):
            blobs.delete(folder)


def _model(session: Run) -> Any:
    """The network for Keras; on a GPU it computes in 16 bits, with weights in 32."""
    import keras

    usual = keras.config.dtype_policy()
    networks = blobs.backbones_folder(session.store.home)
    try:
        if session.device == "gpu":
            keras.config.set_dtype_policy("mixed_bfloat16")
        return backbones.same_keras_model(session.lesson.prepared, networks)
    finally:
        keras.config.set_dtype_policy(usual)


def _material(session: Run, halved: SplitNetwork) -> TrainingData:
    lesson, home = session.lesson, session.store.home

    def pixels_of(sha256: str) -> Callable[[], NDArray[np.uint8]]:
        return lambda: imaging.pixels(blobs.read(blobs.original_path(home, sha256)), lesson.prepared.side)

    tensors = feature_cache.compute(
        halved,
        [pixels_of(each.sha256) for each in lesson.snapshot],
        domains.with_transforms(domains.find(lesson.iteration.domain_id).policy, lesson.options.transforms),
        session.folder,
        budget_s=VIEWS_SHARE * session.budget_s,
        seed=SEED,
        on_share=lambda share: session.tell(f"Seeing the pictures otherwise: {share:.0%}"),
    )
    embeddings, l2 = lesson.embeddings, lesson.prepared.l2
    return TrainingData(tensors, embeddings, lesson.truth, lesson.costs, lesson.multilabel, l2)


def _ready(
    session: Run, halved: SplitNetwork, material: TrainingData, fits: Sequence[FoldSplit]
) -> tuple[Trainer, Schedule]:
    """What trains, and how it goes: as before, where it goes on."""
    if course := _kept_course(session.folder):
        return trainer.build_trainer(halved, material, session.folder, batch=course.batch), course
    batch = trainer.BATCH
    while True:
        bench = trainer.build_trainer(halved, material, session.folder, batch=batch)
        try:
            pace = fold_training.images_per_s(bench, fits[-1])
            break
        except OutOfMemory:
            if batch <= BATCH_LEAST:
                raise MemoryError from None
            batch //= 2
    attempts = max(1, min(len(HYPERPARAMETERS), *(fit.parts.max(initial=0) + 1 for fit in fits)))
    asked = (1 + 2 * attempts / PARTS) * len(fits) * len(material.truth)
    reserve_s = CONVERTING_S + asked / (FASTER_TO_ASK * pace)
    pictures = (session.budget_s - session.clock() - reserve_s) * pace
    course = plan_schedule([len(fit.trains) for fit in fits], batch, pictures, attempts=int(attempts))
    course = replace(course, reserve_s=round(reserve_s, 3))
    blobs.write(session.folder / COURSE, json.dumps(asdict(course)).encode(), durable=False)
    return bench, course


def _kept_course(folder: Path) -> Schedule | None:
    try:
        told = json.loads((folder / COURSE).read_bytes())
        return Schedule(**told | {"steps": tuple(told["steps"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _head(session: Run, fits: Sequence[FoldSplit], results: Sequence[FoldResult | None]) -> Head:
    """The head of the last fit and what all say of the rows they are judged on, Quick's where nothing better came."""
    out_of_fold = session.quick.out_of_fold.copy()
    for fit, result in zip(fits, results, strict=True):
        if result:
            out_of_fold[fit.judged] = result.judged
    last = results[-1] or session.quick
    return Head(last.kernel, last.bias, out_of_fold, session.lesson.prepared.l2)


def _kept(session: Run, model: Any, bench: Trainer, tuned: FoldResult | None) -> Backbone:
    """The network to ship, kept where all networks are; the one that the lesson began with where none is better."""
    if tuned is None:
        return session.lesson.prepared
    session.tell("Keeping the network")
    networks = blobs.backbones_folder(session.store.home)
    bench.halves.top.set_weights(tuned.top)
    whole = backbones.same_keras_model(session.lesson.prepared, networks)
    whole.set_weights(model.get_weights())
    prepared = backbones.keep_tuned(whole, session.lesson.prepared, networks)
    seen = session.store.trainings.tuned_on(session.lesson.prepared.fingerprint)
    trained = [
        each.sha256 for each, trains in zip(session.lesson.snapshot, session.lesson.plan.trains, strict=True) if trains
    ]
    session.store.trainings.note_tuned_on(prepared.fingerprint, [*seen, *trained])
    return prepared


def _outcome(session: Run, head: Head, attempts: int, rounds: int, ended: Ending) -> TuningOutcome:
    lesson = session.lesson
    rows = lesson.plan.folds >= 0
    answers = [
        metrics.answers(each.out_of_fold[rows], THRESHOLD, multilabel=lesson.multilabel)
        for each in (head, session.quick)
    ]
    beside = paired_comparison.right_answers(lesson.truth[rows], answers[0], answers[1], lesson.groups[rows])
    return TuningOutcome(
        images=beside.images,
        right=beside.first,
        quick_right=beside.second,
        p_value=beside.p_value,
        attempts=attempts,
        rounds=rounds,
        seconds=round(session.clock(), 1),
        ended=ended,
        device=session.device,
    )
