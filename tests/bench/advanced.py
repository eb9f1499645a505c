"""Errors of Advanced training beside Quick's, on the same folds, and what it took.

    KERAS_HOME=… python tests/bench/advanced.py FOLDER… [--minutes 10] [--domain "General (compact) [S1]"]

FOLDER holds tag-named folders of pictures. An error is a picture whose most probable tag is not its own; beside it
stands how many are not answered rightly at threshold 0.5.
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
    ways = {"Quick": TrainingOptions(), "Advanced": TrainingOptions(True, arguments.minutes)}
    wrong = {}
    for name, options in ways.items():
        started = time.perf_counter()
        job = worker.finish_job(store, training.start(store, project, options=options))
        assert job.status == "done", job.error
        iteration = store.iterations.get(job.iteration_id or "")
        wrong[name], told = errors(store, iteration)
        print(f"{folder.name}, {name}: {told}, {time.perf_counter() - started:.0f} s", flush=True)
    outcome = store.trainings.outcome(iteration.id)
    assert outcome
    share = 1 - wrong["Advanced"] / wrong["Quick"]
    print(f"{folder.name}: {share:.0%} fewer errors; {outcome.attempts} attempts, {outcome.rounds} rounds")
    print(outcome_text.summary(outcome), flush=True)


def errors(store: Store, iteration: Iteration) -> tuple[int, str]:
    """Pictures whose most probable tag is not their own, and this in words with the rest."""
    judged = evaluation.load(store, iteration)
    rows = judged.evaluated
    told, truth = judged.probabilities[rows].astype(np.float64), judged.truth[rows]
    own = told[truth]
    wrong = int((told.argmax(axis=1) != truth.argmax(axis=1)).sum())
    unsure = int(((told.argmax(axis=1) != truth.argmax(axis=1)) | (own < 0.5)).sum())
    nats = -np.log(np.maximum(own, 1e-7)).mean()
    return wrong, f"{wrong} of {len(truth)} wrong, {unsure} not right at 0.5, log-loss {nats:.3f}"


if __name__ == "__main__":
    main()
