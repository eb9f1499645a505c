"""Joins the Ray cluster that `TAGWISE_RAY` names, for as long as a piece of work takes."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator

from cvcore.errors import Unavailable

AUTO = "auto"
# A cluster that does not answer within this time is not there.
PATIENCE_S = 5.0

# Read by Ray when it is imported: nothing is sent to its makers, and what dying nodes say is not written to standard
# output, where commands print their results.
ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DEDUP_LOGS_SKIP_REGEX": "(?s).*"}

EXTRA = "TAGWISE_RAY needs Ray, which is not installed: install it with pip install 'tagwise[ray]'"

log = logging.getLogger("tagwise.cluster")

# A process is in one cluster at a time, and once.
_one_at_a_time = threading.Lock()


@contextlib.contextmanager
def joined(address: str) -> Iterator[bool]:
    """A block in which this process is in the cluster at `address`, host:port or `auto`; whether it could join.

    Where it could not, the log says in one sentence what is missing, and this machine does the work.
    """
    if not _one_at_a_time.acquire(blocking=False):
        yield False
        return
    try:
        is_joined = _is_joined(address)
        try:
            yield is_joined
        finally:
            if is_joined:
                _leave()
    finally:
        _one_at_a_time.release()


def _is_joined(address: str) -> bool:
    try:
        _join(address)
    except Unavailable as error:
        log.warning("%s", error)
        return False
    return True


def _join(address: str) -> None:
    """Join the cluster.

    Raises:
        Unavailable: Ray is not installed, no cluster is there, or it is of another version.
    """
    os.environ.update(ENVIRONMENT)
    try:
        import ray
    except ImportError:
        raise Unavailable(EXTRA) from None
    if address != AUTO:
        _require_answer(address)
    try:
        with _signals_kept():
            ray.init(address=address, namespace="tagwise", log_to_driver=False, configure_logging=False)
    except Exception as error:  # Ray raises many types for one cluster that cannot be joined
        reason = " ".join(str(error).split())[:300]
        raise Unavailable(
            f"TAGWISE_RAY must name a Ray cluster that this machine is part of, {address} could not be joined "
            f"({reason}): this machine works alone"
        ) from error


def _leave() -> None:
    import ray

    with _signals_kept(), contextlib.suppress(Exception):  # the cluster may be gone
        ray.shutdown()


def _require_answer(address: str) -> None:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE_S).close()
    except (OSError, UnicodeError) as error:  # a name that can be none, such as a..b
        raise Unavailable(
            f"TAGWISE_RAY must name a running Ray cluster, {address} does not answer ({error}): this machine works "
            "alone; start the cluster with `ray start --head`"
        ) from error


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """A block after which signals go where they went before: Ray takes SIGTERM, by which the worker is stopped."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
