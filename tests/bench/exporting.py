"""Seconds for several export formats of one iteration, as the Publish page makes them: wall clock and processor.

    python tests/bench/exporting.py FOLDER_OF_TAG_FOLDERS [FORMAT …] [--domain NAME]

The processor's seconds are those of all processes, so that they say more than the clock where others work too.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from cvcore import datasets, projects, training
from cvcore.exports import background, process
from cvcore.projects import imports
from cvcore.records import Iteration
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training import worker

FIVE = ("keras", "savedmodel", "tflite", "tflite-fp16", "onnx")


def main() -> None:
    """Train once, start all exports, and print one line per format as it gets done, and one for all together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("formats", nargs="*", default=FIVE)
    parser.add_argument("--domain", default="General (compact) [S1]")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        store = Store(Path(home))
        iteration = trained(store, options.folder, options.domain)
        started, used = time.perf_counter(), processor_seconds()
        for name in options.formats:
            background.start(store, iteration, name)
        waiting = set(options.formats)
        while waiting:
            time.sleep(0.1)
            for job in background.find(store, iteration):
                if job.format in waiting and job.status != "Exporting":
                    waiting.remove(job.format)
                    ended = f"{job.size_bytes / 1e6:.1f} MB, {job.agreement}" if job.status == "Done" else job.error
                    print(f"{job.format}: {time.perf_counter() - started:.1f} s; {ended}", flush=True)
        seconds = time.perf_counter() - started
        process.stop()  # only of a process that has ended the seconds are known
        print(
            f"{len(options.formats)} formats of {iteration.backbone}: {seconds:.1f} s, "
            f"{processor_seconds() - used:.1f} s of processors"
        )


def trained(store: Store, folder: Path, domain: str) -> Iteration:
    """An iteration of the folder's images."""
    project = projects.create(store, "bench", domain=domain)
    imports.import_images(store, project, datasets.entries(folder, Limits()), limits=Limits())
    job = worker.finish_job(store, training.start(store, project))
    return store.iterations.get(job.iteration_id or "")


def processor_seconds() -> float:
    """Seconds of processors of this process and of those that it started and that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main()
