"""Exports made behind the scenes and zipped, for programs that start one and ask until it is done.

Converting needs TensorFlow, so a process of its own does it: `tagwise export`. Its zip lies in the iteration's folder,
under a name that cannot be guessed, and goes with it.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cvcore import blobs
from cvcore.errors import NotTrained
from cvcore.exports import formats
from cvcore.records import Iteration
from cvcore.store import Store

TIMEOUT_S = 30 * 60

_running: dict[tuple[str, str], str] = {}
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Delivery:
    """An export on its way; `file` is the zip's name once it is done, `error` why it failed."""

    format: str
    status: Literal["Exporting", "Failed", "Done"]
    file: str = ""
    error: str = ""


def start(store: Store, iteration: Iteration, name: str) -> Delivery:
    """Begin an export in a format, unless it is under way or done; one that failed is begun anew.

    Raises:
        InvalidInput, Unavailable: there is no such format, or what makes it is not installed.
        NotTrained: the iteration has no model.
    """
    if iteration.status != "Completed":
        raise NotTrained(f"only a trained iteration can be exported, {iteration.name} is not: train it first")
    formats.find(name)
    known = next((each for each in found(store, iteration) if each.format == name), None)
    if known and known.status != "Failed":
        return known
    _running[iteration.id, name] = ""
    threading.Thread(target=_make, args=(store.home, iteration, name), daemon=True).start()
    return Delivery(name, "Exporting")


def found(store: Store, iteration: Iteration) -> list[Delivery]:
    """An iteration's exports, by format."""
    done = {path.name.partition("-")[0]: path.name for path in _folder(store.home, iteration.id).glob("*.zip")}
    deliveries = []
    for name in formats.NAMES:
        # A format's name has a hyphen in it at times, a file's first part has none.
        if file := done.get(name.replace("-", "_")):
            deliveries.append(Delivery(name, "Done", file))
        elif (error := _running.get((iteration.id, name))) is not None:
            deliveries.append(Delivery(name, "Failed" if error else "Exporting", error=error))
    return deliveries


def path_of(home: Path, iteration_id: str, file: str) -> Path:
    """Where a zip lies, if it does; both parts must be free of slashes."""
    return _folder(home, iteration_id) / file


def _folder(home: Path, iteration_id: str) -> Path:
    return blobs.iteration_folder(home, iteration_id) / "exports"


def _make(home: Path, iteration: Iteration, name: str) -> None:
    try:
        with _one_at_a_time, tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "export"
            _run(home, iteration, name, folder)
            packed = Path(scratch) / "export.zip"
            _pack(folder, packed)
            file = f"{name.replace('-', '_')}-{secrets.token_hex(16)}.zip"
            blobs.write(_folder(home, iteration.id) / file, packed.read_bytes())
        del _running[iteration.id, name]
    except Exception as error:  # whatever it was, whoever asks is told
        _running[iteration.id, name] = str(error) or repr(error)


def _run(home: Path, iteration: Iteration, name: str, folder: Path) -> None:
    paths = [str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", "")]
    environ = os.environ | {"TAGWISE_HOME": str(home), "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-m", "cvcore.cli", "export", iteration.project_id, name, str(folder)]
    done = subprocess.run(  # noqa: S603 - our own interpreter and arguments, no shell
        [*command, "--iteration", str(iteration.number)], env=environ, capture_output=True, text=True, timeout=TIMEOUT_S
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["the export failed"])[-1])


def _pack(folder: Path, packed: Path) -> None:
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
