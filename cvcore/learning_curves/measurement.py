"""Measures how good classifiers are that are trained on shares of an iteration's images.

Every classifier is evaluated as the iteration is: in the same folds, on all evaluated images. Only the images that it
is trained on are fewer. So the points of a curve differ by the training images alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvcore import metrics
from cvcore.array_types import Bools, Float32s, Float64s, Integers, Levels
from cvcore.learning_curves import subsets
from cvcore.metrics import threshold_sweeps
from cvcore.networks import arrays, heads

SHARES = (0.15, 0.25, 0.4, 0.6, 0.8)
# How many random subsets of each share: the smaller one is, the more the choice of images matters. With many images it
# matters less, and a fit takes longer.
DRAWS, DRAWS_OF_MANY = (3, 3, 2, 2, 2), (2, 1, 1, 1, 1)
MANY_CELLS = 200_000

# Leaving out one block of the evaluated images after the other tells how uncertain a curve is.
BLOCKS = 10
SEED = 0

# levels, average_precision, ap_low and ap_high, without the first axis
_Point = tuple[Levels, Float64s, Float64s, Float64s]


@dataclass(frozen=True, eq=False)
class Measurement:
    """Classifiers on shares of the images: p of them, in ascending order; the last is trained on all images.

    shares: (p,), 0..1; each share can occur several times, with different images. images: (p, k), how many training
    images have each tag. rows: (n,), the evaluated rows of the iteration's arrays, sorted by block; blocks: (n,), 0 to
    9. levels: uint8 (p, n, k), as by `metrics.levels`. average_precision: (p, 11, k), of all rows and without each
    block; ap_low and ap_high: (p, k + 1), the intervals of that of all rows, the last is the mean over the tags.
    """

    shares: Float64s
    images: Integers
    rows: Integers
    blocks: Integers
    levels: Levels
    average_precision: Float64s
    ap_low: Float64s
    ap_high: Float64s


@dataclass(frozen=True, eq=False)
class Evaluated:
    """What is measured: embeddings (n, dimension), truth (n, k), folds (n,) and groups of near duplicates (n,).

    `trains` (n,): the images that classifiers are trained on, but for those of the fold that they evaluate. `costs`
    (k,) are the tags' weights, `l2` the backbone's penalty.
    """

    embeddings: Float32s
    truth: Bools
    folds: Integers
    groups: Integers
    trains: Bools
    costs: NDArray[np.floating] | None
    l2: float
    multilabel: bool


@arrays.one_thread()
def measure(
    evaluated: Evaluated, whole: Float32s | None, on_progress: Callable[[float], None] = lambda fraction: None
) -> Measurement:
    """Train and evaluate classifiers on growing shares of the images.

    `whole` (n, k) are the out-of-fold probabilities of training on all of them, if they are known. `on_progress` is
    called with the fraction done, 0..1; what it raises ends the work. The same arguments give the same result.
    """
    drawn = list(_drawn(evaluated))
    shares = np.array([share for share, _ in drawn])
    random = np.random.default_rng(SEED)
    _, group = np.unique(evaluated.groups, return_inverse=True)
    blocks = (random.permutation(group.max(initial=-1) + 1) % BLOCKS)[group]
    rows = np.flatnonzero(evaluated.folds >= 0)
    rows = rows[np.argsort(blocks[rows], kind="stable")]
    to_fit = [used for share, used in drawn if share < 1 or whole is None]
    fitted = heads.out_of_fold(
        evaluated.embeddings,
        evaluated.truth,
        evaluated.folds,
        to_fit,
        multilabel=evaluated.multilabel,
        l2=evaluated.l2,
        costs=evaluated.costs,
    )
    points: list[_Point] = []
    done, work = 0.0, float(sum(used.sum() for _, used in drawn))
    for share, used in drawn:
        probabilities = whole if share == 1 and whole is not None else next(fitted)
        points.append(_point(evaluated, probabilities, rows, blocks[rows]))
        done += float(used.sum()) / work
        on_progress(min(1.0, done))
    return Measurement(
        shares,
        np.stack([evaluated.truth[used].sum(axis=0) for _, used in drawn]),
        rows,
        blocks[rows],
        *(np.stack(arrays_of_points) for arrays_of_points in zip(*points, strict=True)),
    )


def _drawn(evaluated: Evaluated) -> Iterator[tuple[float, Bools]]:
    """Each share with the rows that classifiers may train on; the subsets of one draw lie inside each other."""
    draws = DRAWS if evaluated.truth.size <= MANY_CELLS else DRAWS_OF_MANY
    random = np.random.default_rng(SEED)
    ranked = [subsets.ranks(evaluated.truth, evaluated.groups, random) for _ in range(max(draws))]
    for share, count in zip(SHARES, draws, strict=True):
        for ranks in ranked[:count]:
            used = evaluated.trains & (ranks < share)
            if _can_train(evaluated, used):
                yield share, used
    yield 1.0, evaluated.trains


def _can_train(evaluated: Evaluated, used: Bools) -> bool:
    """Whether in every fold the classifier has images of at least two tags, in Multilabel of one, to train on."""
    least = 1 if evaluated.multilabel else 2
    return all(
        evaluated.truth[used & (evaluated.folds != fold)].any(axis=0).sum() >= least
        for fold in range(evaluated.folds.max(initial=-1) + 1)
    )


def _point(evaluated: Evaluated, probabilities: Float32s, rows: Integers, blocks: Integers) -> _Point:
    """One classifier's part of a measurement."""
    truth, scores, folds = evaluated.truth[rows], probabilities[rows], evaluated.folds[rows]
    whole = threshold_sweeps.average_precision(truth, scores, folds, evaluated.groups[rows])
    kept = [blocks != block for block in range(BLOCKS)]
    without = [metrics.fold_average_precision(truth[keep], scores[keep], folds[keep]) for keep in kept]
    return (
        metrics.levels(scores, truth, multilabel=evaluated.multilabel),
        np.stack([whole.values[0], *without]),
        np.append(whole.low[0], whole.mean_low),
        np.append(whole.high[0], whole.mean_high),
    )
