"""Whether next steps keep what they promise: the promised gain of each step beside that of taking it.

    python tests/bench/next_steps.py FOLDER_OF_SETS [--draws 3]
    python tests/bench/next_steps.py --aside [--draws 3]

Each set is taken apart in ways whose right step is known, and the step is taken:

more images     a third of the images is kept aside for testing, half of the rest is trained on; the step is taken by
                adding the other half, and the gain is measured on the third
none wrong      nothing was done to the tags: is there said to be a wrong one, and in which share of the images
wrong tags      2, 5 and 10 % of the tags are wrong; the step is taken by mending those of the listed that are; the
                gain is measured on the same answers, and on those of a training with the mended tags
merge           the largest tag is divided at random into two; the step is taken by making them one and training
none divided    nothing was divided: pairs that are named
thresholds      the threshold is 80 %; a third is kept aside; the gain of the thresholds suggested is measured on it

Whether a gain is in the interval also depends on the chance of which images are measured on, which the intervals of
more images and thresholds do not hold.

The rules of `next_steps` were chosen on the sets of a folder of images. `--aside` takes tables that come with
scikit-learn, on which nothing was chosen.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from learning_curve import evaluated, image_sets, tables

from cvcore import learning_curves, metrics
from cvcore.evaluation import label_issues
from cvcore.learning_curves import subsets
from cvcore.learning_curves.measurement import Evaluated
from cvcore.networks import arrays, heads
from cvcore.next_steps.better_thresholds import better_thresholds
from cvcore.next_steps.evidence import Evidence, mean_f1
from cvcore.next_steps.iteration import GAIN_LEAST
from cvcore.next_steps.label_noise import label_noise
from cvcore.next_steps.merging import merge
from cvcore.next_steps.more_images import more_images
from cvcore.next_steps.wrong_tags import wrong_tags

IMAGES_LEAST = 4
TO_DIVIDE = 40
LOW = 0.8

Row = tuple[str, bool, float, float, float, float]  # what, shown, promised, low, high, gained


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--aside", action="store_true")
    parser.add_argument("--draws", type=int, default=3)
    arguments = parser.parse_args()
    found: dict[str, list[Row]] = defaultdict(list)
    for name, whole in tables() if arguments.aside else image_sets(arguments.folder):
        with arrays.one_thread():
            rows = [row for draw in range(arguments.draws) for row in tried(whole, draw)]
        for row in rows:
            found[row[0]].append(row)
        print(f"{name}: {sum(row[1] for row in rows)} of {len(rows)} steps shown", flush=True)
    print("\n| step | tried | shown | promised | gained | gained above 0 | in the interval |")
    print("|---|---|---|---|---|---|---|")
    for what, rows in found.items():
        show(what, rows)


def show(what: str, rows: list[Row]) -> None:
    """Print a line: of the steps that are shown, the mean of what they promise and bring."""
    shown = [row for row in rows if row[1]]
    _, _, promised, low, high, gained = (np.array(each) for each in zip(*shown, strict=True)) if shown else [[0.0]] * 6
    inside = np.mean((np.array(low) <= np.array(gained)) & (np.array(gained) <= np.array(high)))
    print(
        f"| {what} | {len(rows)} | {len(shown)} | {100 * np.mean(promised):+.1f} | {100 * np.mean(gained):+.1f} | "
        f"{np.mean(np.array(gained) > 0):.0%} | {inside:.0%} |"
    )


def tried(whole: Evaluated, draw: int) -> Iterator[Row]:
    """Every step on one set, with what it promised and brought."""
    random = np.random.default_rng(draw)
    kept = np.flatnonzero(whole.truth.sum(axis=0) >= 3 * IMAGES_LEAST)
    if len(kept) < 2:
        return
    rows = whole.truth[:, kept].any(axis=1) | whole.multilabel
    whole = part(replace(whole, truth=whole.truth[:, kept]), rows)
    yield from _more(whole, draw)
    yield from _thresholds(whole, draw)
    yield from _wrong(whole, random)
    yield from _merged(whole, random)


def _more(whole: Evaluated, draw: int) -> Iterator[Row]:
    ranks = subsets.ranks(whole.truth, whole.groups, np.random.default_rng(200 + draw))
    test, half = ranks < 1 / 3, (ranks >= 1 / 3) & (ranks < 2 / 3)
    small = part(whole, half)
    if (small.truth.sum(axis=0) < IMAGES_LEAST).any():
        return
    measurement = learning_curves.measure(small, None)
    gains = learning_curves.f1_gains(measurement, small.truth, small.groups, 0.5)
    step = more_images(gains, 1.0, len(small.truth))
    if step is None:
        return
    before, after = (by_test(whole, used, test) for used in (half, ~test))
    yield line("more images", step.gain, after - before)


def _thresholds(whole: Evaluated, draw: int) -> Iterator[Row]:
    test = subsets.ranks(whole.truth, whole.groups, np.random.default_rng(300 + draw)) < 1 / 3
    step = better_thresholds(replace(evidence(part(whole, ~test)), thresholds=LOW))
    if step is None:
        return
    before, after = (by_test(whole, ~test, test, limits) for limits in (LOW, step.thresholds))
    yield line("thresholds", step.gain, after - before)


def _wrong(whole: Evaluated, random: np.random.Generator) -> Iterator[Row]:
    for share in (0.0, 0.02, 0.05, 0.1):
        truth, is_wrong = planted(whole.truth, share, random, multilabel=whole.multilabel)
        shown = evidence(replace(whole, truth=truth))
        step = wrong_tags(shown)
        if not share:
            expected = label_noise(shown.truth, shown.probabilities, multilabel=shown.multilabel)
            said = 0.0 if step is None else step.wrong / len(truth)
            yield ("none wrong: share of images named", step is not None, said, 0, 1, float(expected.is_present))
            continue
        if step is None:
            yield (f"wrong tags, {share:.0%}, answers", False, 0, 0, 0, 0)
            continue
        issues = label_issues.find_label_issues(
            shown.truth, shown.probabilities, np.ones(len(shown.truth), bool), multilabel=shown.multilabel
        )
        mended = truth.copy()
        of_shown = np.flatnonzero(whole.folds >= 0)[issues.rows]
        right = of_shown[is_wrong[of_shown]]
        mended[right] = whole.truth[right]
        again = Evidence(
            mended[shown.rows], shown.probabilities, shown.folds, shown.groups, 0.5, shown.multilabel, shown.rows
        )
        before, after = f1(shown), f1(again)
        yield line(f"wrong tags, {share:.0%}, answers", step.gain, after - before)
        yield line(
            f"wrong tags, {share:.0%}, trained again", step.gain, f1(evidence(replace(whole, truth=mended))) - before
        )
        number = float(is_wrong[of_shown].sum()) / len(truth)
        wrong = (each / len(truth) for each in (step.wrong, step.wrong_low, step.wrong_high))
        yield (f"wrong tags, {share:.0%}, how many of 100 images", True, *wrong, number)


def _merged(whole: Evaluated, random: np.random.Generator) -> Iterator[Row]:
    natural = merge(evidence(whole))
    yield line("none divided", natural.gain, 0.0) if natural else ("none divided", False, 0, 0, 0, 0)
    largest = int(whole.truth.sum(axis=0).argmax())
    if whole.truth[:, largest].sum() < TO_DIVIDE or whole.truth.shape[1] < 3:
        return
    second = whole.truth[:, largest] & (random.random(len(whole.truth)) < 0.5)
    truth = np.column_stack([whole.truth, second])
    truth[:, largest] &= ~second
    shown = evidence(evaluated(whole.embeddings, truth, whole.groups, whole.multilabel))
    step = merge(shown)
    if step is None or {step.first, step.second} != {largest, truth.shape[1] - 1}:
        yield ("merge", False, 0, 0, 0, 0)
        return
    rates = metrics.rates(metrics.count_answers(shown.truth, shown.answered))[2, :-1]
    others = np.delete(rates, [step.first, step.second])
    before = metrics.mean(np.append(others, rates[[step.first, step.second]].mean()))
    yield line("merge", step.gain, f1(evidence(whole)) - before)


def line(what: str, gain: object, gained: float) -> Row:
    expected, low, high = (getattr(gain, name) for name in ("expected", "low", "high"))
    return what, low >= GAIN_LEAST, expected, low, high, gained


def part(whole: Evaluated, rows: np.ndarray) -> Evaluated:
    return evaluated(whole.embeddings[rows], whole.truth[rows], whole.groups[rows], whole.multilabel)


def evidence(one: Evaluated) -> Evidence:
    """The evaluated images with their out-of-fold probabilities."""
    fitted = heads.fit(one.embeddings, one.truth, one.folds, multilabel=one.multilabel).out_of_fold
    rows = np.flatnonzero(one.folds >= 0)
    return Evidence(one.truth[rows], fitted[rows], one.folds[rows], one.groups[rows], 0.5, one.multilabel, rows)


def f1(shown: Evidence) -> float:
    return mean_f1(shown.counts(shown.truth, shown.answered).sum(axis=0))


def by_test(whole: Evaluated, used: np.ndarray, test: np.ndarray, thresholds: float | tuple[float, ...] = 0.5) -> float:
    """The mean F1 on the test images of a classifier trained on those used."""
    one = part(whole, used)
    head = heads.fit(one.embeddings, one.truth, one.folds, multilabel=one.multilabel)
    scores = heads.probabilities(whole.embeddings[test], head.kernel, head.bias, multilabel=whole.multilabel)
    answered = metrics.answers(scores, np.asarray(thresholds), multilabel=whole.multilabel)
    return float(metrics.rates(metrics.count_answers(whole.truth[test], answered))[2, -1])


def planted(
    truth: np.ndarray, share: float, random: np.random.Generator, *, multilabel: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Tags of which a share is wrong, and which images these are on; Multilabel: a tag is missing."""
    wrong = truth.copy()
    if multilabel:
        wrong &= random.random(truth.shape) >= share
    else:
        for row in np.flatnonzero(random.random(len(truth)) < share):
            wrong[row] = np.roll(truth[row], random.integers(1, truth.shape[1]))
    return wrong, (wrong != truth).any(axis=1)


if __name__ == "__main__":
    main()
