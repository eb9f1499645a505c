"""Exports made in the background as zips: `start` begins one, `find` returns its progress.

Conversion needs TensorFlow, so it runs in a separate process, see `process`. The zip is in the iteration's folder,
under a name that cannot be guessed, and is deleted with the iteration.
"""

from __future__ import annotations

import functools
import secrets
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cvcore import evaluation
from cvcore.errors import NotTrained, Unavailable
from cvcore.exports import formats, process
from cvcore.exports.agreement import Agreement
from cvcore.exports.messages import WAITING
from cvcore.files import blobs
from cvcore.languages import t
from cvcore.records import Iteration
from cvcore.store import Store


@dataclass(frozen=True)
class ExportJob:
    """The state of an export: `progress` is 0..1, `stage` the current step, `error` the reason if it failed.

    If it is done, `file` is the zip's name and `agreement` its comparison with the page, None if the zip has none.
    `is_current` is False if other thresholds were saved with the iteration after the export.
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
class _Run:
    """The progress of a running export, or the reason why it failed; written by its thread."""

    stage: str = WAITING
    progress: float = 0.0
    error: str = ""

    def read(self, message: dict[str, Any]) -> None:
        """Take over what the process says about its progress."""
        self.stage, self.progress = message.get("stage", self.stage), message.get("progress", self.progress)


# By iteration id and format; finished exports are removed.
_runs: dict[tuple[str, str], _Run] = {}
_starting = threading.Lock()
_one_at_a_time = threading.Lock()


def start(store: Store, iteration: Iteration, name: str) -> ExportJob:
    """Start an export in a format unless it is running or done; a failed or outdated one is made again.

    Raises:
        InvalidInput: there is no such format.
        Unavailable: packages that the format needs are not installed.
        NotTrained: the iteration has no model.
    """
    if iteration.status != "Completed":
        raise NotTrained(
            t("only a trained iteration can be exported, {iteration} is not: train it first", iteration=iteration.name)
        )
    name = formats.find(name).name
    with _starting:
        known = next((job for job in find(store, iteration) if job.format == name), None)
        if known and known.status != "Failed" and known.is_current:
            return known
        _runs[iteration.id, name] = run = _Run()
    threading.Thread(target=_make, args=(store.home, iteration, name, run), name="export", daemon=True).start()
    return ExportJob(name, "Exporting", run.stage)


def find(store: Store, iteration: Iteration) -> list[ExportJob]:
    """An iteration's exports that are running, done or failed: at most one per format, in the formats' order."""
    done = {path.name.partition("-")[0]: path for path in _folder(store.home, iteration.id).glob("*.zip")}
    jobs = []
    for name in formats.NAMES:
        run = _runs.get((iteration.id, name))
        path = done.get(_stem(name))
        if run and run.error:
            jobs.append(ExportJob(name, "Failed", error=run.error))
        elif run:
            jobs.append(ExportJob(name, "Exporting", run.stage, run.progress))
        elif path:
            jobs.append(_done(store, iteration, name, path))
    return jobs


def path_of(home: Path, iteration_id: str, file: str) -> Path:
    """The path of an export's zip, whether it exists or not; neither `iteration_id` nor `file` may hold a slash."""
    return _folder(home, iteration_id) / file


def _folder(home: Path, iteration_id: str) -> Path:
    return blobs.iteration_folder(home, iteration_id) / "exports"


def _stem(name: str) -> str:
    # A zip's name is the format, a hyphen and a random part: the format's own hyphens become underscores.
    return name.replace("-", "_")


def _done(store: Store, iteration: Iteration, name: str, path: Path) -> ExportJob:
    description = _model_json(path)
    thresholds = [tag["threshold"] for tag in description.get("tags", [])]
    saved = np.broadcast_to(evaluation.threshold_in_use(iteration), len(thresholds)).tolist()
    agreement = description.get("agreement")
    return ExportJob(
        name,
        "Done",
        progress=1.0,
        file=path.name,
        size_bytes=path.stat().st_size,
        agreement=Agreement(**agreement) if agreement else None,
        is_current=thresholds == saved,
    )


@functools.lru_cache(maxsize=256)
def _model_json(path: Path) -> dict[str, Any]:
    """The model.json in an export's zip, empty if it cannot be read; a zip of that name never changes."""
    try:
        with zipfile.ZipFile(path) as archive:
            return process.json_object(archive.read("model.json"))
    except (OSError, KeyError, zipfile.BadZipFile):  # the zip is still listed
        return {}


def _make(home: Path, iteration: Iteration, name: str, run: _Run) -> None:
    try:
        # Not in the system's folder for temporary files: there nobody would look for it after a kill.
        with _one_at_a_time, blobs.scratch_folder(home) as scratch:
            folder, packed = scratch / "export", scratch / "export.zip"
            run.stage = "Starting"
            process.run(home, iteration.id, name, folder, run.read)
            run.stage, run.progress = "Packing", 0.95
            _pack(folder, packed)
            _store(home, iteration, name, packed)
        del _runs[iteration.id, name]
    except Exception as error:  # nobody sees an exception of a thread: the page shows `run.error`
        run.error = str(error) or repr(error)


def _store(home: Path, iteration: Iteration, name: str, packed: Path) -> None:
    folder = _folder(home, iteration.id)
    if not folder.parent.is_dir():
        raise Unavailable(t("the iteration was deleted while it was exported: choose another iteration"))
    outdated = list(folder.glob(f"{_stem(name)}-*.zip"))
    blobs.write(folder / f"{_stem(name)}-{secrets.token_hex(16)}.zip", packed.read_bytes())
    for path in outdated:
        path.unlink(missing_ok=True)


def _pack(folder: Path, packed: Path) -> None:
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
