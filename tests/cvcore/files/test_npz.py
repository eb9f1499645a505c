"""Pieces of arrays in npz files are what numpy reads of the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cvcore.errors import ArraysDamaged
from cvcore.files import npz
from cvcore.files.npz import Header

MATRIX = np.random.default_rng(3).random((200_000, 7)).astype(np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of several arrays, of several kinds."""
    path = tmp_path / "arrays.npz"
    np.savez(
        path, flags=MATRIX > 0.5, matrix=MATRIX, numbers=np.arange(200_000), none=np.zeros((0, 7)), one=np.int64(3)
    )
    return path


@pytest.mark.parametrize("name", ["flags", "matrix", "numbers"])
@pytest.mark.parametrize("rows", [[], [0], [199_999, 0, 149_797, 149_796, 149_796], list(range(0, 200_000, 7))])
def test_rows(path: Path, name: str, rows: list[int]) -> None:
    """In the order asked for, one as often as it is asked for, from the first to the last."""
    found = npz.find(path, name)
    assert found is not None
    np.testing.assert_array_equal(np.load(path)[name][rows], found.rows(np.array(rows, np.int64)), strict=True)


def test_what_is_copied_is_free_of_the_file(path: Path) -> None:
    """The file can be replaced, and the numbers at hand stay."""
    found = npz.find(path, "matrix")
    assert found is not None
    rows = found.rows(np.array([1, 2]))
    path.write_bytes(bytes(path.stat().st_size))
    np.testing.assert_array_equal(MATRIX[1:3], rows)


@pytest.mark.parametrize("name", ["flags", "matrix", "numbers"])
def test_what_stays_mapped(path: Path, name: str) -> None:
    """It is the array, is not to be written to, and is the same after its memory was let go."""
    found, whole = npz.find(path, name), np.load(path)[name]
    assert found is not None
    mapped = found.mapped()
    np.testing.assert_array_equal(whole, mapped, strict=True)
    npz.release(mapped[5:], mapped, whole)
    np.testing.assert_array_equal(whole, mapped, strict=True)
    assert not mapped.flags.writeable
    assert found.size_bytes == whole.nbytes


def test_a_mapped_file_can_be_replaced(path: Path, tmp_path: Path) -> None:
    """As iterations' files are, by another in its place: whoever has it mapped goes on with the old one."""
    found = npz.find(path, "matrix")
    assert found is not None
    mapped = found.mapped()
    (tmp_path / "new").write_bytes(b"new")
    (tmp_path / "new").replace(path)
    npz.release(mapped)
    np.testing.assert_array_equal(MATRIX, mapped)


def test_pieces(tmp_path: Path) -> None:
    """An npz file written piece by piece is read as numpy's own, whole and in part, and is whole."""
    arrays = {
        "matrix": MATRIX,
        "by column": np.asfortranarray(MATRIX[:9]),
        "none": np.zeros((0, 7)),
        "one": np.int64(3),
    }
    path = tmp_path / "pieces.npz"
    path.write_bytes(b"".join(npz.pieces(arrays)))
    npz.verify(path)
    read = np.load(path)
    assert list(arrays) == read.files
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, read[name], strict=True)
    found = npz.find(path, "matrix")
    assert found is not None
    np.testing.assert_array_equal(MATRIX[7:9], found.rows(np.array([7, 8])), strict=True)


@pytest.mark.parametrize("name", ["none", "gone", "../matrix"])
def test_nothing_to_find(path: Path, name: str) -> None:
    """An empty array and one that is not there have no pieces."""
    assert npz.find(path, name) is None


def test_only_what_is_stored_row_by_row_has_pieces(path: Path) -> None:
    """Compressed arrays, those that lie column by column, and objects are to be read whole."""
    np.savez_compressed(path, matrix=MATRIX)
    assert npz.find(path, "matrix") is None
    np.savez(path, matrix=np.asfortranarray(MATRIX), objects=np.array([{}], object))
    assert npz.find(path, "matrix") is None
    assert npz.find(path, "objects") is None


@pytest.mark.parametrize("kept", [0, 2, 1000, -100])
def test_a_damaged_file_has_no_pieces(path: Path, kept: int) -> None:
    """One that was cut short, or is not there at all, is no error here: reading it whole will tell."""
    path.write_bytes(path.read_bytes()[:kept])
    assert npz.find(path, "matrix") is None
    path.unlink()
    assert npz.find(path, "matrix") is None


def test_whole_arrays(path: Path) -> None:
    """All arrays come in the order written, or those asked for, from a file or its bytes."""
    assert ["flags", "matrix", "numbers", "none", "one"] == list(npz.read(path))
    np.testing.assert_array_equal(MATRIX, npz.read(path.read_bytes(), ["matrix"])["matrix"], strict=True)


def test_headers(path: Path) -> None:
    """Type, shape and size of an array are known without reading it."""
    expected = {"matrix": Header(np.dtype(np.float32), MATRIX.shape, MATRIX.nbytes)}
    assert expected == npz.headers(path.read_bytes(), ["matrix"])


@pytest.mark.parametrize("kept", [0, 10, 1000, -30])
def test_one_error_for_all_damage(path: Path, kept: int) -> None:
    """Cut short anywhere, a file raises the same error, as does one without the array; a missing file does not."""
    data = path.read_bytes()[:kept]
    for read in (lambda: npz.read(data), lambda: npz.headers(data, ["matrix"])):
        with pytest.raises(ArraysDamaged):
            read()
    with pytest.raises(ArraysDamaged):
        npz.read(path, ["other"])
    with pytest.raises(FileNotFoundError):
        npz.read(path.with_name("missing.npz"))


def test_objects_are_not_unpickled(tmp_path: Path) -> None:
    """An array of objects is damage."""
    np.savez(tmp_path / "objects.npz", objects=np.array([{}]), allow_pickle=True)
    with pytest.raises(ArraysDamaged):
        npz.read(tmp_path / "objects.npz")
