"""Prepares networks in processes of their own: `python -m cvcore.training.steps.preparation NAME SIDE FOLDER`.

Converting a network takes TensorFlow, seconds and 1 GB of memory, once. In another process it keeps nobody waiting who
needs another network, and the worker stays as small as it was. A preparation goes on when nobody waits for it any more,
and ends with the process that began it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cvcore import errors, settings
from cvcore.errors import TagwiseError, Unavailable
from cvcore.languages import t
from cvcore.networks import architectures, backbones, keras_backend
from cvcore.networks.backbones import Backbone

POLL_S = 0.1


@dataclass
class _Preparation:
    """A running process, the stage it is at, and the error that ended it."""

    popen: subprocess.Popen[str]
    stage: str = ""
    error: TagwiseError | None = None
    reader: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.reader = threading.Thread(target=self._read, name="preparation", daemon=True)
        self.reader.start()

    def _read(self) -> None:
        """Take over what the process says: lines of JSON; all others come from libraries."""
        assert self.popen.stdout
        with self.popen.stdout as lines:
            for line in lines:
                if line.startswith('{"stage": '):
                    self.stage = json.loads(line)["stage"]
                elif line.startswith('{"error": '):
                    name, message = json.loads(line)["error"]
                    self.error = getattr(errors, name)(message)


# By name, size and folder; used by the thread that runs jobs.
_running: dict[tuple[str, int, Path], _Preparation] = {}


def prepare(name: str, side: int, folder: Path, *, on_stage: Callable[[str], None] = lambda stage: None) -> Backbone:
    """What `backbones.prepare` returns and raises, but a network is converted in a process of its own.

    Where Keras is loaded already, it is converted here. `on_stage` is called again and again while the process works.

    Raises:
        Unavailable: the process was killed.
    """
    if not backbones.is_ready(name, side, folder) and not keras_backend.is_loaded():
        architectures.require_weights(name)
        _wait((name, side, folder), on_stage)
    return backbones.prepare(name, side, folder, on_stage=on_stage)


def begin(name: str, side: int, folder: Path) -> None:
    """Prepare a network that somebody may need soon, if its weights are on this machine; returns at once."""
    if backbones.availability(name, side, folder) == "on this machine":
        _started((name, side, folder))


def _started(network: tuple[str, int, Path]) -> _Preparation:
    """The network's running process; a new one if none runs."""
    if network not in _running or _running[network].popen.poll() is not None:
        name, side, folder = network
        popen = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
            [sys.executable, "-m", __name__, name, str(side), str(folder)],
            env=settings.environ_of_programs(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        _running[network] = _Preparation(popen)
    return _running[network]


def _wait(network: tuple[str, int, Path], on_stage: Callable[[str], None]) -> None:
    """Wait until a network's process has ended, and raise its error; what `on_stage` raises ends the waiting alone."""
    preparation = _started(network)
    while preparation.popen.poll() is None:
        on_stage(preparation.stage or t("Preparing {network} (only once)", network=network[0]))
        time.sleep(POLL_S)
    del _running[network]
    preparation.reader.join()
    assert preparation.popen.stdin
    preparation.popen.stdin.close()
    if preparation.error:
        raise preparation.error
    if status := preparation.popen.returncode:
        raise Unavailable(
            t(
                "the network {network} must be prepared once, but the process that does it ended with status {status}; "
                "the machine may have too little memory: try again",
                network=network[0],
                status=status,
            )
        )


def main() -> None:
    """Prepare the network that the arguments name; ends at once when the process that began it ends."""
    name, side, folder = sys.argv[1:]
    threading.Thread(target=_watch_parent, daemon=True).start()
    try:
        backbones.prepare(name, int(side), Path(folder), on_stage=lambda stage: _print(stage=stage))
    except TagwiseError as error:
        _print(error=[type(error).__name__, str(error)])


def _print(**message: object) -> None:
    print("\n" + json.dumps(message), flush=True)


def _watch_parent() -> None:
    # Not sys.stdin: Python aborts at exit if a thread still reads from it.
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
