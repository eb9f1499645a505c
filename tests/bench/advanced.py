"""Errors of Advanced and Quick training on the same folds, and how long they took.

    KERAS_HOME=… python tests/bench/advanced.py FOLDER… [--minutes 10] [--domain "General (compact) [S1]"]

FOLDER holds tag-named folders of images. An error is an image whose most probable tag is not its own; also printed is
how many are not answered right at threshold 0.5.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from cvcore import datasets, evaluation, projects, training
from cvcore.finetuning import outcome_text
from cvcore.projects import imports
from cvcore.records import MULTICLASS, Iteration, TrainingOptions
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training import worker


def main() -> None:
    arguments = parse()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TAGWISE_HOME"] = folder
        store = Store(Path(folder))
        for path in arguments.folders:
            measure(store, path, arguments)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--domain", default="General (compact) [S1]")
    return parser.parse_args()


def measure(store: Store, folder: Path, arguments: argparse.Namespace) -> None:
    project = projects.create(store, folder.name, classification_type=MULTICLASS, domain=arguments.domain)
    imports.import_images(store, project, datasets.entries(folder, Limits()), limits=Limits())
    methods = {"Quick": TrainingOptions(), "Advanced": TrainingOptions(True, arguments.minutes)}
    wrong = {}
    for name, options in methods.items():
        started = time.perf_counter()
        job = worker.finish_job(store, training.start(store, project, options=options))
        assert job.status == "done", job.error
        iteration = store.iterations.get(job.iteration_id or "")
        wrong[name], summary = errors(store, iteration)
        print(f"{folder.name}, {name}: {summary}, {time.perf_counter() - started:.0f} s", flush=True)
    outcome = store.trainings.outcome(iteration.id)
    assert outcome
    share = 1 - wrong["Advanced"] / wrong["Quick"]
    print(f"{folder.name}: {share:.0%} fewer errors; {outcome.rounds} epochs")
    print(outcome_text.summary(outcome), flush=True)


def errors(store: Store, iteration: Iteration) -> tuple[int, str]:
    """The number of images whose most probable tag is not their own, and a sentence with it and the other errors."""
    out_of_fold = evaluation.load(store, iteration)
    rows = out_of_fold.evaluated
    probabilities, truth = out_of_fold.probabilities[rows].astype(np.float64), out_of_fold.truth[rows]
    own = probabilities[truth]
    is_wrong = probabilities.argmax(axis=1) != truth.argmax(axis=1)
    wrong = int(is_wrong.sum())
    unsure = int((is_wrong | (own < 0.5)).sum())
    nats = -np.log(np.maximum(own, 1e-7)).mean()
    return wrong, f"{wrong} of {len(truth)} wrong, {unsure} not right at 0.5, log-loss {nats:.3f}"


if __name__ == "__main__":
    main()
