"""Keeps the result of an analysis in the iteration's folder, and reads it back, from there or from a project zip.

The check of a file is the same in both places. A file of the home folder that does not pass is no result, and the
analysis is made again. One of a project zip can come from anybody, so that the check bounds memory before it reads.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from cvcore import evaluation
from cvcore.errors import ArraysDamaged
from cvcore.evaluation import out_of_fold
from cvcore.files import blobs, npz
from cvcore.records import Iteration
from cvcore.settings import MEBIBYTE
from cvcore.store import Store

Result = TypeVar("Result")

LIMIT_BYTES = 1024 * MEBIBYTE

# The kind of an array (numpy's letter: b, i, u, f or U), and its shape: lengths, or names of lengths.
Array = tuple[str, tuple[int | str, ...]]


@dataclass(frozen=True)
class Size:
    """How many images an iteration was trained with, and how many tags are columns."""

    images: int
    tags: int


@dataclass(frozen=True)
class KeptFile(Generic[Result]):
    """The file of one analysis: its name in the iteration's folder, and how a result is written and read.

    The name ends in a number, as in `learning-curve-1.npz`: increase it when a formula changes, and older files are
    ignored and made again. `from_bytes` raises ArraysDamaged for bytes that are no result of an iteration of that size;
    it must take any bytes, and need no more than about `LIMIT_BYTES` of memory for them.
    """

    name: str
    to_bytes: Callable[[Result], bytes]
    from_bytes: Callable[[bytes, Size], Result]


def _is_anything(result: object, size: Size) -> bool:
    return True


def arrays_file(
    name: str,
    record: Callable[..., Result],
    arrays: Mapping[str, Array],
    is_whole: Callable[[Result, Size], bool] = _is_anything,
    *,
    limit_bytes: int = LIMIT_BYTES,
) -> KeptFile[Result]:
    """The npz file of a result that is a dataclass of arrays.

    `arrays` gives the kind and shape of each field. In a shape, `images` and `tags` are the iteration's, `tags+1` is
    one more; any other name is a length that all arrays with that name share. No float may be infinite. `is_whole`
    checks what is left to check: ranges, order. Larger arrays than `limit_bytes` are not read.
    """

    def to_bytes(result: Result) -> bytes:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **{name: getattr(result, name) for name in arrays})
        return buffer.getvalue()

    def from_bytes(data: bytes, size: Size) -> Result:
        headers = npz.headers(data, arrays)
        lengths = {"images": size.images, "tags": size.tags, "tags+1": size.tags + 1}
        for field, (kind, shape) in arrays.items():
            if not _is_expected(headers[field], kind, shape, lengths):
                raise ArraysDamaged(f"{field} is not as expected")
        if sum(header.size_bytes for header in headers.values()) > limit_bytes:
            raise ArraysDamaged("its arrays are too large")
        values: dict[str, Any] = npz.read(data, arrays)
        infinite = [field for field, value in values.items() if value.dtype.kind == "f" and np.isinf(value).any()]
        result = record(**values)
        if infinite or not is_whole(result, size):
            raise ArraysDamaged("its numbers are not as expected")
        return result

    return KeptFile(name, to_bytes, from_bytes)


def _is_expected(header: npz.Header, kind: str, shape: tuple[int | str, ...], lengths: dict[str, int]) -> bool:
    """Whether an array has that kind and shape; a name seen for the first time enters `lengths`."""
    if header.dtype.kind != kind or len(header.shape) != len(shape) or not header.is_complete:
        return False
    return all(
        length == (wanted if isinstance(wanted, int) else lengths.setdefault(wanted, length))
        for length, wanted in zip(header.shape, shape, strict=True)
    )


def save(store: Store, iteration: Iteration, file: KeptFile[Result], result: Result) -> None:
    """Write a result into the iteration's folder.

    Raises:
        NotTrained: the iteration has no folder.
        StorageFull, HomeUnusable: it cannot be written.
    """
    blobs.write(out_of_fold.folder(store, iteration) / file.name, file.to_bytes(result))


def load(store: Store, iteration: Iteration, file: KeptFile[Result]) -> Result | None:
    """The iteration's result; None if there is none, or if its file is damaged.

    Raises:
        NotTrained: the iteration is not trained.
    """
    data = read(store, iteration, file)
    if data is None:
        return None
    try:
        return file.from_bytes(data, Size(iteration.image_count, len(evaluation.tags(store, iteration))))
    except ArraysDamaged:
        return None


def read(store: Store, iteration: Iteration, file: KeptFile[Any]) -> bytes | None:
    """The bytes of the iteration's file, unchecked; None if there is none.

    Raises:
        NotTrained: the iteration is not trained.
    """
    try:
        return (out_of_fold.folder(store, iteration) / file.name).read_bytes()
    except FileNotFoundError:
        return None
