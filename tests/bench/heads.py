"""Seconds to fit a classifier and its five folds, compared with scikit-learn's LogisticRegression over the same folds.

    python tests/bench/heads.py --images 4000 --tags 40 [--dimension 1280] [--alone] [--keras]

With `--keras` the same fit is made by Keras' operations on the CPU too, which a GPU uses; loading them is not counted.
Embeddings are drawn: a cloud a tag, near enough to each other to be confused, along axes of falling spread as
networks' are. Both fit the same penalty on the same scale, so their log-losses may be compared. With its usual
tolerance scikit-learn stops well before the minimum, as its log-loss shows; in the second row it comes as near.
"""

from __future__ import annotations

import argparse
import time
from unittest import mock

import numpy as np

from cvcore.networks import arrays, heads, keras_backend

FOLDS = 5
# scikit-learn's own, and one with which it comes as near the minimum as we do.
TOLERANCES = 1e-4, 1e-6


def main() -> None:
    arguments = parse()
    embeddings, truth, folds = drawn(arguments.images, arguments.dimension, arguments.tags)
    started, worked = time.perf_counter(), time.process_time()
    ours = heads.fit(embeddings, truth, folds, multilabel=False).out_of_fold
    our_s = time.perf_counter() - started
    processor_s = time.process_time() - worked
    print(f"{arguments.images:,} images, {arguments.dimension} numbers each, {arguments.tags} tags, {FOLDS} folds")
    print(
        f"Tagwise, folds and final head   {our_s:7.1f} s   log-loss {log_loss(ours, truth):.4f}   "
        f"{processor_s:.1f} s of processor"
    )
    if arguments.keras:
        by_keras(embeddings, truth, folds)
    if arguments.alone:
        return
    for tolerance in TOLERANCES:
        started = time.perf_counter()
        theirs = by_scikit_learn(embeddings, truth, folds, tolerance)
        their_s = time.perf_counter() - started
        print(
            f"scikit-learn to {tolerance:g}, folds only {their_s:7.1f} s   log-loss {log_loss(theirs, truth):.4f}",
            end="",
        )
        print(f"   {their_s / our_s:.1f} times as long", flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--tags", type=int, default=40)
    parser.add_argument("--dimension", type=int, default=1280)
    parser.add_argument("--alone", action="store_true", help="leave scikit-learn out")
    parser.add_argument("--keras", action="store_true", help="fit with Keras' operations too")
    return parser.parse_args()


def by_keras(embeddings: np.ndarray, truth: np.ndarray, folds: np.ndarray) -> None:
    """Print the same for Keras' operations; a small fit before it compiles what it uses."""
    keras_backend.prepare_backend()
    from keras import ops

    with mock.patch.object(arrays, "operations", return_value=ops):
        heads.fit(embeddings[:200], truth[:200], folds[:200], multilabel=False)
        started, worked = time.perf_counter(), time.process_time()
        probabilities = heads.fit(embeddings, truth, folds, multilabel=False).out_of_fold
        seconds, processor_s = time.perf_counter() - started, time.process_time() - worked
    print(
        f"the same by Keras on the CPU    {seconds:7.1f} s   log-loss {log_loss(probabilities, truth):.4f}   "
        f"{processor_s:.1f} s of processor"
    )


def drawn(images: int, dimension: int, tags: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings float32 (images, dimension), truth bool (images, tags), folds (images,)."""
    rng = np.random.default_rng(0)
    spread = (np.arange(dimension) + 3.0) ** -0.5
    labels = np.arange(images) % tags
    clouds = 0.2 * rng.normal(size=(tags, dimension)) * spread
    points = clouds[labels] + rng.normal(size=(images, dimension)) * spread
    rotation = np.linalg.qr(rng.normal(size=(dimension, dimension)))[0]
    return (points @ rotation).astype(np.float32), labels[:, None] == np.arange(tags), rng.permutation(images) % FOLDS


def by_scikit_learn(embeddings: np.ndarray, truth: np.ndarray, folds: np.ndarray, tolerance: float) -> np.ndarray:
    """Out-of-fold probabilities, (images, tags)."""
    from sklearn.linear_model import LogisticRegression

    centred = embeddings - embeddings.mean(axis=0)
    scaled = centred / np.sqrt(np.square(centred).sum(axis=1).mean())
    probabilities = np.empty(truth.shape)
    for fold in range(FOLDS):
        evaluated = folds == fold
        model = LogisticRegression(C=1 / heads.L2, class_weight="balanced", max_iter=3000, tol=tolerance)
        model.fit(scaled[~evaluated], truth[~evaluated].argmax(axis=1))
        probabilities[evaluated] = model.predict_proba(scaled[evaluated])
    return probabilities


def log_loss(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """The mean over images, in nats."""
    return -float(np.log(np.maximum(probabilities[truth], 1e-12)).mean())


if __name__ == "__main__":
    main()
