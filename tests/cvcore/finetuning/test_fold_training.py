"""The upper layers are trained, evaluated images have no influence on it, and a stopped training resumes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from cvcore import training
from cvcore.domains import Policy
from cvcore.errors import InvalidInput
from cvcore.finetuning import comparison, fold_training, schedule
from cvcore.finetuning.epochs import TrainingSetup, train_epochs
from cvcore.finetuning.features import feature_cache
from cvcore.finetuning.features.split_network import split_at_pixels, split_at_stride_16
from cvcore.finetuning.fold_splits import make_splits
from cvcore.finetuning.task import AdvancedTraining, Task
from cvcore.finetuning.training_data import TrainingData
from cvcore.networks import architectures, backbones, heads, keras_backend
from cvcore.networks.keras_backend import Device
from cvcore.progress import silent
from cvcore.records import K_FOLD, TEST_SET, Evaluation, Iteration, TrainingOptions, TuningEpoch
from cvcore.store import Store
from cvcore.validation import Plan
from tests.conftest import Fill
from tests.cvcore.finetuning.conftest import SIDE, Example, planned, train, train_one

pytestmark = pytest.mark.network

DEVICES: tuple[Device, ...] = ("cpu", "gpu")


def test_the_two_parts_are_the_model(example: Example) -> None:
    """Trunk and top one after the other equal the model, and batch normalisation is frozen."""
    pixels = example.pixels[:4].astype(np.float32)
    through = example.network.top.predict_on_batch(example.network.trunk.predict_on_batch(pixels))
    np.testing.assert_array_equal(example.model.predict_on_batch(pixels), through)
    assert ((2, 2, 3),) == example.network.shapes
    assert 2 == len(example.network.top.trainable_weights)


def test_the_whole_network_can_be_trained(example: Example) -> None:
    """Split at the pixels, all but batch normalisation is trained, and setting the top's weights sets the model's."""
    network = split_at_pixels(example.model)
    pixels = example.pixels[:4].astype(np.float32)
    through = network.top.predict_on_batch(network.trunk.predict_on_batch(pixels))
    np.testing.assert_array_equal(example.model.predict_on_batch(pixels), through)
    assert 2 == len(network.top.trainable_weights)
    network.top.set_weights([2 * weights for weights in network.top.get_weights()])
    assert np.abs(example.model.predict_on_batch(pixels) - through).max() > 0.01


@pytest.mark.parametrize("name", ["Built-in network"])
def test_a_network_with_branches_is_split_too(name: str) -> None:
    """Branches around the split, the built-in network's colours and waves, are passed up beside the feature map."""
    keras_backend.prepare_backend()
    model = architectures.keras_model(name, 128)
    network = split_at_stride_16(model)
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 128, 128, 3)).astype(np.float32)
    np.testing.assert_array_equal(
        model.predict_on_batch(pixels), network.top.predict_on_batch(network.trunk.predict_on_batch(pixels))
    )
    assert ((8, 8, 112), (192,), (27,)) == network.shapes


def test_a_network_without_such_a_map_is_refused() -> None:
    """The message says what a network must have."""
    import keras

    inside = keras.Input((SIDE, SIDE, 3))
    network = keras.Model(inside, keras.layers.GlobalAveragePooling2D()(inside), name="flat")
    pixels = keras.Input((SIDE, SIDE, 3))
    model = keras.Model(pixels, network(keras.layers.Rescaling(1.0)(pixels)))
    with pytest.raises(InvalidInput) as refusal:
        split_at_stride_16(model)
    expected = "fine-tuning needs a network with a feature map 2 pixels wide, flat has none: choose another domain"
    assert expected == str(refusal.value)


