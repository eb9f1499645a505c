"""A network's top learns, nothing it is judged on has a say in it, and what was interrupted goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cvcore.domains import Policy
from cvcore.errors import InvalidInput
from cvcore.finetuning import feature_cache, fold_training, trainer
from cvcore.finetuning.fold_splits import FoldSplit
from cvcore.finetuning.fold_splits import make_splits as fits_of
from cvcore.finetuning.fold_training import Hyperparameters
from cvcore.finetuning.split_network import SplitNetwork, split_at_stride_16
from cvcore.finetuning.trainer import Trainer, TrainingData
from cvcore.networks import architectures, heads, keras_backend

pytestmark = pytest.mark.network

SIDE = 32
SETTING = Hyperparameters(0.02, 0.0)


def tiny() -> Any:
    """A network in the shape of a backbone: 32 x 32 pixels, a map of 2 x 2 at the cut, 6 numbers, blind for red."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    inside = keras.Input((SIDE, SIDE, 3))
    seen = layers.Conv2D(6, 2, activation="tanh")
    high = layers.BatchNormalization()(seen(layers.AveragePooling2D(SIDE // 2)(inside)))
    network = keras.Model(inside, layers.GlobalAveragePooling2D()(high))
    kernel, bias = seen.get_weights()
    kernel[:, :, 0] = 0
    seen.set_weights([kernel, bias])
    pixels = keras.Input((SIDE, SIDE, 3))
    return keras.Model(pixels, network(layers.Rescaling(1 / 64, -2)(pixels), training=False))


def pictures(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise, every second picture redder, and which of the two it is."""
    rng = np.random.default_rng(2)
    labels = np.arange(count) // 4 % 2
    pixels = rng.integers(0, 200, (count, SIDE, SIDE, 3))
    pixels[labels == 1, :, :, 0] += 50
    return pixels.astype(np.uint8), labels[:, None] == np.arange(2)


class Lesson:
    """What a test trains: the halves, the material and its fits, in two folds."""

    def __init__(self, folder: Path, *, count: int = 96) -> None:
        keras_backend.prepare_backend()
        self.folder = folder
        self.model = tiny()
        self.halves: SplitNetwork = split_at_stride_16(self.model)
        self.pixels, self.truth = pictures(count)
        self.folds = np.arange(count) // 2 % 2
        tensors = feature_cache.compute(
            self.halves,
            [lambda each=each: each for each in self.pixels],
            Policy(()),
            folder,
            budget_s=0,
            seed=0,
        )
        embeddings = self.model.predict_on_batch(self.pixels.astype(np.float32))
        self.material = TrainingData(tensors, embeddings, self.truth, np.ones(2), False, 0.01)

    def fits(self) -> list[FoldSplit]:
        everyone = np.ones(len(self.truth), bool)
        rows = np.arange(len(self.truth))
        return fits_of(self.folds, everyone, self.material.truth, rows, is_cross_validated=True)

    def bench(self) -> Trainer:
        return trainer.build_trainer(self.halves, self.material, self.folder)


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    return Lesson(tmp_path)


def trained(bench: Trainer, fit: FoldSplit, rounds: int = 6, first: int = 0) -> fold_training.Told:
    for number in range(first, rounds):
        told = fold_training.train_epoch(bench, fit, 0, SETTING, course=(number, rounds, 8))
    return told


def test_the_halves_are_the_whole(lesson: Lesson) -> None:
    """Trunk and top one after the other say what the model says, the cut is the map, and what normalises is still."""
    pixels = lesson.pixels[:4].astype(np.float32)
    through = lesson.halves.top.predict_on_batch(lesson.halves.trunk.predict_on_batch(pixels))
    np.testing.assert_array_equal(lesson.model.predict_on_batch(pixels), through)
    assert ((2, 2, 3),) == lesson.halves.shapes
    assert 2 == len(lesson.halves.top.trainable_weights)


@pytest.mark.parametrize("name", ["Built-in network"])
def test_a_network_with_branches_is_cut_too(name: str) -> None:
    """What goes around the cut, the built-in network's colours and waves, is handed up beside the map."""
    keras_backend.prepare_backend()
    model = architectures.keras_model(name, 128)
    cut = split_at_stride_16(model)
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 128, 128, 3)).astype(np.float32)
    np.testing.assert_array_equal(
        model.predict_on_batch(pixels), cut.top.predict_on_batch(cut.trunk.predict_on_batch(pixels))
    )
    assert ((8, 8, 112), (192,), (27,)) == cut.shapes


def test_a_network_without_such_a_map_is_refused() -> None:
    """The message says what a network must have."""
    import keras

    inside = keras.Input((SIDE, SIDE, 3))
    network = keras.Model(inside, keras.layers.GlobalAveragePooling2D()(inside), name="flat")
    pixels = keras.Input((SIDE, SIDE, 3))
    model = keras.Model(pixels, network(keras.layers.Rescaling(1.0)(pixels)))
    with pytest.raises(InvalidInput) as refusal:
        split_at_stride_16(model)
    assert "a network to be tuned must have a map 2 pixels wide, flat has none" == str(refusal.value)


def test_views_go_on_where_they_were_left(lesson: Lesson, tmp_path: Path) -> None:
    """The first view is the picture as it is; a computation that was broken off gives the same in the end."""
    asked = [lambda each=each: each for each in lesson.pixels]
    policy = Policy(("mirror", "light"))
    whole = feature_cache.compute(lesson.halves, asked, policy, tmp_path / "a", budget_s=60, seed=3)[0]
    as_they_are = lesson.halves.trunk.predict_on_batch(lesson.pixels.astype(np.float32)).astype(np.float16)
    np.testing.assert_allclose(as_they_are, whole[0], atol=2e-3)
    assert whole.shape[0] == feature_cache.VIEWS_MOST

    def stop_half_way(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        feature_cache.compute(lesson.halves, asked, policy, tmp_path / "b", budget_s=60, seed=3, on_share=stop_half_way)
    shares: list[float] = []
    again = feature_cache.compute(
        lesson.halves, asked, policy, tmp_path / "b", budget_s=60, seed=3, on_share=shares.append
    )[0]
    assert min(shares) > 0.5
    np.testing.assert_array_equal(whole, again)


def test_the_fits_of_a_training() -> None:
    """One a fold, trained on all other rows, and the shipped one on all; each row is in one part, twins in the same."""
    truth = np.arange(60)[:, None] % 2 == np.arange(2)
    folds, groups = np.arange(60) % 3, np.arange(60) // 6
    found = fits_of(folds, np.ones(60, bool), truth, groups, is_cross_validated=True)
    assert [40, 40, 40, 60] == [len(fit.trains) for fit in found]
    assert [20, 20, 20, 0] == [len(fit.judged) for fit in found]
    for fit in found:
        assert not set(fit.trains) & set(fit.judged)
        aside = fit.kept_aside(0)
        assert len(aside)
        assert sorted([*aside, *fit.learns(0)]) == sorted(fit.trains)
        assert not set(groups[aside]) & set(groups[fit.learns(0)])
    (alone,) = fits_of(np.where(folds == 0, 0, -1), folds > 0, truth, groups, is_cross_validated=False)
    assert (40, 20) == (len(alone.trains), len(alone.judged))


def test_the_top_learns_what_the_network_did_not_know(lesson: Lesson) -> None:
    """The loss falls, and on the fold that was not trained on more is right than with the network as it came."""
    bench, fit = lesson.bench(), lesson.fits()[0]
    first = fold_training.train_epoch(bench, fit, 0, SETTING, course=(0, 6, 8))
    last = trained(bench, fit, first=1)
    assert last.loss < first.loss
    made = fold_training.average_runs(bench, fit, 1)
    assert made is not None
    quick = heads.fit(lesson.material.embeddings, lesson.truth, lesson.folds, multilabel=False).out_of_fold
    truth = lesson.truth[fit.judged]
    errors = [(told.argmax(axis=1) != truth.argmax(axis=1)).sum() for told in (made.judged, quick[fit.judged])]
    assert errors[0] < errors[1]
    bench.halves.top.set_weights(made.top)
    embeddings = lesson.model.predict_on_batch(lesson.pixels[fit.judged].astype(np.float32))
    told = heads.probabilities(embeddings, made.kernel, made.bias, multilabel=False)
    np.testing.assert_allclose(told, made.judged, atol=2e-3)


def test_tags_of_judged_pictures_have_no_say(tmp_path: Path) -> None:
    """Whatever tags the judged fold carries, the fit that judges it comes out the same to the last bit."""
    found = []
    for name, shift in (("one", 0), ("other", 1)):
        lesson = Lesson(tmp_path / name)
        fit = lesson.fits()[0]
        truth = lesson.truth.copy()
        truth[fit.judged] = np.roll(truth[fit.judged], shift, axis=1)
        lesson.material = TrainingData(
            lesson.material.views, lesson.material.embeddings, truth, np.ones(2), False, 0.01
        )
        bench = lesson.bench()
        trained(bench, fit, rounds=2)
        found.append(fold_training.average_runs(bench, fit, 1))
    one, other = found
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one.judged, other.judged)


def test_what_was_broken_off_goes_on(tmp_path: Path) -> None:
    """A round that was stopped half-way is trained again, one that was done is not, and the end is the same."""
    whole, broken = Lesson(tmp_path / "whole"), Lesson(tmp_path / "broken")
    fit = whole.fits()[0]
    bench = whole.bench()
    expected = trained(bench, fit, rounds=3)

    def stop_half_way(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    fold_training.train_epoch(broken.bench(), fit, 0, SETTING, course=(0, 3, 8))
    with pytest.raises(KeyboardInterrupt):
        fold_training.train_epoch(broken.bench(), fit, 0, SETTING, course=(1, 3, 8), on_step=stop_half_way)
    again = broken.bench()
    steps: list[float] = []
    fold_training.train_epoch(again, fit, 0, SETTING, course=(0, 3, 8), on_step=steps.append)
    assert [] == steps
    last = trained(again, fit, rounds=3, first=1)
    np.testing.assert_allclose(expected.judged, last.judged, atol=1e-4)


def test_where_nothing_better_is_found_quick_stays(lesson: Lesson) -> None:
    """Attempts that learn nothing come to nothing."""
    bench, fit = lesson.bench(), lesson.fits()[0]
    for attempt in range(2):
        fold_training.train_epoch(bench, fit, attempt, Hyperparameters(0.0, 0.0), course=(0, 1, 2))
    assert fold_training.average_runs(bench, fit, 2) is None
    assert fold_training.average_runs(bench, fit, 0) is None


def test_several_tags_a_picture(lesson: Lesson) -> None:
    """In Multilabel every tag is its own yes or no, and the loss falls as well."""
    truth = np.column_stack([lesson.truth[:, 0], lesson.truth[:, 1], lesson.truth.any(axis=1)])
    lesson.material = TrainingData(lesson.material.views, lesson.material.embeddings, truth, np.ones(3), True, 0.01)
    bench, fit = lesson.bench(), lesson.fits()[0]
    first = fold_training.train_epoch(bench, fit, 0, SETTING, course=(0, 6, 8))
    assert trained(bench, fit, first=1).loss < first.loss
    assert (48, 3) == first.judged.shape
