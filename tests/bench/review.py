"""From a click on a count to its images, of 100,000 images and 100 tags: what the server does, and its memory.

    python tests/bench/review.py [--images 100000] [--tags 100] [--type Multiclass] [--home FOLDER]

Rows and probabilities are drawn; there are no files of images. With a folder, the home stays there to be looked at.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cvcore import evaluation, projects, training
from cvcore.evaluation import drill_down, review
from cvcore.evaluation.analysis import Selection
from cvcore.files import blobs
from cvcore.metrics import confusion
from cvcore.metrics.confusion import Cell, TagOutcome
from cvcore.projects import tagging
from cvcore.records import MULTICLASS, Evaluation, Iteration
from cvcore.settings import Limits
from cvcore.store import Store

CLICKS = 20


def main() -> None:
    """Print one line per thing that is waited for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--tags", type=int, default=100)
    parser.add_argument("--type", default=MULTICLASS)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder)
        # In a process of its own, so that what it takes is not counted.
        filling = multiprocessing.get_context("spawn").Process(
            target=fill, args=(home, options.type, options.images, options.tags)
        )
        filling.start()
        filling.join()
        store = Store(home)
        project = projects.find(store, "bench")
        look(store, store.iterations.trained(project.id)[0], options.tags)


def look(store: Store, iteration: Iteration, tags: int) -> None:
    """Open the table once, then click about in it."""
    before = peak_mb()
    print(f"arrays loaded in {timed(lambda: evaluation.load(store, iteration)):.0f} ms")
    print(f"the answers at a threshold: {timed(lambda: drill_down.answers(store, iteration, 0.5)):.0f} ms")
    if iteration.classification_type == MULTICLASS:
        print(f"the matrix: {timed(lambda: drill_down.matrix(store, iteration, 0.5)):.0f} ms")
        asked: list[Selection] = [Cell(click % tags, click * 7 % tags) for click in range(CLICKS)]
    else:
        answers = drill_down.answers(store, iteration, 0.5)
        print(f"the tags' counts: {timed(lambda: confusion.outcomes(answers)):.0f} ms")
        print(f"the swaps: {timed(lambda: drill_down.swaps(store, iteration, 0.5)):.0f} ms")
        asked = [TagOutcome(click % tags, "fn") for click in range(CLICKS)]
    clicks = [timed(lambda each=each: opened(store, iteration, each)) for each in asked]
    print(f"a click on a number to its images: median {statistics.median(clicks):.0f} ms, slowest {max(clicks):.0f} ms")
    largest = TagOutcome(0, "tn")
    print(f"of the longest list: {timed(lambda: opened(store, iteration, largest)):.0f} ms")
    for name in ("label_issues", "hardest", "duplicates"):
        first, again = (timed(lambda name=name: opened(store, iteration, name)) for _ in range(2))
        print(f"{name}: {first:.0f} ms the first time, then {again:.0f} ms")
    print(f"memory: {peak_mb() - before:.0f} MB more than before, at the most")


def opened(store: Store, iteration: Iteration, asked: Selection) -> None:
    """What a click asks of the server, short of drawing."""
    review.page(store, iteration, 0.5, drill_down.images_behind(store, iteration, 0.5, asked))


def timed(action: Callable[[], object]) -> float:
    """Milliseconds that something takes."""
    started = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - started)


def peak_mb() -> float:
    """The most memory this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fill(home: Path, classification_type: str, images: int, tags: int) -> None:
    """Rows of images and one iteration with drawn probabilities."""
    store = Store(home)
    project = projects.create(store, "bench", classification_type=classification_type, domain="Built-in")
    made = tagging.ensure(store, project, [f"tag {number:03}" for number in range(tags)], limits=Limits())
    columns = np.arange(images) % tags
    with store.transaction():
        for number in range(images):
            image_id, _ = store.images.add(
                project.id,
                f"{number:064x}",
                name=f"{number}.jpg",
                width=9,
                height=9,
                size_bytes=9,
                signature=bytes(192),
            )
            store.tags.attach([image_id], [made[columns[number]].id])
        job = training.start(store, project)
    iteration = store.iterations.get(job.iteration_id or "")
    random = np.random.default_rng(0)
    truth = columns[:, None] == np.arange(tags)
    scores = random.normal(size=truth.shape).astype(np.float32) + 5 * truth
    if project.classification_type == MULTICLASS:
        probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    else:
        probabilities = 1 / (1 + np.exp(2 - scores))
    rows = np.arange(images)
    judged = evaluation.OutOfFold(
        truth,
        probabilities.astype(np.float32),
        rows % 5,
        rows // 2,
        np.zeros((1, tags), np.float32),
        np.zeros(tags, np.float32),
        project.classification_type != MULTICLASS,
    )
    with blobs.new_folder(blobs.iteration_folder(store.home, iteration.id)) as folder:
        evaluation.save(folder, judged)
    store.iterations.complete(iteration.id, evaluation=Evaluation("k-fold", 5, 0), backbone="none", seconds={})
    store.jobs.finish(job.id, "done")


if __name__ == "__main__":
    main()
