"""Reads arrays of an untrusted npz file; their headers are checked before memory is allocated."""

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
    """The arrays with these names, checked for the expected kind (`b`, `i` or `f`) and shape; None is any length.

    Arrays of objects, which numpy would unpickle, have none of these kinds.

    Raises:
        ArchiveRefused: the file is damaged, or an array is missing or not as expected; `name` is the file's name.

    >>> buffer = io.BytesIO()
    >>> np.savez(buffer, bias=np.zeros(3, np.float32))
    >>> read(buffer.getvalue(), {"bias": ("f", (None,))}, "arrays.npz")["bias"].tolist()
    [0.0, 0.0, 0.0]
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            headers = {array: _header(archive, array, name) for array in expected}
        for array, (kind, shape) in expected.items():
            if not _is_expected(headers[array], kind, shape):
                raise _refusal(name, array)
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return {array: arrays[array] for array in expected}
    except ArchiveRefused:
        raise
    except Exception as error:  # numpy raises many kinds of errors for a damaged zip
        raise ArchiveRefused(
            f"a project zip's {name} must be complete, it is damaged: copy or download it again"
        ) from error


def _header(archive: zipfile.ZipFile, array: str, name: str) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    """An array's shape and type from its header, after checking that its size agrees with them."""
    info = archive.getinfo(f"{array}.npy")
    with archive.open(info) as file:
        npy.read_magic(file)
        shape, _, dtype = npy.read_array_header_1_0(file)
        if info.file_size - file.tell() != dtype.itemsize * int(np.prod(shape, dtype=object)):
            raise _refusal(name, array)
    return shape, dtype


def _is_expected(header: tuple[tuple[int, ...], np.dtype[np.generic]], kind: str, shape: Shape) -> bool:
    lengths, dtype = header
    pairs = zip(lengths, shape, strict=False)
    has_shape = len(lengths) == len(shape) and all(expected in (None, length) for length, expected in pairs)
    return dtype.kind == kind and has_shape


def _refusal(name: str, array: str) -> ArchiveRefused:
    return ArchiveRefused(
        f"a project zip's {name} must match the project, {array} in it does not: copy or download it again"
    )
