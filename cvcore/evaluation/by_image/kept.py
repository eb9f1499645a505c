"""Results that take seconds to find among a million images: found once, at training, and kept in files of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from cvcore.files import npz

Result = TypeVar("Result")


def kept(path: Path | None, record: Callable[..., Result], compute: Callable[[], Result]) -> Result:
    """The result in an npz file; computed, and written there, if the file is missing or damaged.

    `record` is a dataclass of arrays and numbers. Without a path nothing is kept.
    """
    arrays = npz.kept(path, lambda: {name: np.asarray(value) for name, value in vars(compute()).items()})
    return record(**{name: array if array.ndim else array.item() for name, array in arrays.items()})
