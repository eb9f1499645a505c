"""Mistakes of Quick, Quick on three views and two networks, and Advanced on images that none of them saw.

    KERAS_HOME=… python tests/bench/fresh.py FOLDER… [--minutes 10] [--methods quick,networks,advanced]

FOLDER holds tag-named folders of images, or images and labels.csv. A third of each set is kept aside, near duplicates
together; the rest is trained on in a new project. Tags with fewer than five images left to train on are left out, with
the images that have no other. An image is wrong if its most probable tag is not its own; with
several tags an image, if the tags of at least 50 % are not exactly its own. Each method is compared with the first one
by McNemar's exact test on the fresh third.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from backbones import Set, read

from cvcore import imaging, prediction, projects, training, validation
from cvcore.finetuning import outcome_text
from cvcore.metrics import paired_comparison
from cvcore.projects import tagging, uploads
from cvcore.records import (
    ADVANCED,
    MULTICLASS,
    MULTILABEL,
    VIEWS,
    VIEWS_AND_BUILT_IN,
    Iteration,
    Project,
    TrainingOptions,
)
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training import worker
from cvcore.training.readiness import IMAGES_TO_TRAIN
from cvcore.validation import near_duplicates

LIMITS = Limits()
SEED = 7
METHODS = {
    "quick": TrainingOptions(),
    "views": TrainingOptions(embedding=VIEWS),
    "networks": TrainingOptions(embedding=VIEWS_AND_BUILT_IN),
    "advanced": ADVANCED,
    "advanced-views": TrainingOptions(is_advanced=True, embedding=VIEWS),
    "advanced-plain": TrainingOptions(is_advanced=True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--domain", default="General (compact) [S1]")
    parser.add_argument("--methods", default="quick,networks,advanced")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TAGWISE_HOME"] = folder
        for path in arguments.folders:
            measure(Store(Path(folder)), read(path), arguments)


def measure(store: Store, one: Set, arguments: argparse.Namespace) -> None:
    """Train each method on two thirds of a set and print its mistakes on the other third."""
    is_fresh = third(one)
    common = one.truth[~is_fresh].sum(axis=0) >= IMAGES_TO_TRAIN
    rows = np.flatnonzero(one.truth[:, common].any(axis=1))
    one = replace(one, files=[one.files[row] for row in rows], truth=one.truth[np.ix_(rows, common)])
    is_fresh = is_fresh[rows]
    kind = MULTILABEL if one.multilabel else MULTICLASS
    project = projects.create(store, one.name, classification_type=kind, domain=arguments.domain)
    fill(store, project, one, np.flatnonzero(~is_fresh))
    truth, first = one.truth[is_fresh], None
    for name in arguments.methods.split(","):
        started = time.perf_counter()
        options = METHODS[name]
        iteration = trained(store, project, replace(options, budget_minutes=arguments.minutes))
        answers = answered(store, iteration, one)[is_fresh]
        first = answers if first is None else first
        compared = paired_comparison.right_answers(truth, answers, first, np.arange(len(truth)))
        print(
            f"{one.name}, {name}: {compared.images - compared.first} of {compared.images} fresh images wrong, "
            f"p = {compared.p_value:.3f}, {time.perf_counter() - started:.0f} s",
            flush=True,
        )
        if outcome := store.trainings.outcome(iteration.id):
            print(outcome_text.summary(outcome), flush=True)


def third(one: Set) -> np.ndarray:
    """Which images are kept aside, bool (images,): about a third of every tag, near duplicates together."""
    signatures = [np.frombuffer(imaging.read(data, LIMITS).signature, np.uint8) for data in one.files]
    groups = near_duplicates.groups(np.stack(signatures))
    return validation.folds(one.truth, groups, seed=SEED, most=6) < 2


def fill(store: Store, project: Project, one: Set, rows: np.ndarray) -> None:
    """Put these images into a project, tagged."""
    tags = [tagging.create(store, project, f"tag {number}", limits=LIMITS).id for number in range(one.truth.shape[1])]
    for row in rows:
        tag_ids = [tags[place] for place in np.flatnonzero(one.truth[row])]
        uploads.add(store, project, f"{row}.jpg", one.files[row], tag_ids=tag_ids, limits=LIMITS)


def trained(store: Store, project: Project, options: TrainingOptions) -> Iteration:
    job = worker.finish_job(store, training.start(store, project, options=options))
    assert job.status == "done", job.error
    return store.iterations.get(job.iteration_id or "")


def answered(store: Store, iteration: Iteration, one: Set) -> np.ndarray:
    """Each image's tags by an iteration, bool (images, tags): the most probable one, or those of at least 50 %."""
    answers = np.zeros(one.truth.shape, bool)
    for row, data in enumerate(one.files):
        predictions = prediction.predict(store, iteration, data, limits=LIMITS)
        for place, predicted in enumerate(predictions):
            tag = int(predicted.tag.rpartition(" ")[2])
            answers[row, tag] = predicted.probability >= 0.5 if one.multilabel else place == 0
    return answers


if __name__ == "__main__":
    main()
