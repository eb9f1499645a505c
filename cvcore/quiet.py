"""Keeps off the terminal what C++ libraries say while they load: none of it is for the person who reads there."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

_one_at_a_time = threading.Lock()


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """A block in which nothing that is written to standard error, by Python or by C++, is shown.

    TensorFlow and LiteRT write there before their own settings for silence are heeded.
    """
    with _one_at_a_time, Path(os.devnull).open("w") as nowhere:
        try:
            terminal = os.dup(2)
        except OSError:  # closed, as under pythonw
            yield
            return
        try:
            os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
