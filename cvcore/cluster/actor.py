"""What runs on the machines of a cluster: an actor, which prepares itself once and then works on shard after shard."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import cvcore
from cvcore.errors import TagwiseError

# From the arguments of a piece of work, the function that works on a shard.
Prepare = Callable[..., Callable[[Any], Any]]


class Actor:
    """Holds what a piece of work needs, such as a network, and nothing that is lost with it."""

    def __init__(self) -> None:
        self._work: Callable[[Any], Any] | None = None

    def start(self, version: str, prepare: Prepare, arguments: tuple[Any, ...]) -> str:
        """Prepare for the work; why this machine cannot take part, or an empty text."""
        if version != cvcore.__version__:
            return (
                f"{socket.gethostname()} must have Tagwise {version}, it has {cvcore.__version__}: install that there"
            )
        try:
            self._work = prepare(*arguments)
        except (TagwiseError, OSError, ImportError) as error:
            return f"{socket.gethostname()} cannot take part: {error}"
        return ""

    def work(self, shard: Any) -> Any:
        """The result of a shard."""
        assert self._work is not None
        return self._work(shard)
