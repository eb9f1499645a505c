"""Arrays in an npz file from strangers: measured by their headers before memory is given to any."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from cvcore.errors import ArchiveRefused

Shape = tuple[int | None, ...]


def read(data: bytes, expected: Mapping[str, tuple[str, Shape]], name: str) -> dict[str, NDArray[np.generic]]:
    """The arrays of these names, each with its kind of number (`b`, `i` or `f`) and its shape; None is any length.

    Objects, which numpy would unpickle, are of none of these kinds.

    Raises:
        ArchiveRefused: the file is damaged, or an array is missing or another; `name` says which file.

    >>> buffer = io.BytesIO()
    >>> np.savez(buffer, bias=np.zeros(3, np.float32))
    >>> read(buffer.getvalue(), {"bias": ("f", (None,))}, "arrays.npz")["bias"].tolist()
    [0.0, 0.0, 0.0]
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = {each: _measured(archive, each, name) for each in expected}
        for each, (kind, shape) in expected.items():
            if not _fits(found[each], kind, shape):
                raise _refusal(name, each)
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return {each: arrays[each] for each in expected}
    except ArchiveRefused:
        raise
    except Exception as error:  # of a damaged zip numpy raises nearly anything
        raise ArchiveRefused(
            f"a project zip's {name} must be whole, it is damaged: copy or download it again"
        ) from error


def _measured(archive: zipfile.ZipFile, each: str, name: str) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    """An array's shape and type as its header says, once its size was found to agree with them."""
    info = archive.getinfo(f"{each}.npy")
    with archive.open(info) as file:
        npy.read_magic(file)
        shape, _, dtype = npy.read_array_header_1_0(file)
        if info.file_size - file.tell() != dtype.itemsize * int(np.prod(shape, dtype=object)):
            raise _refusal(name, each)
    return shape, dtype


def _fits(found: tuple[tuple[int, ...], np.dtype[np.generic]], kind: str, shape: Shape) -> bool:
    there, dtype = found
    pairs = zip(there, shape, strict=False)
    return dtype.kind == kind and len(there) == len(shape) and all(wanted in (None, length) for length, wanted in pairs)


def _refusal(name: str, each: str) -> ArchiveRefused:
    return ArchiveRefused(
        f"a project zip's {name} must fit the project, {each} in it does not: copy or download it again"
    )
