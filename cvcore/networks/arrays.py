"""The operations on arrays that fitting a classifier needs, named as in `keras.ops`: by numpy, or Keras' own.

On a CPU numpy is as fast as Keras at any size that was measured (docs/benchmarks.md), and loads in a tenth of a second
where TensorFlow takes seconds and 500 MB. On a GPU they are Keras' own, on whichever backend it has.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import threadpoolctl
from numpy.typing import NDArray

from cvcore.networks import keras_backend

Tensor = Any  # numpy's array, or Keras' tensor of whichever backend
Operations = Any  # `Numpy`, or the module `keras.ops`


class Numpy:
    """The part of `keras.ops` that is used here, in numpy, with 32-bit floats."""

    abs = np.abs
    eye = staticmethod(lambda size: np.eye(size, dtype=np.float32))
    log1p = np.log1p
    matmul = np.matmul
    max = staticmethod(np.max)
    maximum = np.maximum
    min = staticmethod(np.min)
    qr = staticmethod(np.linalg.qr)
    eigh = staticmethod(np.linalg.eigh)
    reshape = staticmethod(np.reshape)
    square = np.square
    sum = staticmethod(np.sum)
    transpose = staticmethod(np.transpose)
    where = staticmethod(np.where)
    convert_to_numpy = staticmethod(np.asarray)

    @staticmethod
    def convert_to_tensor(values: NDArray[Any]) -> NDArray[Any]:
        """The array itself."""
        return values

    @staticmethod
    def cast(values: NDArray[Any], dtype: str) -> NDArray[Any]:
        """The values in another type."""
        return values.astype(dtype)

    @staticmethod
    def zeros(shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Zeros of 32 bits."""
        return np.zeros(shape, np.float32)

    @staticmethod
    def sigmoid(scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """1 / (1 + exp(-score)), without overflow."""
        with np.errstate(over="ignore"):  # 1 / (1 + inf) is the right 0
            return np.asarray(1 / (1 + np.exp(-scores)), np.float32)

    @staticmethod
    def softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """exp(score), divided by the sum over the last axis."""
        powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


def operations() -> Operations:
    """Keras' own where networks compute on a GPU, which loads Keras; else numpy's."""
    if keras_backend.device() == "cpu":
        return Numpy
    from keras import ops

    return ops


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """A block in which each of numpy's products is computed by the thread that asks for it.

    Numpy's own threads wait busily for each other: on two cores that others used too, fits took 15 times as long.
    """
    with threadpoolctl.threadpool_limits(1, "blas"):
        yield
