"""Many regressions at once find the minimum that scikit-learn finds for each."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from cvcore.networks import arrays, logistic_regression

ROWS, COLUMNS, TAGS = 60, 8, 3
L2 = 0.5


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def problem(rng: np.random.Generator, *, multilabel: bool, heads: int = 4) -> logistic_regression.Problem:
    """Overlapping tags, and heads that each leave out some rows and weigh the others differently."""
    features = rng.normal(size=(ROWS, COLUMNS)).astype(np.float32)
    scores = features @ rng.normal(size=(COLUMNS, TAGS)) + rng.gumbel(size=(ROWS, TAGS))
    truth = scores > 0 if multilabel else scores == scores.max(axis=1, keepdims=True)
    weights = rng.uniform(0.2, 3, (ROWS, heads, 1)) * (rng.random((ROWS, heads, 1)) > 0.2)
    return logistic_regression.Problem(features, truth, weights.astype(np.float32), multilabel, L2)


def scikit_kernel(problem: logistic_regression.Problem, head: int) -> np.ndarray:
    """The same minimum by scikit-learn's Newton: (columns, tags)."""
    weights = problem.weights[:, head, 0]
    model = LogisticRegression(C=1 / L2, fit_intercept=False, solver="newton-cg", tol=1e-8)
    features = problem.features.astype(float)
    if not problem.multilabel:
        return model.fit(features, problem.truth.argmax(axis=1), weights).coef_.T
    tags = [model.fit(features, truth, weights).coef_[0] for truth in problem.truth.T]
    return np.stack(tags, axis=1)


@pytest.mark.network
@pytest.mark.parametrize("multilabel", [False, True])
def test_numpy_and_keras_find_the_same_minimum(rng: np.random.Generator, multilabel: bool) -> None:
    """On a CPU and on a GPU, heads are the same."""
    from keras import ops

    given = problem(rng, multilabel=multilabel)
    by_numpy, by_keras = (
        logistic_regression.minimise(given, tolerance=1e-6, operations=operations) for operations in (arrays.Numpy, ops)
    )
    np.testing.assert_allclose(by_numpy, by_keras, atol=1e-5)


@pytest.mark.parametrize("multilabel", [False, True])
@pytest.mark.parametrize("scores_of_a_thread", [0, 2**30])
def test_every_head_is_at_the_minimum(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, multilabel: bool, scores_of_a_thread: int
) -> None:
    """Each head ends where scikit-learn ends with the same rows, weights and penalty, in a thread of its own or not."""
    monkeypatch.setattr(logistic_regression, "SCORES_OF_A_THREAD", scores_of_a_thread)
    given = problem(rng, multilabel=multilabel)
    kernels = logistic_regression.minimise(given, tolerance=1e-6)
    assert np.float32 == kernels.dtype
    expected = np.stack([scikit_kernel(given, head) for head in range(4)])
    np.testing.assert_allclose(kernels, expected, atol=2e-4)


@pytest.mark.parametrize("multilabel", [False, True])
def test_a_step_never_leads_up(rng: np.random.Generator, multilabel: bool) -> None:
    """However odd the scale of the columns, the objective falls with every further step."""
    given = problem(rng, multilabel=multilabel, heads=1)
    odd = np.float32(10.0) ** rng.uniform(-3, 3, COLUMNS).astype(np.float32)
    given = logistic_regression.Problem(given.features * odd, given.truth, given.weights, multilabel, L2)
    objectives = [objective(given, kernel_after(given, steps)) for steps in (1, 2, 3, 5, 8, 13, 21)]
    assert sorted(objectives, reverse=True) == objectives


def test_it_tells_how_far_it_is(rng: np.random.Generator) -> None:
    """The fraction ends at 1 and stays in 0..1."""
    fractions: list[float] = []
    logistic_regression.minimise(problem(rng, multilabel=False), tolerance=1e-4, on_fraction=fractions.append)
    assert 1 == fractions[-1]
    assert all(0 <= fraction <= 1 for fraction in fractions)


def test_what_the_watcher_raises_ends_the_work(rng: np.random.Generator) -> None:
    """No step is made after the watcher has raised."""
    fractions: list[float] = []

    def stop_at_third(fraction: float) -> None:
        fractions.append(fraction)
        if len(fractions) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        logistic_regression.minimise(problem(rng, multilabel=False), tolerance=1e-6, on_fraction=stop_at_third)
    assert 3 == len(fractions)


def test_a_head_with_nothing_to_learn_stays_at_zero() -> None:
    """Features of zeros leave kernels of zeros, and no nan."""
    zeros = np.zeros((6, 2), np.float32)
    truth = np.eye(2, dtype=bool)[[0, 1, 0, 1, 0, 1]]
    given = logistic_regression.Problem(zeros, truth, np.ones((6, 1, 1), np.float32), False, L2)
    assert not logistic_regression.minimise(given, tolerance=1e-4).any()


def kernel_after(given: logistic_regression.Problem, steps: int) -> np.ndarray:
    """The kernel of a descent that is cut off after so many steps."""
    terms = logistic_regression._terms(given, arrays.Numpy)
    state = logistic_regression._start(terms)
    for _ in range(steps):
        state = logistic_regression._step(terms, state, still_moving=True)
    return np.asarray(state.kernels)[:, 0].astype(float)


def objective(given: logistic_regression.Problem, kernel: np.ndarray) -> float:
    """The sum that is minimised, from its definition."""
    scores, weights = given.features @ kernel, given.weights[:, 0]
    if given.multilabel:
        losses = np.logaddexp(0, scores) - scores * given.truth
    else:
        losses = np.logaddexp.reduce(scores, axis=1, keepdims=True) - scores[given.truth][:, None]
    return float((weights * losses).sum() + L2 / 2 * np.square(kernel).sum())
