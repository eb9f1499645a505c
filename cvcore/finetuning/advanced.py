"""Advanced training: within a time budget, the network's upper layers are trained on the tags too.

1. The features that the frozen layers compute of all images and their augmented copies are kept on disk.
2. All fold splits are trained side by side, epoch by epoch while there is time.
3. Every fold's model predicts the images that it did not train on. If these predictions together are no better than
   Quick's, Quick is shipped, and the iteration has Quick's numbers.
4. The outcome compares what is shipped with Quick on the evaluated images, in the same folds.

A training that was killed resumes. Features, checkpoints, the schedule and the time spent are in the iteration's
checkpoint folder; the reported epochs, the request to end early and the images that a network was fine-tuned on are in
the database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore import domains, imaging, metrics
from cvcore.files import blobs
from cvcore.finetuning import comparison, fold_training, schedule, trainer
from cvcore.finetuning.epochs import TrainingSetup, train_epochs
from cvcore.finetuning.features import feature_cache
from cvcore.finetuning.features.split_network import SplitNetwork, split_model
from cvcore.finetuning.fold_splits import SEED, FoldSplit, make_splits
from cvcore.finetuning.fold_training import FoldResult
from cvcore.finetuning.programs import OutOfMemory
from cvcore.finetuning.schedule import Schedule
from cvcore.finetuning.task import AdvancedTraining, Task, stopwatch
from cvcore.finetuning.trainer import Trainer
from cvcore.finetuning.training_data import TrainingData
from cvcore.languages import t
from cvcore.metrics import calibration, paired_comparison
from cvcore.networks import keras_backbones
from cvcore.networks.backbones import Backbone
from cvcore.networks.heads import Head
from cvcore.networks.keras_backend import Device
from cvcore.progress import Progress
from cvcore.records import EndReason, TuningOutcome
from cvcore.store import Store

# The share of the budget that computing features of augmented copies can take, and the seconds that are reserved for
# converting the network at the end.
AUGMENTATION_SHARE = 0.2
CONVERTING_S = 15.0
# Predicting is this many times as fast as training, in images per second.
PREDICTION_SPEED = 3.0
BATCH_LEAST = 4


@dataclass(frozen=True, eq=False)
class TunedModel:
    """The backbone and head to ship, the head with the out-of-fold probabilities, and the comparison with Quick."""

    backbone: Backbone
    head: Head
    outcome: TuningOutcome


def tune(store: Store, task: Task, quick: Head, progress: Progress, device: Device) -> TunedModel:
    """Fine-tune the task's backbone within its budget; `quick` is the head that Quick training fitted.

    Raises:
        Stopped: `progress` asked to stop; checkpoints are kept, and the next call resumes from them.
        StorageFull, HomeUnusable: features, a checkpoint or the network cannot be written.
        ModelDamaged, WeightsMissing: the network's weights for Keras are damaged or not on this machine.
        NotFound, InvalidInput: an image cannot be read, or the network has no feature map at stride 16.
        MemoryError: the device's memory is too small for even the smallest batch.
    """
    folder = blobs.checkpoint_folder(store.home, task.iteration.id)
    training = AdvancedTraining(store, task, quick, device, folder, stopwatch(folder), progress)
    training.save_time_and_report(t("Loading the network"))
    model = trainer.load_model(task.backbone, blobs.backbones_folder(store.home), device)
    network = split_model(model, task.backbone.name)
    data = _training_data(training, network)
    splits = make_splits(task.plan, task.truth, task.groups)
    setup = _setup(training, network, data, splits)
    ended = train_epochs(setup)
    backbone, head = task.backbone, quick
    if results := _better_results(setup):
        head = _head(setup, results)
        backbone = _keep_backbone(setup, model, results[-1])
    return TunedModel(backbone, head, _outcome(training, head, ended))


def forget(store: Store, iteration_id: str) -> None:
    """Delete the checkpoints from which a training would resume."""
    blobs.delete(blobs.checkpoint_folder(store.home, iteration_id))


def sweep(store: Store) -> None:
    """Delete checkpoints of trainings that will not resume, and fine-tuned networks that no iteration uses.

    An unused network is left behind when a training dies just after saving it. Call this only while nothing is trained.
    """
    networks = blobs.backbones_folder(store.home)
    for fingerprint in keras_backbones.tuned_fingerprints(networks):
        if not store.iterations.count_using(fingerprint):
            keras_backbones.delete_tuned(fingerprint, networks)
    for folder in blobs.checkpoint_folder(store.home, "").glob("*"):
        if not store.iterations.is_training(folder.name):
            blobs.delete(folder)


def _training_data(training: AdvancedTraining, network: SplitNetwork) -> TrainingData:
    task, home = training.task, training.store.home

    def reader(sha256: str) -> Callable[[], NDArray[np.uint8]]:
        return lambda: imaging.pixels(blobs.read(blobs.original_path(home, sha256)), task.backbone.side)

    features = feature_cache.compute(
        network,
        [reader(image.sha256) for image in task.snapshot],
        domains.with_transforms(domains.find(task.iteration.domain_id).policy, task.options.transforms),
        training.folder,
        budget_s=AUGMENTATION_SHARE * training.budget_s,
        seed=SEED,
        device=training.device,
        on_share=lambda share: training.save_time_and_report(t("Augmenting images: {percent}", percent=f"{share:.0%}")),
    )
    return TrainingData(features, task.embeddings, task.truth, task.costs, task.multilabel, task.backbone.l2)


def _setup(
    training: AdvancedTraining, network: SplitNetwork, data: TrainingData, splits: Sequence[FoldSplit]
) -> TrainingSetup:
    """The trainer and its schedule; a training that resumes keeps the schedule it began with."""
    if saved := schedule.load(training.folder):
        built = trainer.build_trainer(network, data, training.folder, batch=saved.batch, device=training.device)
        return TrainingSetup(training, built, splits, saved)
    built, images_per_s = _largest_batch(training, network, data, splits[-1])
    planned = _plan(training, splits, built, images_per_s)
    training.store.trainings.delete_epochs(training.task.iteration.id)
    schedule.save(planned, training.folder)
    return TrainingSetup(training, built, splits, planned)


def _largest_batch(
    training: AdvancedTraining, network: SplitNetwork, data: TrainingData, split: FoldSplit
) -> tuple[Trainer, float]:
    """A trainer with the largest batch that fits into the device's memory, and its speed in images per second.

    Raises:
        MemoryError: not even the smallest batch fits.
    """
    batch = trainer.batch_for(len(split.rows), training.device)
    while True:
        try:
            built = trainer.build_trainer(network, data, training.folder, batch=batch, device=training.device)
            return built, fold_training.images_per_s(built, split)
        except OutOfMemory:
            if batch <= BATCH_LEAST:
                raise MemoryError from None
            batch //= 2


def _plan(training: AdvancedTraining, splits: Sequence[FoldSplit], built: Trainer, images_per_s: float) -> Schedule:
    """The schedule for what is left of the budget, less the time for evaluating the models and saving the network."""
    predicted = built.network.views * sum(len(split.evaluated) for split in splits) / PREDICTION_SPEED
    reserve_s = CONVERTING_S + 2 * predicted / images_per_s
    images = (training.budget_s - training.elapsed_s() - reserve_s) * images_per_s
    planned = schedule.plan_schedule([len(split.rows) for split in splits], built.batch, images, predicted=predicted)
    return replace(planned, reserve_s=round(reserve_s, 3))


def _better_results(setup: TrainingSetup) -> list[FoldResult]:
    """Each split's model, if all but the last one's together are better than Quick on what they evaluate; else none.

    None either if not every split has trained an epoch.
    """
    task, compared, results = setup.training.task, setup.splits[:-1], []
    for split in setup.splits:
        setup.training.save_time_and_report(
            t("Evaluating fold {number} of {folds}", number=split.number + 1, folds=len(setup.splits))
        )
        results += [result] if (result := fold_training.trained_model(setup.trainer, split)) else []
    if not compared or len(results) < len(setup.splits):
        return []
    truth = task.truth[np.concatenate([split.evaluated for split in compared])]
    tuned = np.concatenate([result.probabilities for result in results[:-1]])
    quick = np.concatenate([result.quick for result in results[:-1]])
    return results if comparison.is_better(truth, tuned, quick, multilabel=task.multilabel) else []


def _head(setup: TrainingSetup, results: Sequence[FoldResult]) -> Head:
    """The last split's head with the out-of-fold probabilities, each split's at its temperature."""
    task, multilabel = setup.training.task, setup.training.task.multilabel
    temperatures = comparison.temperatures(task.truth, setup.splits, results, multilabel=multilabel)
    out_of_fold = setup.training.quick.out_of_fold.copy()
    for split, result, temperature in zip(setup.splits, results, temperatures, strict=True):
        rows = task.plan.folds[split.evaluated] >= 0
        scaled = calibration.scaled(result.probabilities[rows], temperature, multilabel=multilabel)
        out_of_fold[split.evaluated[rows]] = scaled
    shipped, shipped_temperature = results[-1], np.float32(temperatures[-1])
    kernel, bias = shipped.kernel / shipped_temperature, shipped.bias / shipped_temperature
    return Head(kernel, bias, out_of_fold, task.backbone.l2)


def _keep_backbone(setup: TrainingSetup, model: Any, result: FoldResult) -> Backbone:
    """Save the fine-tuned backbone and return it."""
    training, task = setup.training, setup.training.task
    training.save_time_and_report(t("Saving the network"))
    networks = blobs.backbones_folder(training.store.home)
    setup.trainer.network.top.set_weights(result.top)
    tuned_model = keras_backbones.load(task.backbone, networks)
    tuned_model.set_weights(model.get_weights())
    tuned = keras_backbones.save_tuned(tuned_model, task.backbone, networks)
    trained_on = [image.sha256 for image, trains in zip(task.snapshot, task.plan.trains, strict=True) if trains]
    trained_on_before = training.store.trainings.tuned_on(task.backbone.fingerprint)
    training.store.trainings.note_tuned_on(tuned.fingerprint, [*trained_on_before, *trained_on])
    return tuned


def _outcome(training: AdvancedTraining, head: Head, ended: EndReason) -> TuningOutcome:
    """Advanced compared with Quick on the images that are evaluated, both at temperatures that suit them."""
    task, quickly = training.task, training.quick.out_of_fold
    rows = task.plan.folds >= 0
    if head is not training.quick:
        quickly = comparison.at_own_temperature(task.truth, quickly, task.plan.folds, multilabel=task.multilabel)
    advanced, quick = (
        metrics.answers(probabilities[rows], comparison.THRESHOLD, multilabel=task.multilabel)
        for probabilities in (head.out_of_fold, quickly)
    )
    paired = paired_comparison.right_answers(task.truth[rows], advanced, quick, task.groups[rows])
    return TuningOutcome(
        images=paired.images,
        right=paired.first,
        quick_right=paired.second,
        p_value=paired.p_value,
        attempts=1,
        rounds=len(training.store.trainings.epochs(task.iteration.id)),
        seconds=round(training.elapsed_s(), 1),
        ended=ended,
        device=training.device,
    )
