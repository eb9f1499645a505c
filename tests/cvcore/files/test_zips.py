"""Zips from strangers are measured before they are trusted, and cost little when they are refused."""

from __future__ import annotations

import hashlib
import io
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from cvcore.errors import ArchiveRefused, NotFound
from cvcore.files import zip_writer, zips
from cvcore.settings import MEBIBYTE, Limits

LIMITS = Limits(archive_entries=50)
LOCAL, CENTRAL = b"PK\3\4", b"PK\1\2"


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these files, as an honest program makes it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def patched(data: bytes, local_offset: int, central_offset: int, value: bytes) -> bytes:
    """A zip of one file with the same field overwritten in both of its headers."""
    forged = bytearray(data)
    for start in (data.index(LOCAL) + local_offset, data.index(CENTRAL) + central_offset):
        forged[start : start + len(value)] = value
    return bytes(forged)


def resized(data: bytes, size_bytes: int) -> bytes:
    """A zip of one file that claims to unpack to another size."""
    return patched(data, 22, 24, struct.pack("<L", size_bytes))


def crowded(count: int, *, admitted: int | None = None, is_64: bool = False) -> bytes:
    """A zip that lists one file `count` times, made by hand as zipfile takes seconds; it may admit to fewer."""
    admitted = count if admitted is None else admitted
    header = CENTRAL + bytes(24) + struct.pack("<3H", 9, 0, 0) + bytes(12) + b"daisy.jpg"
    directory = header * count
    end = b"PK\5\6" + struct.pack("<4H2LH", 0, 0, admitted % 2**16, admitted % 2**16, len(directory), 0, 0)
    if not is_64:
        return directory + end
    end_64 = b"PK\6\6" + struct.pack("<Q2H2L4Q", 44, 45, 45, 0, 0, admitted, admitted, len(directory), 0)
    locator = b"PK\6\7" + struct.pack("<LQL", 0, len(directory), 1)
    return directory + end_64 + locator + b"PK\5\6" + struct.pack("<4H2LH", 0, 0, *[2**16 - 1] * 2, *[2**32 - 1] * 2, 0)


def opened(data: bytes, limits: Limits = LIMITS) -> zipfile.ZipFile:
    return zips.opened(io.BytesIO(data), limits)


def refused(data: bytes, limits: Limits = LIMITS) -> str:
    """The sentence with which a zip is refused."""
    with pytest.raises(ArchiveRefused) as refusal:
        opened(data, limits)
    return str(refusal.value)


def in_a_file(data: bytes, folder: Path) -> Path:
    path = folder / "a.zip"
    path.write_bytes(data)
    return path


def in_memory(data: bytes, _folder: Path) -> BinaryIO:
    return io.BytesIO(data)


@pytest.mark.parametrize("where", [in_a_file, in_memory])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_read_gives_what_was_packed(
    tmp_path: Path, where: Callable[[bytes, Path], Path | BinaryIO], method: int
) -> None:
    """A file comes out as it went in, from a zip on the disk or in memory, stored or deflated."""
    archive = zips.opened(where(zipped({"daisy/1.jpg": b"picture"}, method), tmp_path), LIMITS)
    assert zips.read(archive, archive.infolist()[0], 100) == b"picture"


def test_opened_takes_the_variants_of_the_format() -> None:
    """A comment at the end, bytes before the start, as in zips that unpack themselves, and Zip64 are all in order."""
    buffer = io.BytesIO(b"#!/bin/sh\n")
    buffer.seek(0, io.SEEK_END)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = b"from the botanic garden"
        with archive.open("daisy/1.jpg", "w", force_zip64=True) as file:
            file.write(b"picture")
    reopened = opened(buffer.getvalue())
    assert zips.read(reopened, reopened.infolist()[0], 100) == b"picture"


def test_opened_takes_as_many_files_as_allowed() -> None:
    """The limit itself is within the limit."""
    assert len(opened(crowded(50)).infolist()) == 50


@pytest.mark.parametrize("is_64", [False, True])
@pytest.mark.parametrize("admitted", [100_000, 1])
def test_opened_refuses_crowds_in_little_memory(is_64: bool, admitted: int) -> None:
    """A hundred thousand files are refused in little memory, whatever number of them the zip states."""
    file = io.BytesIO(crowded(100_000, admitted=admitted, is_64=is_64))
    tracemalloc.start()
    with pytest.raises(ArchiveRefused) as refusal:
        zips.opened(file, Limits(archive_entries=20_000))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert str(refusal.value) == "a zip must hold at most 20,000 files, this one has more: split it"
    assert peak_bytes < MEBIBYTE


