"""Evidence drawn by hand: probabilities of tags that images show more or less clearly."""

from __future__ import annotations

import numpy as np

from cvcore import validation
from cvcore.metrics.probabilities import softmax
from cvcore.next_steps.evidence import Evidence


def drawn(
    counts: tuple[int, ...] = (60, 60, 60), *, clear: float = 4.0, seed: int = 0, multilabel: bool = False
) -> Evidence:
    """Images with calibrated probabilities: the tag is drawn by them; `clear` says how sure they are."""
    random = np.random.default_rng(seed)
    tags = np.repeat(np.arange(len(counts)), counts)
    scores = clear * (tags[:, None] == np.arange(len(counts))) + 1.5 * random.normal(size=(len(tags), len(counts)))
    probabilities = softmax(scores)
    chosen = (random.random(len(tags))[:, None] > probabilities.cumsum(axis=1)).sum(axis=1).clip(0, len(counts) - 1)
    truth = chosen[:, None] == np.arange(len(counts))
    if multilabel:
        truth = random.random(truth.shape) < probabilities
    return evidence(truth, probabilities, multilabel=multilabel)


def evidence(
    truth: np.ndarray,
    probabilities: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    threshold: float = 0.5,
    multilabel: bool = False,
) -> Evidence:
    """The evidence of these arrays, in five folds."""
    of = np.arange(len(truth)) if groups is None else groups
    folds = validation.folds(truth, of, seed=0)
    return Evidence(truth, probabilities, folds, of, threshold, multilabel, np.arange(len(truth)))
