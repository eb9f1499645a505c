"""The compiled programs of a trainer: many training steps, predictions or the whole state in one call.

The data stays on the device. Into a call of `train` go small arrays of random choices, out of it come the losses.
Written against TensorFlow, which every installation has: Keras has no loop over steps that takes its data from the
device.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore.array_types import Float32s, Integers
from cvcore.finetuning.training_data import Steps
from cvcore.networks.keras_backend import Device

# Images per batch of predictions; the last batch is filled up.
PREDICTED_AT_ONCE = 64

ALIGNMENT_BYTES = 64

Tensor = Any  # TensorFlow's own
State = list[Tensor]


class OutOfMemory(Exception):
    """A batch, or the features, are too large for the device's memory."""


@dataclass(frozen=True, eq=False)
class Programs:
    """Functions on the device, each one call into TensorFlow, which compiles it at its first.

    train: trains all steps on `targets` (n, …), see `TrainingData.targets`; returns their losses (steps,).
    predict: the scores (rows, tags) of these rows' images, the mean over the network's views.
    state: copies of the weights, then of the optimizer's variables, on the device.
    set_state: sets them, from tensors or arrays.
    copies: how many copies of every image are on the device.
    """

    train: Callable[[Tensor, Steps], Float32s]
    predict: Callable[[Integers], Float32s]
    state: Callable[[], State]
    set_state: Callable[[Sequence[Any]], None]
    copies: int


def build_programs(
    model: Any,
    optimizer: Any,
    features: Sequence[NDArray[np.float16]],
    loss: Callable[[Tensor, Tensor], Tensor],
    *,
    device: Device,
    batch: int,
    by_xla: bool = False,
    views: int = 1,
) -> Programs:
    """The programs of a built model and its optimizer; they keep `features` (copies, n, …) on the device.

    Predictions are of the first `views` copies, scores averaged. `loss` takes a batch's targets and scores.

    Raises:
        OutOfMemory: not even the unchanged images' features fit into the device's memory.
    """
    resident, copies = _resident(features, device, views)
    state, set_state = _state_programs([*model.weights, *optimizer.variables])
    return Programs(
        train=_train_program(model, optimizer, resident, loss, images=features[0].shape[1], batch=batch, by_xla=by_xla),
        predict=_predict_program(model, resident, images=features[0].shape[1], views=views),
        state=state,
        set_state=set_state,
        copies=copies,
    )


def _resident(features: Sequence[NDArray[np.float16]], device: Device, views: int) -> tuple[list[Tensor], int]:
    """The features on the device, each (copies x n, …), and how many copies fit: as many as a GPU's memory takes."""
    copies = len(features[0])
    while True:
        flat = [tensor[:copies].reshape(-1, *tensor.shape[2:]) for tensor in features]
        try:
            return [_on_device(tensor, device) for tensor in flat], copies
        except OutOfMemory:
            if copies <= views:
                raise
            copies = max(views, copies // 2)


def _on_device(values: NDArray[np.float16], device: Device) -> Tensor:
    """On a CPU, what is mapped from a file is not copied, but read when it is needed."""
    import tensorflow as tf

    # TensorFlow ends the process if an array begins elsewhere; numpy's files are written so that it does not.
    is_aligned = values.ctypes.data % ALIGNMENT_BYTES == 0
    if device == "cpu" and is_aligned:
        return tf.experimental.dlpack.from_dlpack(values.__dlpack__())
    return _run(tf.constant, values)


def _train_program(
    model: Any,
    optimizer: Any,
    features: Sequence[Tensor],
    loss: Callable[[Tensor, Tensor], Tensor],
    *,
    images: int,
    batch: int,
    by_xla: bool,
) -> Callable[[Tensor, Steps], Float32s]:
    import tensorflow as tf

    def step(targets: Tensor, rows: Tensor, copies: Tensor, rate: Tensor) -> Tensor:
        optimizer.learning_rate.assign(rate)
        seen = copies * images + rows
        inputs = [tf.cast(tf.gather(tensor, seen), tf.float32) for tensor in features]
        with tf.GradientTape() as tape:
            value = loss(tf.gather(targets, rows), model(inputs, training=True))
        optimizer.apply(tape.gradient(value, model.trainable_weights), model.trainable_weights)
        return value

    def train(targets: Tensor, *steps: Tensor) -> Tensor:
        count = tf.shape(steps[0])[0]
        losses = tf.TensorArray(tf.float32, size=count)

        def next_step(at: Tensor, losses: Any) -> tuple[Tensor, Any]:
            return at + 1, losses.write(at, step(targets, *(choice[at] for choice in steps)))

        return tf.while_loop(lambda at, losses: at < count, next_step, (0, losses))[1].stack()

    choices = [tf.TensorSpec((None, batch), tf.int32)] * 2 + [tf.TensorSpec((None,), tf.float32)]
    targets = tf.TensorSpec((images, None), tf.float32)
    program = tf.function(train, input_signature=[targets, *choices], autograph=False, jit_compile=by_xla)
    return lambda targets, steps: _run(lambda: program(targets, *astuple(steps)).numpy())


def _predict_program(
    model: Any, features: Sequence[Tensor], *, images: int, views: int
) -> Callable[[Integers], Float32s]:
    import tensorflow as tf

    def scores_of(places: Tensor) -> Tensor:
        inputs = [tf.cast(tf.gather(tensor, places), tf.float32) for tensor in features]
        return model(inputs, training=False)

    def predict(batches: Tensor) -> Tensor:
        count = tf.shape(batches)[0]
        scores = tf.TensorArray(tf.float32, size=count)

        def next_batch(at: Tensor, scores: Any) -> tuple[Tensor, Any]:
            seen = [scores_of(view * images + batches[at]) for view in range(views)]
            return at + 1, scores.write(at, tf.add_n(seen) / views if views > 1 else seen[0])

        return tf.while_loop(lambda at, scores: at < count, next_batch, (0, scores))[1].concat()

    program = tf.function(
        predict, input_signature=[tf.TensorSpec((None, PREDICTED_AT_ONCE), tf.int32)], autograph=False
    )

    def in_batches(rows: Integers) -> Float32s:
        if not len(rows):
            return np.zeros((0, model.output_shape[-1]), np.float32)
        starts = range(0, len(rows), PREDICTED_AT_ONCE)
        # The last batch is filled up with its own rows.
        batches = [np.resize(rows[start : start + PREDICTED_AT_ONCE], PREDICTED_AT_ONCE) for start in starts]
        scores: Float32s = _run(lambda: program(np.array(batches, np.int32)).numpy())
        return scores[: len(rows)]

    return in_batches


def _state_programs(variables: Sequence[Any]) -> tuple[Callable[[], State], Callable[[Sequence[Any]], None]]:
    import tensorflow as tf

    def state() -> State:
        return [tf.identity(variable.value) for variable in variables]

    def set_state(values: Sequence[Tensor]) -> None:
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    specs = [tf.TensorSpec(variable.shape, variable.dtype) for variable in variables]
    return (
        tf.function(state, input_signature=[], autograph=False),
        tf.function(set_state, input_signature=[specs], autograph=False),
    )


def _run(program: Callable[..., Any], *arguments: Any) -> Any:
    import tensorflow as tf

    try:
        return program(*arguments)
    except tf.errors.ResourceExhaustedError as error:
        raise OutOfMemory from error
