"""How many wrong tags are found: some of a real set's tags are flipped, it is trained, and its suspects are counted.

python tests/bench/suspects.py FOLDER_OF_TAG_FOLDERS [--share 0.05] [--seeds 3] [--domain "General (compact) [S1]"]
"""

from __future__ import annotations

import argparse
import tempfile
import threading
from pathlib import Path

import numpy as np

from cvcore import datasets, evaluation, projects, training
from cvcore.evaluation import drill_down
from cvcore.networks import keras_backend
from cvcore.projects import imports, tagging
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training import job_runner, worker


def main() -> None:
    """Print one line per drawing of wrong tags."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--domain", default="General (compact) [S1]")
    options = parser.parse_args()
    device = keras_backend.prepare_backend()
    for seed in range(options.seeds):
        with tempfile.TemporaryDirectory() as home:
            store = Store(Path(home))
            project = projects.create(store, "bench", domain=options.domain)
            imports.import_images(store, project, datasets.entries(options.folder, Limits()), limits=Limits())
            wrong = flip(store, project, options.share, seed)
            print(f"seed {seed}: {told(store, project, wrong, device)}", flush=True)


def flip(store: Store, project: Project, share: float, seed: int) -> set[str]:
    """Give a share of the images another tag; their ids."""
    random = np.random.default_rng(seed)
    images = store.images.tagged(project.id)
    tags = [tag.id for tag in store.tags.of_project(project.id)]
    chosen = [images[row] for row in random.permutation(len(images))[: round(share * len(images))]]
    for image in chosen:
        other = random.choice([tag for tag in tags if tag not in image.tag_ids])
        tagging.add_tags(store, project, [image.id], [str(other)])
    return {image.id for image in chosen}


def told(store: Store, project: Project, wrong: set[str], device: worker.Device) -> str:
    """Train, and say how many of the first suspects are wrong."""
    training.start(store, project, force=True)
    job = store.jobs.claim()
    assert job is not None
    job_runner.run_job(store, job, threading.Event(), device=device)
    assert store.jobs.get(job.id).status == "done", store.jobs.get(job.id).error
    iteration = store.iterations.get(job.iteration_id or "")
    judged = evaluation.load(store, iteration)
    images = store.iterations.images(iteration.id)
    found = [
        images[row].image_id in wrong for row in drill_down.images_behind(store, iteration, 0.5, "label_issues").rows
    ]
    hard = [images[row].image_id in wrong for row in drill_down.images_behind(store, iteration, 0.5, "hardest").rows]
    most = len(wrong)
    return (
        f"{most} of {len(judged.truth)} tags flipped; {sum(found)} among {len(found)} suspects, "
        f"{sum(found[:most])} among the first {most}, {sum(found[: most // 2])} among the first {most // 2}; "
        f"{sum(hard[:most])} among the first {most} of the hardest ({iteration.backbone})"
    )


if __name__ == "__main__":
    main()
