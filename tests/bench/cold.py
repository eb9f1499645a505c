"""Seconds that a person waits from cold: for `tagwise train`, and for the app's first training by the SDK.

    python tests/bench/cold.py FOLDER_OF_TAG_FOLDERS [--beside CHECKOUT] [--domain NAME] [--runs N]

Every case starts new processes with a new home folder. `--beside` measures another checkout too, in turn with this one
and with the same interpreter. Of all runs the least seconds are printed, and beside them the processor's.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import requests
from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
from azure.cognitiveservices.vision.customvision.training.models import ImageFileCreateBatch, ImageFileCreateEntry
from msrest.authentication import ApiKeyCredentials

from cvcore import domains

ROOT = Path(__file__).resolve().parents[2]
IMAGES_BY_SDK = 18
POLL_S = 0.1

# Numbers by what they are of: seconds, or megabytes.
Measured = dict[str, float]


def main() -> None:
    """Print a table: a row for each number, a column for each checkout."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--beside", type=Path)
    parser.add_argument("--domain", default="Built-in")
    parser.add_argument("--runs", type=int, default=2)
    options = parser.parse_args()
    checkouts = [ROOT, *([options.beside.resolve()] if options.beside else [])]
    least: dict[Path, Measured] = {checkout: {} for checkout in checkouts}
    for _ in range(options.runs):
        for checkout in checkouts:
            for measure in (by_command, by_sdk):
                for name, number in measure(checkout, options.folder, options.domain).items():
                    least[checkout][name] = min(least[checkout].get(name, number), number)
    print(f"{'':50}" + "".join(f"{checkout.name:>12}" for checkout in checkouts))
    for name in least[ROOT]:
        print(f"{name:50}" + "".join(f"{least[checkout][name]:12.1f}" for checkout in checkouts))


def by_command(checkout: Path, folder: Path, domain: str) -> Measured:
    """`tagwise train` with nothing embedded, and once more."""
    measured: Measured = {}
    with tempfile.TemporaryDirectory() as home:
        run(checkout, home, "import", "bench", str(folder), "--domain", domain)
        for case in ("nothing embedded", "embedded"):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            started = time.perf_counter()
            run(checkout, home, "train", "bench", "--force")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            measured[f"tagwise train, {case}, s"] = time.perf_counter() - started
            measured[f"tagwise train, {case}, s of processor"] = (
                after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            )
    return measured


def by_sdk(checkout: Path, folder: Path, domain: str) -> Measured:
    """The app's start, and a script for Custom Vision that trains 18 images as soon as the app answers."""
    measured: Measured = {}
    with tempfile.TemporaryDirectory() as home:
        started = time.perf_counter()
        with serving(checkout, home) as (url, server):
            measured["tagwise serve, until it answers, s"] = time.perf_counter() - started
            client = CustomVisionTrainingClient(url, ApiKeyCredentials(in_headers={"Training-key": "t"}))
            started = time.perf_counter()
            project_id = uploaded(client, folder, domain)
            measured["SDK, project and 18 images, s"] = time.perf_counter() - started
            started = time.perf_counter()
            iteration = client.train_project(project_id)
            while iteration.status == "Training":
                time.sleep(POLL_S)
                iteration = client.get_iteration(project_id, iteration.id)
            assert iteration.status == "Completed"
            measured["SDK, from train_project to Completed, s"] = time.perf_counter() - started
            measured["memory of the worker after it, at most, MB"] = worker_mb(server.pid)
    return measured


def run(checkout: Path, home: str, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "cvcore.cli", *arguments],
        cwd=checkout,
        env=os.environ | {"TAGWISE_HOME": home},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )


@contextlib.contextmanager
def serving(checkout: Path, home: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The app on a free port, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "cvcore.cli", "serve", "--port", str(port)],
        cwd=checkout,
        env=os.environ | {"TAGWISE_HOME": home, "TAGWISE_TRAINING_KEY": "t"},
        stdout=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        while True:
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{url}/_stcore/health", timeout=5).ok:
                    break
            time.sleep(POLL_S)
        yield url, server
    finally:
        server.terminate()
        server.wait()


def uploaded(client: CustomVisionTrainingClient, folder: Path, domain: str) -> str:
    """The id of a new project with the first images of two tags."""
    project = client.create_project("bench", domain_id=domains.find(domain).id)
    entries = []
    for tagged in sorted(path for path in folder.iterdir() if path.is_dir())[:2]:
        tag = client.create_tag(project.id, tagged.name)
        entries += [
            ImageFileCreateEntry(name=path.name, contents=path.read_bytes(), tag_ids=[tag.id])
            for path in sorted(tagged.iterdir())[: IMAGES_BY_SDK // 2]
        ]
    client.create_images_from_files(project.id, ImageFileCreateBatch(images=entries))
    return str(project.id)


def worker_mb(server_pid: int) -> float:
    """The most memory that the app's worker has taken so far; nan where there is no /proc."""
    try:
        (children,) = Path(f"/proc/{server_pid}/task").glob(f"{server_pid}/children")
        status = Path(f"/proc/{children.read_text().split()[0]}/status").read_text()
    except (OSError, ValueError, IndexError):
        return float("nan")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
