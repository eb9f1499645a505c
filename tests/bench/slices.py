"""How fast a slice changes, beside the plain report, and how often a list of worst slices is wrong.

    python tests/bench/slices.py [IMAGES TAGS] [RUNS]
    python tests/bench/slices.py HOME

Speed: the numbers of a slice and of the rest on 100,000 images and 100 tags. Honesty: values dealt to groups of images
by lot, RUNS times; at most 1 list in 20 should hold anything. A planted slice, 20 points worse, should be found.

With a HOME that `million.py` has made: what the view *Slices* rests on, once without the files that are kept and once
with them, each in a process of its own: the seconds of processor and of the clock, and the most memory so far.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from million_home import NAME

from cvcore import projects, slices
from cvcore.array_types import Bools, Float32s, Integers
from cvcore.evaluation.analysis import Analysis
from cvcore.evaluation.out_of_fold import OutOfFold
from cvcore.files import blobs
from cvcore.image_facts import Column, snapshots
from cvcore.metrics import reports
from cvcore.slices import Condition, answers, ranks, rates, worst_slices
from cvcore.store import Store

Result = TypeVar("Result")


def of_home(home: Path) -> None:
    """Print what each step costs in this process, the first that asks."""
    store = Store(home)
    iteration = store.iterations.trained(projects.find(store, NAME).id)[0]
    known = _told("what is known of the images", lambda: slices.columns(store, iteration))
    _told("the slices that do worst", lambda: slices.worst(store, iteration, 0.5))
    _told("the slices that do worst, at 0.6", lambda: slices.worst(store, iteration, 0.6))
    _told("a key's values", lambda: slices.shares_of_wrong(store, iteration, 0.5, "site"))
    for key, place in (("site", 0), ("site", 1), ("brightness", 1)):
        wanted = [Condition(key, known[key].values[place])]
        _told(f"numbers of {wanted[0]}", lambda wanted=wanted: slices.numbers(store, iteration, 0.5, wanted))


def _told(name: str, work: Callable[[], Result]) -> Result:
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    most_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:45} {processor:6.2f} s CPU {clock:6.2f} s {most_mb:6.0f} MB", flush=True)
    return result


def with_and_without_files(home: Path) -> None:
    """Delete what is kept of the iteration's images, then look at it twice."""
    store = Store(home)
    iteration = store.iterations.trained(projects.find(store, NAME).id)[0]
    store.close()
    folder = blobs.iteration_folder(home, iteration.id)
    for name in (snapshots.METADATA_FILE, snapshots.FACTS_FILE, ranks.FILE):
        (folder / name).unlink(missing_ok=True)
    for state in ("first", "kept in files"):
        print(f"{state}, load {os.getloadavg()[0]:.1f}", flush=True)
        subprocess.run([sys.executable, __file__, str(home), "--here"], check=True)


def speed(images: int, tags: int) -> None:
    """Print the milliseconds of a slice with its rest, and of the plain report of the same images."""
    random = np.random.default_rng(0)
    truth = np.eye(tags, dtype=bool)[random.integers(tags, size=images)]
    scores = np.exp(random.normal(size=truth.shape) + 3 * truth)
    scores = (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)
    folds, groups = random.integers(5, size=images), np.arange(images) // 2 * 2
    head = np.zeros((1, tags), np.float32), np.zeros(tags, np.float32)
    started = time.perf_counter()
    predictions = OutOfFold(truth, scores, folds, groups, *head, multilabel=False)
    evaluated = answers.evaluated(predictions)
    given = answers.answers(evaluated, 0.5, Analysis(predictions).top_tags)
    ranked = ranks.ranks(evaluated)
    print(f"prepared once in {time.perf_counter() - started:.2f} s")
    for share in (0.01, 0.1, 0.5):
        chosen = random.random(images) < share
        here = chosen[evaluated.rows]
        ours = min(_seconds(partial(rates.reports_of, evaluated, given, ranked, here)) for _ in range(5))
        plain = _seconds(partial(_plain, truth, scores, folds, groups, chosen))
        print(f"{share:.0%} of {images:,} x {tags}: {1000 * ours:.0f} ms, plain {1000 * plain:.0f} ms")


def _plain(truth: Bools, scores: Float32s, folds: Integers, groups: Integers, chosen: Bools) -> None:
    for each in (chosen, ~chosen):
        reports.report(truth[each], scores[each], folds[each], groups[each], 0.5, multilabel=False)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def honesty(runs: int) -> None:
    """Print how many lists hold anything by chance, and how many find a planted slice."""
    random = np.random.default_rng(1)
    false = found = 0
    for _ in range(runs):
        groups = np.sort(random.integers(700, size=1000))
        tag = random.integers(6, size=1000)
        hard = random.random(700)[groups]
        is_wrong = hard < np.array([0.02, 0.05, 0.1, 0.2, 0.4, 0.6])[tag]
        truth = np.eye(6, dtype=bool)[tag]
        columns = {
            f"k{key}": Column(f"k{key}", tuple("abcdef"), random.integers(6, size=700)[groups].astype(np.int32))
            for key in range(12)
        }
        false += bool(worst_slices.worst(truth, is_wrong, groups, columns).findings)
        worse = is_wrong | ((columns["k3"].codes == 2) & (random.random(1000) < 0.3))
        listed = worst_slices.worst(truth, worse, groups, columns).findings
        found += any(("k3", "c") == (each.condition.key, each.condition.value) for each in listed)
    print(f"by chance {false} of {runs} lists hold something; a slice with 30 % more mistakes is found in {found}")


if __name__ == "__main__":
    if sys.argv[2:] == ["--here"]:
        sys.exit(of_home(Path(sys.argv[1])))
    if len(sys.argv) == 2:
        sys.exit(with_and_without_files(Path(sys.argv[1])))
    numbers = [int(each) for each in sys.argv[1:]]
    honesty(numbers[2] if len(numbers) > 2 else 300)
    speed(*(numbers[:2] or (100_000, 100)))
