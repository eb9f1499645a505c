"""Reads arrays of an npz file from outside; their headers are checked before memory is allocated."""

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
    """The arrays with these names, each of the expected kind (`b`, `i` or `f`) and shape, where None is any length.

    Arrays of objects, which numpy would unpickle, are of none of these kinds.

    Raises:
        ArchiveRefused: the file is damaged, or an array is missing or not as expected; `name` names the file.

    >>> buffer = io.BytesIO()
    >>> np.savez(buffer, bias=np.zeros(3, np.float32))
    >>> read(buffer.getvalue(), {"bias": ("f", (None,))}, "arrays.npz")["bias"].tolist()
    [0.0, 0.0, 0.0]
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            headers = {each: _header(archive, each, name) for each in expected}
        for each, (kind, shape) in expected.items():
            if not _fits(headers[each], kind, shape):
                raise _refusal(name, each)
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return {each: arrays[each] for each in expected}
    except ArchiveRefused:
        raise
    except Exception as error:  # of a damaged zip numpy raises nearly anything
        raise ArchiveRefused(
            f"a project zip's {name} must be complete, it is damaged: copy or download it again"
        ) from error


def _header(archive: zipfile.ZipFile, each: str, name: str) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    """An array's shape and type from its header, after a check that its size agrees with them."""
    info = archive.getinfo(f"{each}.npy")
    with archive.open(info) as file:
        npy.read_magic(file)
        shape, _, dtype = npy.read_array_header_1_0(file)
        if info.file_size - file.tell() != dtype.itemsize * int(np.prod(shape, dtype=object)):
            raise _refusal(name, each)
    return shape, dtype


def _fits(header: tuple[tuple[int, ...], np.dtype[np.generic]], kind: str, shape: Shape) -> bool:
    lengths, dtype = header
    pairs = zip(lengths, shape, strict=False)
    has_shape = len(lengths) == len(shape) and all(expected in (None, length) for length, expected in pairs)
    return dtype.kind == kind and has_shape


def _refusal(name: str, each: str) -> ArchiveRefused:
    return ArchiveRefused(
        f"a project zip's {name} must fit the project, {each} in it does not: copy or download it again"
    )
