"""How often the model is wrong about the images that would be tagged first: by usefulness, by uncertainty, by chance.

`python tests/bench/usefulness.py FOLDER_OF_SETS [SET ...]`, each set a folder of tag-named folders. A model of five
images a tag chooses 20 of two thirds of the others; each number is the mean over 12 draws. On flowers5, trash6,
vehicle_damage3 and grocery30 usefulness chose 54 to 82 % mistakes, uncertainty alone 55 to 78 %, chance 36 to 50 %.
These sets hold nothing unlike their tags; for what does, see `tests/cvcore/active_learning/test_novelty.py`.
"""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from cvcore import domains, imaging
from cvcore.active_learning import acquisition
from cvcore.networks import backbones, feature_extraction

DRAWS, START, CHOSEN = 12, 5, 20

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


def main(root: Path, *names: str) -> None:
    """Print a row per set."""
    print(f"{'set':20}{'by usefulness':>15}{'by uncertainty':>15}{'by chance':>15}")
    for name in names or ("flowers5", "trash6", "vehicle_damage3", "grocery30"):
        embeddings, tags = embedded(root / name)
        rows = [mistaken(embeddings, tags, np.random.default_rng(seed)) for seed in range(DRAWS)]
        print(f"{name:20}" + "".join(f"{share:15.2f}" for share in np.mean(rows, axis=0)))


def embedded(folder: Path) -> tuple[Floats, Integers]:
    """A set's embeddings by the built-in network, of length 1, and its tags as numbers."""
    with tempfile.TemporaryDirectory() as folder_name:
        backbone = backbones.prepare(domains.BUILT_IN.backbone, domains.BUILT_IN.side, Path(folder_name), on_stage=len)
        extractor = feature_extraction.load(backbone, Path(folder_name))
    files = [(tag, file) for tag, of in enumerate(sorted(folder.iterdir())) for file in sorted(of.iterdir())]
    embeddings = extractor(np.stack([imaging.pixels(file.read_bytes(), backbone.side) for _, file in files]))
    return embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True), np.array([tag for tag, _ in files])


def mistaken(embeddings: Floats, tags: Integers, rng: np.random.Generator) -> tuple[float, float, float]:
    """The share of mistakes among the first images by usefulness, by uncertainty alone, and by chance."""
    rest = rng.permutation(len(tags))[len(tags) // 3 :]
    start = np.concatenate([rest[tags[rest] == tag][:START] for tag in np.unique(tags)])
    pool = np.setdiff1d(rest, start)
    model = LogisticRegression(C=10, max_iter=400, class_weight="balanced").fit(8 * embeddings[start], tags[start])
    shares = model.predict_proba(8 * embeddings[pool])
    unsure = -(shares * np.log2(np.maximum(shares, 1e-12))).sum(axis=1) / math.log2(shares.shape[1])
    usual = float(np.median(acquisition.nearest_distances(embeddings[start], embeddings[start], are_same=True)))
    new = acquisition.novelty(acquisition.nearest_distances(embeddings[pool], embeddings[start]), usual)
    useful = np.array([acquisition.usefulness(*pair) for pair in zip(unsure, new, strict=True)])
    is_wrong = model.classes_[shares.argmax(axis=1)] != tags[pool]
    by_usefulness, by_uncertainty = (is_wrong[np.argsort(-score)[:CHOSEN]].mean() for score in (useful, unsure))
    return by_usefulness, by_uncertainty, is_wrong.mean()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