def test_opened_refuses_too_many_bytes() -> None:
    """What the files unpack to, as they themselves declare, has a limit."""
    data = zipped({"1.jpg": bytes(MEBIBYTE), "2.jpg": b"x"})
    assert (
        refused(data, Limits(archive_bytes=MEBIBYTE))
        == "a zip must unpack to at most 1 MB, this one would unpack to 2 MB: split it"
    )


def test_opened_refuses_a_bomb() -> None:
    """Files that unpack to far more than the zip's own size are refused, within the limit on bytes as well."""
    data = zipped({"1.jpg": bytes(4 * MEBIBYTE)})
    ratio = 4 * MEBIBYTE // len(data)
    message = refused(data, Limits(archive_bytes=32 * MEBIBYTE))
    rule = "a zip must unpack to at most 200 times its size"
    assert message == f"{rule}, this one would unpack to {ratio:,} times: create it again from the images"


def test_opened_lets_plain_drawings_through() -> None:
    """A drawing in one colour, which shrinks as a bomb does, is taken while it is small."""
    archive = opened(zipped({"1.bmp": bytes(4 * MEBIBYTE)}), Limits())
    assert len(archive.infolist()) == 1


def test_opened_refuses_a_locked_zip() -> None:
    """A zip with a password is refused as a whole."""
    data = patched(zipped({"daisy/1.jpg": b"picture"}), 6, 8, b"\1\0")
    assert refused(data) == "a zip must open without a password, '1.jpg' needs one: create it again without one"


@pytest.mark.parametrize("size_bytes", [5, 60, -23, -1])
def test_opened_refuses_a_zip_cut_short(size_bytes: int) -> None:
    """A zip that was copied in part is told from another kind of file."""
    message = refused(zipped({"daisy/1.jpg": b"picture"})[:size_bytes])
    assert message == "a zip must be complete, the end of this one is missing: copy or download it again"


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff\xe0", b"Rar!\x1a\7\1\0" + bytes(100)])
def test_opened_refuses_other_kinds(data: bytes) -> None:
    """What is no zip at all is refused as such."""
    assert refused(data) == "this file is not a zip: put the images in a zip and upload that"


@pytest.mark.parametrize(
    ("offset", "value"), [(12, b"\xff\xff\xff\x7f"), (12, b"\1\0\0\0"), (16, b"\xff\xff\xff\x7f"), (-60, b"\xff\xff")]
)
def test_opened_refuses_or_reads_a_damaged_zip(offset: int, value: bytes) -> None:
    """A zip whose ends do not meet leads to a refusal, on opening or on reading, and to no other error."""
    data = bytearray(zipped({"daisy/1.jpg": b"picture"}))
    start = data.index(b"PK\5\6") + offset
    data[start : start + len(value)] = value
    with pytest.raises(ArchiveRefused, match="must be complete"):
        zips.read(archive := opened(bytes(data)), archive.infolist()[0], 100)


def test_opened_refuses_names_that_are_no_text() -> None:
    """A name that says it is UTF-8 and is not makes the zip a damaged one."""
    data = zipped({"ä.jpg": b"picture"}).replace("ä".encode(), b"\xff\xff")
    assert refused(data) == "a zip must be complete, this one is damaged: copy or create it again"


def test_opened_refuses_what_it_may_not_read() -> None:
    """A zip that belongs to somebody else is not called damaged."""

    class Locked(io.BytesIO):
        def seek(self, *_: int) -> int:
            raise PermissionError

    with pytest.raises(ArchiveRefused) as refusal:
        zips.opened(Locked(), LIMITS)
    assert str(refusal.value) == "a zip must be readable, this one is not: change who may open it"


def test_read_stops_at_the_bytes_asked_for() -> None:
    """A file larger than wanted is read no further."""
    archive = opened(zipped({"1.jpg": bytes(1000)}))
    assert zips.read(archive, archive.infolist()[0], 7) == bytes(7)


@pytest.mark.parametrize("claimed_bytes", [0, 10, 1000])
def test_read_refuses_a_file_that_lies_of_its_size(claimed_bytes: int) -> None:
    """A file that declares less than it unpacks to is damaged, and costs no more memory than was asked for."""
    archive = opened(resized(zipped({"daisy/1.jpg": b"x" * 64 * MEBIBYTE}), claimed_bytes))
    tracemalloc.start()
    with pytest.raises(ArchiveRefused) as refusal:
        zips.read(archive, archive.infolist()[0], MEBIBYTE)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert str(refusal.value) == "a file in a zip must be complete, '1.jpg' is damaged: create the zip again"
    assert peak_bytes < 4 * MEBIBYTE