def test_the_feature_cache_resumes(example: Example, tmp_path: Path) -> None:
    """Copy 0 is of the unchanged image; a computation that was stopped gives the same in the end."""
    images = [lambda image=image: image for image in example.pixels]
    policy = Policy(("mirror", "light"))
    whole = feature_cache.compute(example.network, images, policy, tmp_path / "a", budget_s=60, seed=3)[0]
    unchanged = example.network.trunk.predict_on_batch(example.pixels.astype(np.float32)).astype(np.float16)
    np.testing.assert_allclose(unchanged, whole[0], atol=2e-3)
    assert whole.shape[0] == feature_cache.COPIES_MOST

    def stop_half_way(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        feature_cache.compute(
            example.network, images, policy, tmp_path / "b", budget_s=60, seed=3, on_share=stop_half_way
        )
    shares: list[float] = []
    again = feature_cache.compute(
        example.network, images, policy, tmp_path / "b", budget_s=60, seed=3, on_share=shares.append
    )[0]
    assert min(shares) > 0.5
    np.testing.assert_array_equal(whole, again)


@pytest.mark.slow
def test_a_gpu_computes_the_same_features(example: Example, tmp_path: Path) -> None:
    """The program that changes images on the device gives the trunk what Pillow does, in every copy."""
    images, policy = [lambda image=image: image for image in example.pixels], Policy(("mirror", "shift", "light"))
    by_cpu, by_gpu = (
        feature_cache.compute(example.network, images, policy, tmp_path / device, budget_s=600, seed=3, device=device)[
            0
        ]
        for device in DEVICES
    )
    assert by_cpu.shape == by_gpu.shape
    np.testing.assert_allclose(by_cpu, by_gpu, atol=0.02)
    assert np.abs(by_cpu[1:] - by_cpu[0]).max() > 0.1


def test_the_fold_splits_of_a_training() -> None:
    """One for each fold, trained on all other rows, and the shipped one on all."""
    truth = np.arange(60)[:, None] % 2 == np.arange(2)
    splits = make_splits(Plan(Evaluation(K_FOLD, 3, 0), np.arange(60) % 3, np.ones(60, bool)), truth, np.arange(60))
    assert [40, 40, 40, 60] == [len(split.rows) for split in splits]
    assert [20, 20, 20, 0] == [len(split.evaluated) for split in splits]
    assert [set()] * 4 == [set(split.rows) & set(split.evaluated) for split in splits]


def test_a_test_set_decides_nothing() -> None:
    """Folds of the training images compare Advanced with Quick; no split but the shipped one touches the test set."""
    truth = np.arange(60)[:, None] % 2 == np.arange(2)
    is_test, groups = np.arange(60) < 12, np.arange(60) // 6
    plan = Plan(Evaluation(TEST_SET, 1, 0), np.where(is_test, 0, -1), ~is_test)
    *compared, shipped = make_splits(plan, truth, groups)
    assert (48, list(range(12))) == (len(shipped.rows), shipped.evaluated.tolist())
    assert list(range(12, 60)) == sorted(np.concatenate([split.evaluated for split in compared]))
    for split in compared:
        assert list(range(12, 60)) == sorted([*split.rows, *split.evaluated])
        assert not set(groups[split.rows]) & set(groups[split.evaluated])


def test_the_top_learns_what_the_network_did_not_know(example: Example) -> None:
    """The loss falls, and on the fold that was not trained on more is right than with the backbone as it was."""
    built, split = example.trainer(), example.splits()[0]
    first = train_one(built, split, 0, 6)
    last = train(built, split, first=1)
    assert first is not None
    assert last.loss < first.loss
    tuned = fold_training.trained_model(built, split)
    assert tuned is not None
    quick = heads.fit(example.data.embeddings, example.truth, example.folds, multilabel=False).out_of_fold
    truth = example.truth[split.evaluated]
    np.testing.assert_allclose(quick[split.evaluated], tuned.quick, atol=0.02)
    compared = tuned.probabilities, quick[split.evaluated]
    errors = [(probabilities.argmax(axis=1) != truth.argmax(axis=1)).sum() for probabilities in compared]
    assert errors[0] < errors[1]
    built.network.top.set_weights(tuned.top)
    embeddings = example.model.predict_on_batch(example.pixels[split.evaluated].astype(np.float32))
    probabilities = heads.probabilities(embeddings, tuned.kernel, tuned.bias, multilabel=False)
    np.testing.assert_allclose(probabilities, tuned.probabilities, atol=2e-3)


def test_tags_of_evaluated_images_have_no_influence(tmp_path: Path) -> None:
    """Whatever tags the evaluated fold carries, the model that is evaluated on it is the same to the last bit."""
    results = []
    for name, shift in (("one", 0), ("other", 1)):
        example = Example(tmp_path / name)
        split = example.splits()[0]
        truth = example.truth.copy()
        truth[split.evaluated] = np.roll(truth[split.evaluated], shift, axis=1)
        example.data = TrainingData(example.data.features, example.data.embeddings, truth, np.ones(2), False, 0.01)
        built = example.trainer()
        train(built, split, epochs=2)
        results.append(fold_training.trained_model(built, split))
    one, other = results
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one.probabilities, other.probabilities)


