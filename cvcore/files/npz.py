"""Reads npz files: whole arrays, their headers alone, a few rows of a large array, or as mapped memory.

`np.savez` stores arrays one after another as they lie in memory, so a part can be mapped from the disk. Compressed
arrays cannot be read in part: `find` returns None, and the caller reads the complete array.

What is read of a mapped array counts as memory of the process until `release` lets it go; the system keeps it in its
own cache, so that it is soon there again.
"""

from __future__ import annotations

import contextlib
import io
import mmap
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from cvcore.errors import ArraysDamaged, TagwiseError
from cvcore.files import blobs, zips
from cvcore.languages import t

_BLOCK_BYTES = 2**22  # mapped at a time, because mapped bytes count as memory of the process
Arrays = Mapping[str, NDArray[Any]]
_MARK = "mark"  # the array beside those of a file that is kept as long as a mark stays the same
# Windows does not delete a file that is mapped, and cannot let go of a part: there nothing stays mapped.
CAN_STAY_MAPPED = hasattr(mmap, "MADV_DONTNEED")
# A member's data follows its header in the file, whose last two fields say how long its name and extras are:
# https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.7.
_HEADER_BYTES, _LENGTHS = 30, slice(26, 30)


@dataclass(frozen=True)
class Stored:
    """Where an array lies in a file, row after row."""

    path: Path
    offset: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    def rows(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Copies of these rows, in that order."""
        copied = np.empty((len(rows), *self.shape[1:]), self.dtype)
        for start in np.unique(rows // self._block_rows) * self._block_rows:
            in_block = (rows >= start) & (rows < start + self._block_rows)
            copied[in_block] = self._block(int(start))[rows[in_block] - start]
        return copied

    def mapped(self) -> NDArray[Any]:
        """The whole array, read from the disk where it is used; it cannot be written to. See `release`."""
        with self.path.open("rb") as file:
            mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return np.ndarray(self.shape, self.dtype, mapping, self.offset)

    @property
    def size_bytes(self) -> int:
        """How many bytes the array has."""
        return self.shape[0] * self._row_bytes

    def _block(self, start: int) -> NDArray[Any]:
        """Rows from `start` on, mapped from the disk; unmapped with the last reference to them."""
        shape = (min(self._block_rows, self.shape[0] - start), *self.shape[1:])
        return np.asarray(np.memmap(self.path, self.dtype, "r", self.offset + start * self._row_bytes, shape))

    @property
    def _row_bytes(self) -> int:
        return self.dtype.itemsize * int(np.prod(self.shape[1:]))

    @property
    def _block_rows(self) -> int:
        """How many rows a block has."""
        return max(1, _BLOCK_BYTES // self._row_bytes)


def release(*arrays: NDArray[Any]) -> None:
    """Let go of the memory that was read of mapped arrays, or of views of such; others are left as they are."""
    for array in arrays:
        base: Any = array
        while isinstance(base, np.ndarray):
            base = base.base
        if CAN_STAY_MAPPED and isinstance(base, mmap.mmap):
            base.madvise(mmap.MADV_DONTNEED)


@dataclass(frozen=True)
class Header:
    """What a file says of an array, and how many bytes of it there are."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    size_bytes: int

    @property
    def is_complete(self) -> bool:
        """Whether there are as many bytes as the shape needs."""
        return self.size_bytes == self.dtype.itemsize * int(np.prod(self.shape, dtype=object))


def verify(path: Path) -> None:
    """Read a whole file and compare each array with its checksum.

    Raises:
        ArraysDamaged: a byte has changed, the file is cut short, or it cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except zips.BROKEN as error:
        raise ArraysDamaged(t("it is not complete ({error})", error=error)) from error
    if damaged:
        raise ArraysDamaged(t("{damaged} in it has changed", damaged=damaged))


def read(source: Path | bytes, names: Iterable[str] | None = None) -> dict[str, NDArray[Any]]:
    """The arrays of an npz file, all in the order written or those with these names; never of objects.

    Raises:
        FileNotFoundError: there is no file at the path.
        ArraysDamaged: it is damaged, or an array is missing.

    >>> buffer = io.BytesIO()
    >>> np.savez(buffer, bias=np.zeros(3), kernel=np.ones(1))
    >>> read(buffer.getvalue(), ["kernel"])["kernel"].tolist()
    [1.0]
    """
    with _translated(), _open(source) as file, np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in (arrays.files if names is None else names)}


def pieces(arrays: Arrays) -> Iterator[bytes]:
    """The bytes of an npz file, not compressed, a few megabytes at a time.

    >>> read(b"".join(pieces({"bias": np.arange(3)})))["bias"].tolist()
    [0, 1, 2]
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, array in arrays.items():
            array = np.ascontiguousarray(array).reshape(np.shape(array))
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
                npy.write_array_header_1_0(file, npy.header_data_from_array_1_0(array))
                data = array.reshape(-1).view(np.uint8)
                for start in range(0, len(data), _BLOCK_BYTES):
                    file.write(data[start : start + _BLOCK_BYTES].tobytes())
                    yield from sink.taken()
    yield from sink.taken()


class _Sink(io.RawIOBase):
    """A file that can only be written to, and gives away what was written."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written.append(bytes(data))
        return len(data)

    def taken(self) -> list[bytes]:
        """What was written since this was last asked."""
        written, self._written = self._written, []
        return written


def kept(path: Path | None, compute: Callable[[], Arrays], mark: int = 0) -> Arrays:
    """The arrays of an npz file that was written under this mark; else those computed now, which are written there.

    Without a path nothing is kept, nor where its folder was deleted meanwhile or the disk is full.
    """
    if path is None:
        return compute()
    with contextlib.suppress(FileNotFoundError, ArraysDamaged):
        arrays = read(path)
        if arrays.pop(_MARK, 0) == mark:
            return arrays
    computed = compute()
    with contextlib.suppress(TagwiseError):
        if path.parent.exists():
            blobs.write_pieces(path, pieces({**computed, _MARK: np.array(mark)}))
    return computed


def headers(data: bytes, names: Iterable[str]) -> dict[str, Header]:
    """What the bytes of an npz file say of the arrays with these names, without reading the arrays.

    Raises:
        ArraysDamaged: the file is damaged, or an array is missing.
    """
    with _translated(), zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: _header(archive, name) for name in names}


def _header(archive: zipfile.ZipFile, name: str) -> Header:
    info = archive.getinfo(f"{name}.npy")
    with archive.open(info) as file:
        npy.read_magic(file)
        shape, _, dtype = npy.read_array_header_1_0(file)
        return Header(dtype, shape, info.file_size - file.tell())


def _open(source: Path | bytes) -> BinaryIO:
    return source.open("rb") if isinstance(source, Path) else io.BytesIO(source)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Raise ArraysDamaged for whatever goes wrong in the block, except for a missing file."""
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:  # numpy raises many types of error for a damaged zip
        raise ArraysDamaged(str(error)) from error


def find(path: Path, name: str) -> Stored | None:
    """Where the array of this name lies in an npz file; None if it is compressed, empty, damaged or missing."""
    try:
        with _translated(), zipfile.ZipFile(path) as archive, path.open("rb") as raw:
            info = archive.getinfo(f"{name}.npy")
            with archive.open(info) as file:
                npy.read_magic(file)
                shape, is_by_column, dtype = npy.read_array_header_1_0(file)
                begins = file.tell()
            raw.seek(info.header_offset)
            before = _HEADER_BYTES + sum(struct.unpack("<2H", raw.read(_HEADER_BYTES)[_LENGTHS]))
    except (FileNotFoundError, ArraysDamaged):
        return None
    is_plain = info.compress_type == zipfile.ZIP_STORED and not is_by_column and not dtype.hasobject
    if not is_plain or info.file_size != begins + dtype.itemsize * int(np.prod(shape)) or 0 in shape:
        return None
    return Stored(path, info.header_offset + before + begins, dtype, shape)