def test_read_refuses_altered_bytes() -> None:
    """An image that is not the one packed does not come in."""
    archive = opened(zipped({"1.jpg": b"picture"}, zipfile.ZIP_STORED).replace(b"picture", b"pictura", 1))
    with pytest.raises(ArchiveRefused, match=r"'1\.jpg' is damaged"):
        zips.read(archive, archive.infolist()[0], 100)


@pytest.mark.parametrize(("method", "number"), [(zipfile.ZIP_BZIP2, 12), (zipfile.ZIP_LZMA, 14)])
def test_refusal_of_other_methods(method: int, number: int) -> None:
    """Files packed by a method that unpacks without a bound are not read."""
    archive = opened(zipped({"1.jpg": b"picture"}, method))
    rule = f"files in a zip must be stored or deflated, this one uses method {number}"
    assert zips.refusal(archive.infolist()[0]) == f"{rule}: create the zip again with standard compression"


def test_refusal_of_links() -> None:
    """A link in a zip is not followed, wherever it leads."""
    link = zipfile.ZipInfo("1.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    expected = "a zip must hold the images themselves, this is a link: replace it with its image"
    assert zips.refusal(link) == expected


@pytest.mark.parametrize("name", ["Gänseblümchen/1.jpg", "Ga\u0308nseblu\u0308mchen/1.jpg", "雛菊/1.jpg", "1\0.jpg"])
def test_path_of_is_what_was_packed(name: str) -> None:
    """Letters beyond ASCII come out right; nothing after a NUL is hidden."""
    packed = zipped({name.replace("\0", "?"): b""}).replace(b"?", b"\0")
    assert zips.path_of(opened(packed).infolist()[0]) == name


@pytest.mark.parametrize(("encoding", "expected"), [("utf-8", "ü.jpg"), ("cp437", "ü.jpg"), ("cp1252", "ü.jpg")])
def test_path_of_understands_undeclared_names(encoding: str, expected: str) -> None:
    """Names come out right from macOS, which writes UTF-8 without saying so, and from old Windows."""
    raw = "ü.jpg".encode(encoding)
    data = zipped({"?" * len(raw): b""}).replace(b"?" * len(raw), raw)
    assert zips.path_of(opened(data).infolist()[0]) == expected


def test_only_what_is_read_counts() -> None:
    """Twins that macOS writes beside each image, and folders, do not count towards the number of files or bytes."""
    files = {"daisy/": b"", **{f"daisy/{number}.jpg": b"x" for number in range(40)}}
    files |= {f"__MACOSX/daisy/._{number}.jpg": b"x" for number in range(40)} | {"film.mp4": bytes(2 * MEBIBYTE)}
    limits = Limits(archive_entries=40, archive_bytes=MEBIBYTE)

    def counts(path: str) -> bool:
        return path.endswith(".jpg") and not path.startswith("__MACOSX")

    archive = zips.opened(io.BytesIO(zipped(files)), limits, counts)
    assert 82 == len(archive.infolist())
    for limit, told in (
        ({"archive_entries": 39}, r"39 images and tables, this one has more: split it, .* TAGWISE_MAX_FILES"),
        ({"archive_entries": 40, "archive_bytes": 1}, "split it, or raise the limit with TAGWISE_MAX_UNPACKED_MB"),
    ):
        with pytest.raises(ArchiveRefused, match=told):
            zips.opened(io.BytesIO(zipped(files)), Limits(**limit), counts)


def test_what_is_not_read_has_a_limit_too() -> None:
    """A zip of nothing but folders costs no more memory than three times the files allowed."""
    with pytest.raises(ArchiveRefused, match="a zip must hold at most 150 files, this one has more: split it"):
        zips.opened(io.BytesIO(crowded(151)), LIMITS, lambda path: False)


def test_a_large_file_goes_in_by_pieces(tmp_path: Path) -> None:
    """A file of any size is copied into a zip with little memory, as it is, and is told with its SHA-256."""
    source = tmp_path / "large"
    with source.open("wb") as file:
        file.truncate(64 * MEBIBYTE)
    tracemalloc.start()
    with zip_writer.create(tmp_path / "a.zip") as archive:
        told = zip_writer.add_file(archive, "large", source)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * MEBIBYTE
    assert told == (hashlib.sha256(bytes(64 * MEBIBYTE)).hexdigest(), 64 * MEBIBYTE)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None


def test_a_zip_that_is_not_finished_is_not_there(tmp_path: Path) -> None:
    """What stops in the middle leaves the file that was there before, and nothing beside it."""
    path = tmp_path / "a.zip"
    path.write_bytes(b"before")
    with pytest.raises(NotFound), zip_writer.create(path) as archive:
        zip_writer.add_file(archive, "a.txt", tmp_path / "nowhere")
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("a.zip", b"before")]
