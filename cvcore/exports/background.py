"""Exports made behind the scenes and zipped, for pages and programs that start one and ask until it is done.

Converting needs TensorFlow, so a process of its own does it: this module, run. Its zip lies in the iteration's
folder, under a name that cannot be guessed, and goes with it.
"""

from __future__ import annotations

import functools
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cvcore import evaluation
from cvcore.errors import NotTrained, TagwiseError, Unavailable
from cvcore.exports import exporting, formats
from cvcore.exports.agreement import Agreement
from cvcore.files import blobs
from cvcore.records import Iteration
from cvcore.store import Store

TIMEOUT_S = 30 * 60

WAITING = "Waiting for another export"


@dataclass(frozen=True)
class ExportJob:
    """An export on its way: `progress` is 0..1 and `stage` what is done now, `error` says why it failed.

    Once it is done, `file` is the zip's name, `agreement` how it compares with the page, None if that was not noted;
    `is_current` tells whether it still answers by the thresholds saved with the iteration.
    """

    format: str
    status: Literal["Exporting", "Failed", "Done"]
    stage: str = ""
    progress: float = 0.0
    error: str = ""
    file: str = ""
    size_bytes: int = 0
    agreement: Agreement | None = None
    is_current: bool = True


@dataclass
class _Running:
    """An export under way, or one that failed: written by the thread that waits for it."""

    stage: str = WAITING
    progress: float = 0.0
    error: str = ""


_runs: dict[tuple[str, str], _Running] = {}
_starting = threading.Lock()
_one_at_a_time = threading.Lock()


def start(store: Store, iteration: Iteration, name: str) -> ExportJob:
    """Begin an export in a format, unless it is under way or done; one that failed or is outdated is begun anew.

    Raises:
        InvalidInput, Unavailable: there is no such format, or what makes it is not installed.
        NotTrained: the iteration has no model.
    """
    if iteration.status != "Completed":
        raise NotTrained(f"only a trained iteration can be exported, {iteration.name} is not: train it first")
    formats.find(name)
    with _starting:
        known = next((each for each in find(store, iteration) if each.format == name), None)
        if known and known.status != "Failed" and known.is_current:
            return known
        _runs[iteration.id, name] = run = _Running()
    threading.Thread(target=_make, args=(store.home, iteration, name, run), name="export", daemon=True).start()
    return ExportJob(name, "Exporting", run.stage)


def find(store: Store, iteration: Iteration) -> list[ExportJob]:
    """An iteration's exports, by format."""
    done = {path.name.partition("-")[0]: path for path in _folder(store.home, iteration.id).glob("*.zip")}
    deliveries = []
    for name in formats.NAMES:
        run = _runs.get((iteration.id, name))
        # A format's name has a hyphen in it at times, a file's first part has none.
        path = done.get(_stem(name))
        if run and run.error:
            deliveries.append(ExportJob(name, "Failed", error=run.error))
        elif run:
            deliveries.append(ExportJob(name, "Exporting", run.stage, run.progress))
        elif path:
            deliveries.append(_done(store, iteration, name, path))
    return deliveries


def path_of(home: Path, iteration_id: str, file: str) -> Path:
    """Where a zip lies, if it does; both parts must be free of slashes."""
    return _folder(home, iteration_id) / file


def _folder(home: Path, iteration_id: str) -> Path:
    return blobs.iteration_folder(home, iteration_id) / "exports"


def _stem(name: str) -> str:
    return name.replace("-", "_")


def _done(store: Store, iteration: Iteration, name: str, path: Path) -> ExportJob:
    about = _about(path)
    told = [tag["threshold"] for tag in about.get("tags", [])]
    saved = np.broadcast_to(evaluation.threshold_in_use(iteration), len(told)).tolist()
    noted = about.get("agreement")
    return ExportJob(
        name,
        "Done",
        progress=1.0,
        file=path.name,
        size_bytes=path.stat().st_size,
        agreement=Agreement(**noted) if noted else None,
        is_current=told == saved,
    )


@functools.lru_cache(maxsize=256)
def _about(path: Path) -> dict[str, Any]:
    """What an export says of itself; a zip of that name never changes."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _told(archive.read("model.json"))
    except (OSError, KeyError, zipfile.BadZipFile):  # nothing is said of it, but it may be fetched
        return {}


def _make(home: Path, iteration: Iteration, name: str, run: _Running) -> None:
    try:
        with _one_at_a_time, tempfile.TemporaryDirectory() as scratch:
            folder, packed = Path(scratch) / "export", Path(scratch) / "export.zip"
            _watch(home, iteration, name, folder, run)
            run.stage, run.progress = "Packing", 0.95
            _pack(folder, packed)
            _keep(home, iteration, name, packed)
        del _runs[iteration.id, name]
    except Exception as error:  # whatever it was, whoever asks is told
        run.error = str(error) or repr(error)


def _watch(home: Path, iteration: Iteration, name: str, folder: Path, run: _Running) -> None:
    """Let another process write the export, and note what it tells: lines of JSON among whatever libraries print."""
    paths = [str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-m", "cvcore.exports.background", str(home), iteration.id, name, str(folder)]
    run.stage = "Starting"
    with subprocess.Popen(  # noqa: S603 - our own interpreter and arguments, no shell
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout
        too_late = threading.Timer(TIMEOUT_S, process.kill)
        too_late.start()
        refusal = ""
        for line in process.stdout:
            told = _told(line)
            run.stage, run.progress = told.get("stage", run.stage), told.get("progress", run.progress)
            refusal = told.get("error", refusal)
        too_late.cancel()
    if refusal:
        raise Unavailable(refusal)
    if process.returncode:
        raise Unavailable(f"the process that exports ended before its time (status {process.returncode}): try again")


def _told(line: str | bytes) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _keep(home: Path, iteration: Iteration, name: str, packed: Path) -> None:
    folder = _folder(home, iteration.id)
    if not folder.parent.is_dir():
        raise Unavailable("someone deleted the iteration meanwhile: there is nothing left to export")
    outdated = list(folder.glob(f"{_stem(name)}-*.zip"))
    blobs.write(folder / f"{_stem(name)}-{secrets.token_hex(16)}.zip", packed.read_bytes())
    for path in outdated:
        path.unlink(missing_ok=True)


def _pack(folder: Path, packed: Path) -> None:
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))


def _tell(**told: object) -> None:
    print(json.dumps(told), flush=True)


def main(home: str, iteration_id: str, name: str, folder: str) -> None:
    """Write one export in this process, and tell how far it is."""
    store = Store(Path(home))
    try:
        exporting.export(
            store,
            store.iterations.get(iteration_id),
            formats.find(name),
            Path(folder),
            progress=lambda stage, fraction: _tell(stage=stage, progress=fraction),
        )
    except TagwiseError as error:
        _tell(error=str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
