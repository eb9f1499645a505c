"""Seconds from Train to scores for 600 images: a first training, one with kept embeddings, and a repeat.

    python tests/bench/training.py [FOLDER_OF_TAG_FOLDERS] [--domain NAME]

Without a folder, 600 paintings are drawn. The worker has loaded TensorFlow before all three, as it has in the web app.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from pathlib import Path

from cvcore import datasets, projects, training
from cvcore.datasets import Listing
from cvcore.imaging import paintings
from cvcore.networks import keras_backend
from cvcore.projects import imports
from cvcore.records import Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training import job_runner, pipeline, worker


def main() -> None:
    """Print one line per training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--domain", default="Built-in")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        store = Store(Path(home))
        project = projects.create(store, "bench", domain=options.domain)
        listing = datasets.entries(options.folder, Limits()) if options.folder else drawn(200)
        started = time.perf_counter()
        imports.import_images(store, project, listing, limits=Limits())
        images = store.images.count(project.id)
        print(f"stored {images} images in {time.perf_counter() - started:.1f} s")
        device = keras_backend.prepare_backend()
        # The first prepares the network, which happens once on a machine.
        pipeline.prepare(project.domain_id, store.home / "backbones", lambda stage, fraction: None)
        for case in ("with nothing embedded", "with embeddings from the upload", "once more"):
            iteration, seconds = train(store, project, device)
            parts = ", ".join(f"{part} {iteration.seconds[part]:.1f} s" for part in ("features", "fit"))
            print(f"{case}: {seconds:.1f} s from Train to scores ({parts}; {iteration.backbone})")


def drawn(per_school: int) -> Listing:
    """Paintings, as if they were uploaded."""
    return datasets.entries_from_uploads(
        [(f"{painting.tag}/{painting.name}", painting.data) for painting in paintings.paintings(per_school=per_school)]
    )


def train(store: Store, project: Project, device: worker.Device) -> tuple[Iteration, float]:
    """One training, and the seconds that a person waits for it."""
    started = time.perf_counter()
    training.start(store, project, force=True)
    job = store.jobs.claim()
    assert job is not None
    job_runner.run_job(store, job, threading.Event(), device=device)
    assert store.jobs.get(job.id).status == "done", store.jobs.get(job.id).error
    return store.iterations.get(job.iteration_id or ""), time.perf_counter() - started


if __name__ == "__main__":
    main()
