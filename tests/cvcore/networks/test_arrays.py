"""The fit's operations mean the same in numpy and in Keras, and numpy's do not fight for the cores."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import threadpoolctl

from cvcore.networks import arrays, keras_backend


def test_without_a_gpu_they_are_numpys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has no GPU, or hides it, fits in numpy."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert arrays.operations() is arrays.Numpy


@pytest.mark.network
def test_on_a_gpu_they_are_kerass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Keras computes on a GPU, the fit does too."""
    from keras import ops

    monkeypatch.setattr(keras_backend, "device", lambda: "gpu")
    assert arrays.operations() is ops


@pytest.mark.parametrize("name", ["sigmoid", "softmax"])
def test_no_score_is_too_large(name: str) -> None:
    """Scores of thousands give 0 and 1, in 32 bits and without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        probabilities = getattr(arrays.Numpy, name)(np.array([[5000, -5000], [-5000, 5000]], np.float32))
    np.testing.assert_array_equal(np.eye(2, dtype=np.float32), probabilities, strict=True)


def test_numpys_own_threads_wait_outside() -> None:
    """Inside the block numpy's library has one thread, after it as many as before."""
    before = blas_threads()
    with arrays.one_thread():
        assert {1} == blas_threads()
    assert before == blas_threads()


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}
