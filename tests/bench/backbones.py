"""Accuracy and speed of the built-in network, its first edition, MobileNetV2 and a plain descriptor, set by set.

    KERAS_HOME=../shared/keras python tests/bench/backbones.py ../shared/datasets

Each folder of FOLDER is a set of tagged images. All are evaluated in the same way: five folds, the standard head
with the penalty that each has in Tagwise. A Multiclass set's score is the share of images whose most probable tag is
right; a Multilabel set's (one with a labels.csv) is the mean average precision of its tags.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import descriptor
import numpy as np

from cvcore import datasets, domains, imaging, metrics, validation
from cvcore.networks import backbones, feature_extraction, heads, keras_backend
from cvcore.networks.builtin import network
from cvcore.settings import Limits
from cvcore.validation import near_duplicates


@dataclass(frozen=True)
class Contender:
    """A function that embeds images of side x side pixels, and the penalty of the head on it."""

    name: str
    side: int
    l2: float
    embed: feature_extraction.Extractor


@dataclass(frozen=True)
class Set:
    """A set's images as files, their tags and their folds."""

    name: str
    files: list[bytes]
    truth: np.ndarray
    folds: np.ndarray
    multilabel: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    sets = [read(path) for path in sorted(parser.parse_args().folder.iterdir()) if path.is_dir()]
    keras_backend.prepare_backend()
    with tempfile.TemporaryDirectory() as temporary:
        compared = contenders(Path(temporary))
    scores = {each.name: [score(each, one) for one in sets] for each in compared}
    print("| set | tags | images | " + " | ".join(scores) + " |")
    print("|---|---|---|" + "---|" * len(scores))
    for row, one in enumerate(sets):
        cells = " | ".join(f"{scores[name][row]:.3f}" for name in scores)
        print(f"| {one.name}{' *' if one.multilabel else ''} | {one.truth.shape[1]} | {len(one.files)} | {cells} |")
    means = {name: float(np.mean(values)) for name, values in scores.items()}
    print(f"| **mean** | | | {' | '.join(f'**{mean:.3f}**' for mean in means.values())} |")
    best = means["MobileNetV2"]
    print(f"| of MobileNetV2's | | | {' | '.join(f'{mean / best:.1%}' for mean in means.values())} |")
    print(f"| images embedded a second | | | {' | '.join(f'{rate:.0f}' for rate in rates(compared, sets))} |")


def contenders(folder: Path) -> list[Contender]:
    """The built-in network, its first edition, the plain descriptor, and MobileNetV2 with ImageNet weights."""
    built_in = domains.BUILT_IN.backbone
    compared = [
        ("Built-in network", built_in, domains.BUILT_IN.side),
        ("First edition", built_in, network.FIRST.side),
        ("MobileNetV2", "MobileNetV2", 224),
    ]
    result = []
    for title, name, side in compared:
        backbone = backbones.prepare(name, side, folder)
        result.append(Contender(title, side, backbone.l2, feature_extraction.load(backbone, folder)))
    result.insert(2, Contender("Plain descriptor", descriptor.SIDE, descriptor.L2, descriptor.describe))
    return result


def read(folder: Path) -> Set:
    """A set, read as an import reads it."""
    entries = datasets.entries(folder, Limits()).entries
    files = [entry.read() for entry in entries]
    tags = sorted({tag for entry in entries for tag in entry.tags})
    truth = np.array([[tag in entry.tags for tag in tags] for entry in entries])
    signatures = np.stack([np.frombuffer(imaging.read(data, Limits()).signature, np.uint8) for data in files])
    folds = validation.folds(truth, near_duplicates.groups(signatures), seed=0)
    return Set(folder.name, files, truth, folds, multilabel=(folder / "labels.csv").exists())


def score(contender: Contender, one: Set) -> float:
    embeddings = contender.embed(pixels(contender, one.files))
    probabilities = heads.fit(embeddings, one.truth, one.folds, multilabel=one.multilabel, l2=contender.l2).out_of_fold
    evaluated = one.folds >= 0
    truth, probabilities = one.truth[evaluated], probabilities[evaluated]
    if one.multilabel:
        return float(metrics.macro(metrics.fold_average_precision(truth, probabilities, one.folds[evaluated])))
    return float(np.mean(probabilities.argmax(axis=1) == truth.argmax(axis=1)))


def pixels(contender: Contender, files: list[bytes]) -> np.ndarray:
    return np.stack([imaging.pixels(data, contender.side) for data in files])


def rates(compared: list[Contender], sets: list[Set]) -> list[float]:
    """Images embedded per second from decoded pixels, the best of six turns over 150 of them, taken in rotation."""
    files = [data for one in sets for data in one.files][:150]
    batches = [pixels(each, files) for each in compared]
    work = [partial(each.embed, batch) for each, batch in zip(compared, batches, strict=True)]
    turns = [[seconds(each) for each in work] for _ in range(6)]
    return [len(files) / least for least in np.min(turns, axis=0)]


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
