"""A drawn set of embeddings, and its measurement."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore import validation
from cvcore.learning_curves.measurement import Evaluated, Measurement, measure


def drawn(counts: tuple[int, ...] = (40, 40, 24), *, multilabel: bool = False, seed: int = 0) -> Evaluated:
    """A cloud of embeddings for each tag, near enough to be confused."""
    random = np.random.default_rng(seed)
    tags = np.repeat(np.arange(len(counts)), counts)
    truth = tags[:, None] == np.arange(len(counts))
    if multilabel:
        truth = truth | (random.random(truth.shape) < 0.2)
    centres = random.normal(size=(len(counts), 12))
    embeddings = (truth @ centres + 2.5 * random.normal(size=(len(tags), 12))).astype(np.float32)
    groups = np.arange(len(tags))
    folds = validation.folds(truth, groups, seed=0)
    trains = np.ones(len(tags), np.bool_)
    return Evaluated(embeddings, truth, folds, groups, trains, None, 0.01, multilabel)


@pytest.fixture(scope="session")
def evaluated() -> Evaluated:
    """A drawn Multiclass set of 104 images and three tags."""
    return drawn()


@pytest.fixture(scope="session")
def measurement(evaluated: Evaluated) -> Measurement:
    """Its measurement."""
    return measure(evaluated, None)
