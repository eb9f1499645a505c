"""Reads arrays of an untrusted npz file; their headers are checked before memory is allocated."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cvcore.errors import ArchiveRefused, ArraysDamaged
from cvcore.files import npz
from cvcore.files.npz import Header
from cvcore.languages import t

Shape = tuple[int | None, ...]


def read(data: bytes, expected: Mapping[str, tuple[str, Shape]], name: str) -> dict[str, NDArray[np.generic]]:
    """The arrays with these names, checked for the expected kind (`b`, `i` or `f`) and shape; None is any length.

    Arrays of objects, which numpy would unpickle, have none of these kinds.

    Raises:
        ArchiveRefused: the file is damaged, or an array is missing or not as expected; `name` is the file's name.

    >>> import io
    >>> buffer = io.BytesIO()
    >>> np.savez(buffer, bias=np.zeros(3, np.float32))
    >>> read(buffer.getvalue(), {"bias": ("f", (None,))}, "arrays.npz")["bias"].tolist()
    [0.0, 0.0, 0.0]
    """
    try:
        headers = npz.headers(data, expected)
        for array, (kind, shape) in expected.items():
            if not _is_expected(headers[array], kind, shape):
                raise _refusal(name, array)
        return npz.read(data, expected)
    except ArraysDamaged as error:
        raise ArchiveRefused(
            t("a project zip's {name} must be complete, it is damaged: copy or download it again", name=name)
        ) from error


def _is_expected(header: Header, kind: str, shape: Shape) -> bool:
    pairs = zip(header.shape, shape, strict=False)
    has_shape = len(header.shape) == len(shape) and all(expected in (None, length) for length, expected in pairs)
    return header.dtype.kind == kind and has_shape and header.is_complete


def _refusal(name: str, array: str) -> ArchiveRefused:
    return ArchiveRefused(
        t(
            "a project zip's {name} must match the project, {array} in it does not: copy or download it again",
            name=name,
            array=array,
        )
    )
