"""Whether learning curves are honest: numbers at all images, predicted from half of them, beside those measured.

    python tests/bench/learning_curve.py FOLDER_OF_SETS [--draws 4]
    python tests/bench/learning_curve.py --aside [--draws 4]
    python tests/bench/learning_curve.py --speed

Each set is halved at random several times, near duplicates together. From a half, the numbers at twice its images are
predicted, and held against those of the whole set: does the value lie in the 95 % band, how far is it off, and how far
would it be off if one took the numbers to stay. Tags with fewer than four images in a half are left out.

The shapes of `extrapolation` were chosen on the sets of a folder of images. `--aside` takes tables that come with
scikit-learn, on which nothing was chosen. `--speed` prints the seconds for 600 x 5 and 10,000 x 100 drawn embeddings.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from backbones import read
from heads import drawn
from sklearn import datasets

from cvcore import domains, imaging, learning_curves, validation
from cvcore.learning_curves import subsets
from cvcore.learning_curves.measurement import Evaluated
from cvcore.metrics import reports, threshold_sweeps
from cvcore.networks import arrays, backbones, feature_extraction, heads
from cvcore.settings import Limits
from cvcore.validation import near_duplicates

THRESHOLD = 0.5
IMAGES_LEAST = 4
TABLES = (("digits", 600), ("digits", 1700), ("wine", 178), ("breast_cancer", 560), ("iris", 150))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--aside", action="store_true")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--draws", type=int, default=4)
    arguments = parser.parse_args()
    if arguments.speed:
        speed()
        return
    print("| set | numbers | in the band | its width | off by | off if they stayed |")
    print("|---|---|---|---|---|---|")
    found: list[np.ndarray] = []
    for name, whole in tables() if arguments.aside else image_sets(arguments.folder):
        rows = [row for draw in range(arguments.draws) for row in compared(whole, draw)]
        found.append(np.array(rows))
        show(name, found[-1])
    show("**all**", np.concatenate(found))


def image_sets(folder: Path) -> Iterator[tuple[str, Evaluated]]:
    """Sets of images, described by the built-in network."""
    with tempfile.TemporaryDirectory() as temporary:
        network = backbones.prepare(domains.BUILT_IN.backbone, domains.BUILT_IN.side, Path(temporary))
        extract = feature_extraction.load(network, Path(temporary))
    for path in sorted(each for each in folder.iterdir() if each.is_dir()):
        one = read(path)
        embeddings = np.concatenate([extract(imaging.pixels(data, network.side)[None]) for data in one.files])
        signatures = np.stack([np.frombuffer(imaging.read(data, Limits()).signature, np.uint8) for data in one.files])
        yield path.name, evaluated(embeddings, one.truth, near_duplicates.groups(signatures), one.multilabel)


def tables() -> Iterator[tuple[str, Evaluated]]:
    """Tables of numbers that come with scikit-learn."""
    random = np.random.default_rng(5)
    for name, rows in TABLES:
        table = getattr(datasets, f"load_{name}")()
        chosen = random.permutation(len(table.data))[:rows]
        numbers = (table.data - table.data.mean(axis=0)) / (table.data.std(axis=0) + 1e-9)
        truth = table.target[chosen][:, None] == np.unique(table.target)
        yield f"{name}, {rows}", evaluated(numbers[chosen].astype(np.float32), truth, np.arange(rows), False)


def evaluated(embeddings: np.ndarray, truth: np.ndarray, groups: np.ndarray, multilabel: bool) -> Evaluated:
    """The set in five folds, as a training makes them."""
    folds = validation.folds(truth, groups, seed=0)
    return Evaluated(embeddings, truth, folds, groups, np.ones(len(truth), bool), None, heads.L2, multilabel)


def compared(whole: Evaluated, draw: int) -> Iterator[tuple[bool, bool, float, float, float]]:
    """For each tag and overall, and each measure: is it overall, is it in the band, its width, and both errors."""
    half = subsets.ranks(whole.truth, whole.groups, np.random.default_rng(100 + draw)) < 0.5
    kept = np.flatnonzero(whole.truth[half].sum(axis=0) >= IMAGES_LEAST)
    rows = whole.truth[:, kept].any(axis=1) | whole.multilabel
    full = evaluated(whole.embeddings[rows], whole.truth[np.ix_(rows, kept)], whole.groups[rows], whole.multilabel)
    part = half[rows]
    small = evaluated(full.embeddings[part], full.truth[part], full.groups[part], whole.multilabel)
    curve = learning_curves.curve(learning_curves.measure(small, None), small.truth, small.groups, THRESHOLD)
    with arrays.one_thread():
        fitted = heads.fit(full.embeddings, full.truth, full.folds, multilabel=full.multilabel)
    swept = threshold_sweeps.sweep(full.truth, fitted.out_of_fold, full.folds, full.groups, multilabel=full.multilabel)
    report = reports.at_position(swept, threshold_sweeps.position_of(THRESHOLD) or 0)
    for tag, numbers in enumerate([*report.tags, report.overall]):
        for row, name in enumerate(reports.MEASURES):
            low, expected, high = (
                float(each[row, -1, tag]) for each in (curve.forecast.low, curve.forecast.values, curve.forecast.high)
            )
            value, today = getattr(numbers, name), float(curve.measured.values[row, -1, tag])
            if not np.isnan([value, expected, today]).any():
                is_in = low - 1e-9 <= value <= high + 1e-9
                yield tag == len(kept), is_in, high - low, value - expected, value - today


def show(name: str, rows: np.ndarray) -> None:
    """Print a line for the tags and one for the means over the tags."""
    for is_overall, what in ((0, "per tag"), (1, "overall")):
        chosen = rows[rows[:, 0] == is_overall]
        if len(chosen):
            off, stayed = (float(np.sqrt(np.square(chosen[:, place]).mean())) for place in (3, 4))
            print(
                f"| {name}, {what} | {len(chosen)} | {chosen[:, 1].mean():.1%} | {100 * chosen[:, 2].mean():.1f} points"
                f" | {100 * off:.1f} | {100 * stayed:.1f} |",
                flush=True,
            )


def speed() -> None:
    """Print the seconds of a measurement and of the curve at a threshold."""
    for images, tags in ((600, 5), (10_000, 100)):
        embeddings, truth, folds = drawn(images, 1280, tags)
        one = Evaluated(
            embeddings, truth, folds, np.arange(images), np.ones(images, bool), None, heads.L2, multilabel=False
        )
        with arrays.one_thread():
            whole = heads.fit(embeddings, truth, folds, multilabel=False).out_of_fold
        started = time.perf_counter()
        measurement = learning_curves.measure(one, whole)
        measured = time.perf_counter()
        learning_curves.curve(measurement, truth, one.groups, THRESHOLD)
        print(
            f"{images:,} x {tags}: {measured - started:.1f} s to measure, {time.perf_counter() - measured:.2f} s a "
            "threshold"
        )


if __name__ == "__main__":
    main()
