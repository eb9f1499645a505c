"""How often the bias test finds a trap that is there, how often one that is not, and how long it takes.

    python tests/bench/shortcuts.py [FOLDER_OF_SETS] [--draws 200]

*False alarms*: tags are shuffled, numbers are drawn or, with a folder, are those of real images: a share of p-values
below 0.05 above 5 %, or findings in more than one draw in twenty, would flatter. *Found*: one tag of four is darker by
so many standard deviations; beside it how often two such images are told apart at best. *Speed*: all families of
600 x 5, 10,000 x 100 and 100,000 x 100 drawn images.
"""

from __future__ import annotations

import argparse
import time
from math import erf, sqrt
from pathlib import Path

import numpy as np
from quality import SUFFIXES

from cvcore import imaging
from cvcore.array_types import Bools, Float32s, Integers
from cvcore.imaging import measures
from cvcore.settings import Limits
from cvcore.shortcuts import findings, judge_families
from cvcore.shortcuts.families import Family, of_images

FOLDS = 5
VALUES = {"file type": 3, "camera": 6, "day": 20}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--draws", type=int, default=200)
    arguments = parser.parse_args()
    print("| shuffled tags of | p below 0.05 | below 0.001 | draws with a finding |\n|---|---|---|---|")
    for images, tags in ((40, 2), (120, 3), (600, 5), (600, 30)):
        false_alarms(f"{images} x {tags} drawn", drawn(images, 0), images, tags, arguments.draws)
    for folder in sorted(path for path in arguments.folder.iterdir() if path.is_dir()) if arguments.folder else []:
        families = of_folder(folder)
        false_alarms(f"{folder.name}, 4 tags", families, len(families[0].features), 4, arguments.draws)
    print("\n| darker by | told apart at best | of images | found | other findings |\n|---|---|---|---|---|")
    for shift in (1.0, 2.0, 3.0):
        for images in (80, 400):
            power(shift, images, arguments.draws // 4)
    print("\n| images x tags | seconds |\n|---|---|")
    for images, tags in ((600, 5), (10_000, 100), (100_000, 100)):
        truth, folds = tagged(images, tags, 0)
        start = time.perf_counter()
        findings(judge_families(drawn(images, 0), truth, folds, np.arange(images)), multilabel=False)
        print(f"| {images:,} x {tags} | {time.perf_counter() - start:.2f} |")


def false_alarms(name: str, families: list[Family], images: int, tags: int, draws: int) -> None:
    """Print how often shuffled tags seem to be told apart by families."""
    p_values, with_finding = [], 0
    for draw in range(draws):
        truth, folds = tagged(images, tags, draw)
        judgements = judge_families(families, truth, folds, np.arange(images))
        pairs = np.triu_indices(tags, 1)
        p_values += [each.p_values[pairs] for each in judgements.values()]
        with_finding += bool(findings(judgements, multilabel=False))
    values = np.concatenate(p_values)
    print(
        f"| {name} | {(values < 0.05).mean():.1%} | {(values < 0.001).mean():.2%} | {with_finding} of {draws} |",
        flush=True,
    )


def power(shift: float, images: int, draws: int) -> None:
    """Print how often a tag that is darker is found."""
    hits = others = 0
    for draw in range(draws):
        truth, folds = tagged(images, 4, draw)
        listed = findings(
            judge_families(drawn(images, draw, truth[:, 0] * shift), truth, folds, np.arange(images)), multilabel=False
        )
        told = [each for each in listed if each.family == "brightness" and 0 in (each.tag, each.other)]
        hits += bool(told)
        others += len(listed) - len(told)
    best = (1 + erf(shift / 2 / sqrt(2))) / 2
    print(f"| {shift:g} | {best:.0%} | {images // 4} | {hits / draws:.0%} | {others / draws:.2f} |", flush=True)


def tagged(images: int, tags: int, seed: int) -> tuple[Bools, Integers]:
    """Random tags, as many images of each, and folds with as many images of each tag."""
    random = np.random.default_rng((seed, 1))
    column = random.permutation(np.arange(images) % tags)
    order = np.argsort(column, kind="stable")
    folds = np.empty(images, np.int64)
    folds[order] = np.arange(images) % FOLDS
    return np.eye(tags, dtype=bool)[column], folds


def drawn(images: int, seed: int, darker: np.ndarray | float = 0.0) -> list[Family]:
    """All families of drawn numbers; brightness is lower by so many standard deviations."""
    random = np.random.default_rng((seed, 2))
    facts: Float32s = random.normal(size=(images, len(measures.NAMES))).astype(np.float32)
    light = random.normal(size=images) - darker
    for name in ("brightness", "darkest", "lightest"):
        facts[:, measures.NAMES.index(name)] = light + random.normal(0, 0.3, images)
    sizes = random.choice([480, 640, 800], (images, 2))
    values = {name: random.integers(-1, number, images) for name, number in VALUES.items()}
    return of_images(facts, sizes, random.integers(20_000, 90_000, images), values)


def of_folder(folder: Path) -> list[Family]:
    """The families of real images."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)[:600]
    read = [imaging.read(path.read_bytes(), Limits()) for path in files]
    sizes = np.array([(each.width, each.height) for each in read])
    sizes_bytes = np.array([path.stat().st_size for path in files])
    return of_images(np.stack([each.measures for each in read]), sizes, sizes_bytes, {})


if __name__ == "__main__":
    main()
