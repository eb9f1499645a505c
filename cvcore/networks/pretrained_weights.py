"""The paths of Keras' downloaded weights, and a download that fails fast with a clear message."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cvcore.errors import StorageFull, WeightsMissing
from cvcore.files import disks
from cvcore.languages import t

HOST = "storage.googleapis.com"
PROBE_S = 3.0
STALLED_S = 30.0


def path_of(file_name: str, environ: Mapping[str, str]) -> Path:
    """Where `keras.applications` keeps a file of weights.

    >>> path_of("net.h5", {"KERAS_HOME": "/keras"}).as_posix()
    '/keras/models/net.h5'
    """
    return Path(environ.get("KERAS_HOME") or "~/.keras").expanduser() / "models" / file_name


def require(path: Path, network: str) -> None:
    """Check that the file is there, or that it can perhaps be downloaded; loads no Keras.

    Raises:
        WeightsMissing: it is not there, and its server does not answer.
    """
    if not path.exists():
        try:
            _ask_by_proxy() if urllib.request.getproxies() else _probe()
        except OSError as error:
            raise _missing(path, network, error) from error


@contextmanager
def downloading(path: Path, network: str) -> Iterator[None]:
    """A block in which Keras downloads the file at `path`; a damaged file there is deleted first.

    Raises:
        WeightsMissing: it cannot be downloaded, for whatever reason.
        StorageFull: the disk is full.
    """
    timeout_before_s = socket.getdefaulttimeout()
    try:
        _probe()
        _clear(path)
        socket.setdefaulttimeout(STALLED_S)
        yield
    except Exception as error:  # Keras raises a bare Exception if a server refuses
        if disks.is_full(error):
            raise StorageFull(
                t("the disk that holds {folder} is full: free some space and try again", folder=path.parent)
            ) from error
        raise _missing(path, network, error) from error
    finally:
        socket.setdefaulttimeout(timeout_before_s)


def _missing(path: Path, network: str, error: Exception) -> WeightsMissing:
    return WeightsMissing(
        t(
            "{network} needs its ImageNet weights, which are not on this machine and cannot be downloaded ({error}): "
            "connect it to the internet once, or copy {file} into {folder}",
            network=network,
            error=error,
            file=path.name,
            folder=path.parent,
        )
    )


def _probe() -> None:
    """Fail within seconds without a network, because a DNS look-up alone can take half a minute to give up."""
    if urllib.request.getproxies():
        return
    answered = threading.Event()

    def connect() -> None:
        try:
            socket.create_connection((HOST, 443), PROBE_S).close()
            answered.set()
        except OSError:
            pass

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(PROBE_S)
    if not answered.is_set():
        raise ConnectionError(f"{HOST} does not answer")


def _ask_by_proxy() -> None:
    # Any answer will do, also that there is nothing at this address.
    with contextlib.suppress(urllib.error.HTTPError):
        urllib.request.urlopen(f"https://{HOST}/", timeout=STALLED_S).close()


def _clear(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Keras would use a folder in /tmp instead, where anyone can put other weights.
    if not os.access(path.parent.parent, os.W_OK):
        raise PermissionError(f"{path.parent} cannot be written")
    path.unlink(missing_ok=True)
