"""On a GPU an epoch is a few calls, and nothing leaves the device inside one; here on a CPU, by the same code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cvcore.finetuning import checkpoints, fold_training, programs, trainer
from cvcore.finetuning.checkpoints import EpochResult
from cvcore.finetuning.fold_splits import FoldSplit
from cvcore.finetuning.trainer import Trainer
from tests.cvcore.finetuning.conftest import Example, planned

pytestmark = pytest.mark.network

CALLS_MOST = 5


def train(built: Trainer, split: FoldSplit, number: int) -> EpochResult:
    """One of three epochs."""
    result = fold_training.train_epoch(built, split, planned(3), number)
    assert result is not None
    return result


@pytest.fixture
def calls() -> Iterator[list[str]]:
    """The names of all programs and single operations that TensorFlow is asked for."""
    from tensorflow.python.framework import op_callbacks

    names: list[str] = []

    def note(op_type: str, inputs: Any, attrs: Any, outputs: Any, op_name: Any = None, graph: Any = None) -> None:
        if graph is None:  # not one that is compiled into a program
            names.append(op_type)

    op_callbacks.add_op_callback(note)
    yield names
    op_callbacks.remove_op_callback(note)


@pytest.fixture
def leaving(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of all tensors that become arrays."""
    import tensorflow as tf

    sizes: list[int] = []

    def noting(convert: Callable[..., Any]) -> Callable[..., Any]:
        def converted(value: Any, *others: Any, **options: Any) -> Any:
            if isinstance(value, tf.Tensor | tf.Variable):
                sizes.append(int(np.prod(value.shape)))
            return convert(value, *others, **options)

        return converted

    eager = type(tf.constant(0)).__mro__[1]
    monkeypatch.setattr(eager, "_numpy", noting(eager._numpy))
    for name in ("asarray", "array"):
        monkeypatch.setattr(np, name, noting(getattr(np, name)))
    return sizes


@pytest.mark.slow
def test_an_epoch_is_a_handful_of_calls(example: Example, calls: list[str]) -> None:
    """However many steps it has: state in, seed, all steps, predictions, state out."""
    built, split = example.trainer("gpu"), example.splits()[0]
    train(built, split, 0)
    calls.clear()
    train(built, split, 1)
    assert len(calls) <= CALLS_MOST, calls


def test_no_array_leaves_the_device_inside_an_epoch(example: Example, leaving: list[int]) -> None:
    """Only its losses and the probabilities come back; the weights stay, until a checkpoint is due."""
    built, split = example.trainer("gpu"), example.splits()[0]
    train(built, split, 0)
    leaving.clear()
    train(built, split, 1)
    assert [8, programs.PREDICTED_AT_ONCE * 2] == leaving


def test_one_call_trains_like_many(tmp_path: Path) -> None:
    """All steps in one call give the losses, probabilities and checkpoint of one call a step, to the last bit."""
    stepwise, whole = Example(tmp_path / "stepwise"), Example(tmp_path / "whole")
    split = stepwise.splits()[0]
    one, other = stepwise.trainer("cpu"), whole.trainer("gpu")
    for number in range(3):
        results = train(one, split, number), train(other, split, number)
        assert results[0].loss == results[1].loss
        np.testing.assert_array_equal(results[0].probabilities, results[1].probabilities)
    saved = [dict(checkpoints.read(built, checkpoints.path_of(built, split)) or {}) for built in (one, other)]
    for name in saved[0].keys() - {"seconds"}:
        np.testing.assert_array_equal(saved[0][name], saved[1][name])


def test_a_checkpoint_is_written_when_it_is_due(example: Example) -> None:
    """On a GPU the first epochs stay in memory for a while; the last one is in the file."""
    built, split = example.trainer("gpu"), example.splits()[0]
    path = checkpoints.path_of(built, split)
    for number in range(2):
        train(built, split, number)
    assert (-1, 1) == (checkpoints.last_epoch(path), int(built.unwritten[path]["round"]))
    built.written_at[path] -= 60
    assert built.is_write_due(path)
    train(built, split, 2)
    assert (2, {}) == (checkpoints.last_epoch(path), built.unwritten)


def test_fewer_copies_where_memory_is_small(example: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies are halved until they fit; where not even the unchanged images' features do, it is said."""
    import tensorflow as tf

    count, free = len(example.truth), 3 * len(example.truth)
    constant = tf.constant

    def too_small(values: Any, *others: Any, **options: Any) -> Any:
        if len(np.shape(values)) == 4 and len(values) > free:
            raise tf.errors.ResourceExhaustedError(None, None, "no memory")
        return constant(values, *others, **options)

    monkeypatch.setattr(tf, "constant", too_small)
    example.data.features[0] = np.repeat(example.data.features[0], 8, axis=0)
    assert 2 == example.trainer("gpu").programs.copies
    free = count - 1
    with pytest.raises(programs.OutOfMemory):
        example.trainer("gpu")


def test_features_need_not_be_in_a_file(example: Example) -> None:
    """An array that begins anywhere in memory, where TensorFlow could not read it in place, is copied."""
    rows, features = np.arange(len(example.truth)), example.data.features[0]
    memory = np.empty(features.nbytes + 2, np.uint8)[2:].view(np.float16).reshape(features.shape)
    memory[:] = features
    assert memory.ctypes.data % programs.ALIGNMENT_BYTES
    predicted = []
    for example.data.features[0] in (features, memory):
        built = example.trainer()
        built.reset(rows)
        predicted.append(built.predict(rows))
    np.testing.assert_array_equal(*predicted)


@pytest.mark.slow
def test_xla_compiles_an_epoch_too(example: Example) -> None:
    """By XLA a training learns as well; dropout draws other numbers there."""
    built = trainer.build_trainer(example.network, example.data, example.folder, device="gpu", by_xla=True)
    first, last = (train(built, example.splits()[0], number) for number in (0, 1))
    assert last.loss < first.loss