def test_a_stopped_training_resumes(tmp_path: Path) -> None:
    """An epoch that was stopped half-way is trained again, a finished one is not, and the result is the same."""
    whole, stopped = Example(tmp_path / "whole"), Example(tmp_path / "stopped")
    split = whole.splits()[0]
    expected = train(whole.trainer(), split, epochs=3)

    def stop_half_way(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    finished = train_one(stopped.trainer(), split, 0, 3)
    with pytest.raises(KeyboardInterrupt):
        train_one(stopped.trainer(), split, 1, 3, on_step=stop_half_way)
    again = stopped.trainer()
    steps: list[float] = []
    kept = train_one(again, split, 0, 3, on_step=steps.append)
    assert [] == steps
    assert finished is not None
    assert kept is not None
    assert (finished.loss, finished.seconds) == (kept.loss, kept.seconds)
    last = train(again, split, epochs=3, first=1)
    np.testing.assert_allclose(expected.probabilities, last.probabilities, atol=1e-4)
    assert train_one(again, split, 0, 3) is None


def advanced(example: Example, store: Store, iteration: Iteration, elapsed_s: float = 0.0) -> TrainingSetup:
    """An Advanced training of the example, of two epochs, some seconds after its start."""
    task = Task(
        iteration=iteration,
        options=TrainingOptions(is_advanced=True),
        snapshot=[],
        backbone=backbones.built_in(),
        plan=example.plan(),
        embeddings=example.data.embeddings,
        truth=example.truth,
        groups=np.arange(len(example.truth)),
        costs=example.data.costs,
        multilabel=False,
    )
    quick = example.data.quick_head(np.arange(len(example.truth)))
    training = AdvancedTraining(store, task, quick, "cpu", example.folder, lambda: elapsed_s, silent)
    return TrainingSetup(training, example.trainer(), example.splits(), planned(2))


@pytest.fixture
def iteration(store: Store, fill: Fill) -> Iteration:
    """One that waits for its Advanced training."""
    job = training.start(store, fill(rose=5, tulip=5), options=TrainingOptions(is_advanced=True))
    return store.iterations.get(job.iteration_id or "")


@pytest.mark.slow
def test_reported_epochs_keep_their_values(tmp_path: Path, store: Store, iteration: Iteration) -> None:
    """After a restart nothing is trained or reported again, but for what was lost with a checkpoint."""

    def run() -> list[TuningEpoch]:
        assert "converged" == train_epochs(advanced(Example(tmp_path), store, iteration))
        return store.trainings.epochs(iteration.id)

    before = run()
    assert before[0].loss != before[1].loss
    assert before == run()
    (tmp_path / "fold-0.npz").unlink()
    after = run()
    assert before[0] == after[0]
    np.testing.assert_allclose(before[1].validation_loss, after[1].validation_loss, rtol=1e-4)


def test_a_slow_machine_gets_fewer_epochs(example: Example, store: Store, iteration: Iteration) -> None:
    """What does not fit into the rest of the budget is taken off the schedule, in its file too."""
    setup = advanced(example, store, iteration, elapsed_s=599.999)
    assert "budget" == train_epochs(setup)
    assert 1 == len(store.trainings.epochs(iteration.id))
    assert dataclasses.replace(planned(1), is_short=True) == schedule.load(example.folder)


def test_a_training_that_learns_nothing_is_quick(example: Example) -> None:
    """Without an epoch there is no model; at a learning rate of 0 it is the one that Quick fitted, and not better."""
    built, split = example.trainer(), example.splits()[0]
    assert fold_training.trained_model(built, split) is None
    fold_training.train_epoch(built, split, planned(1, learning_rate=0.0), 0)
    same = fold_training.trained_model(built, split)
    assert same is not None
    np.testing.assert_array_equal(same.quick, same.probabilities)
    truth = example.truth[split.evaluated]
    assert not comparison.is_better(truth, same.probabilities, same.quick, multilabel=False)


def test_several_tags_an_image(example: Example) -> None:
    """In Multilabel every tag is its own yes or no, and the loss falls as well."""
    truth = np.column_stack([example.truth[:, 0], example.truth[:, 1], example.truth.any(axis=1)])
    example.data = TrainingData(example.data.features, example.data.embeddings, truth, np.ones(3), True, 0.01)
    built, split = example.trainer(), example.splits()[0]
    first = train_one(built, split, 0, 6)
    assert first is not None
    assert train(built, split, first=1).loss < first.loss
    assert (48, 3) == first.probabilities.shape
