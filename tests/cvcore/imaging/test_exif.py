"""The camera and the day are read from a photo's EXIF block, whatever else is in it."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from cvcore import imaging
from cvcore.imaging import exif

DATA = Path(__file__).resolve().parents[2] / "data"


def block(model: str | bytes | None = "Pixel 7", taken_at: str | bytes | None = "2026:05:31 10:11:12") -> Image.Exif:
    made = Image.Exif()
    if model is not None:
        made[ExifTags.Base.Model] = model
    if taken_at is not None:
        made.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken_at
    return made


def photo(file_format: str, made: Image.Exif) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (32, 16), "red").save(file, file_format, exif=made)
    return file.getvalue()


@pytest.mark.parametrize(
    ("file_format", "name"), [("JPEG", "JPEG"), ("PNG", "PNG"), ("WEBP", "WebP"), ("AVIF", "AVIF")]
)
def test_camera_and_day(file_format: str, name: str) -> None:
    """They are read from every format that holds EXIF; the kind of file is called as people write it."""
    assert imaging.FileOrigin(name, "Pixel 7", "2026-05-31") == imaging.origin(photo(file_format, block()))


def test_of_a_heic_file() -> None:
    """A HEIC file is one although it is stored as JPEG; what it does not say is empty."""
    assert "HEIC" == imaging.origin((DATA / "drawn.heic").read_bytes()).file_type


def test_both_byte_orders() -> None:
    """Cameras write numbers with either end first."""
    for order in "<>":
        made = Image.Exif()
        made.endian = order
        made[ExifTags.Base.Model] = "EOS 5D"
        assert ("EOS 5D", "") == exif.read(made.tobytes())


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026:05:31 10:11:12", "2026-05-31"),
        ("2026-5-1T10:11", "2026-05-01"),
        (" 2026/05/31", "2026-05-31"),
        ("2024:02:29 00:00:00", "2024-02-29"),
        ("2023:02:29 00:00:00", ""),
        ("0000:00:00 00:00:00", ""),
        ("    :  :     :  :  ", ""),
        ("2026:13:01 00:00:00", ""),
        ("2026:05:311", ""),
        ("0099:05:31 00:00:00", ""),
        ("2100:01:01 00:00:00", ""),
        ("31.05.2026", ""),
        ("", ""),
    ],
)
def test_only_possible_days(written: str, day: str) -> None:
    """A day is one of the calendar, from 1900 to 2099, written year first; others are none."""
    assert ("Pixel 7", day) == exif.read(block(taken_at=written).tobytes())


@pytest.mark.parametrize(
    ("written", "camera"),
    [
        (b"  Canon  EOS\t5D \0garbage", "Canon EOS 5D"),
        (b"\x00", ""),
        (b"a\x1b[31m\rb\x7f", "a [31m b"),
        ("a\u202eb".encode(), "a b"),
        ("Кamera".encode(), "Кamera"),
        (b"Caf\xe9 au", "Café au"),
        (b"x" * 100_000, "x" * exif.CAMERA_LETTERS),
    ],
)
def test_a_camera_is_a_short_line(written: bytes, camera: str) -> None:
    """Its name ends at the first zero, holds no control signs, and is short, whatever the block says."""
    tail = struct.pack(">HHII", exif.MODEL, 2, len(written), 26) + bytes(4) + written
    assert (camera, "") == exif.read(b"MM\0*\0\0\0\x08\0\x01" + tail)


def test_the_day_of_an_edit_is_not_read() -> None:
    """Only the moment a photo was taken counts, not that of a change or of a scan."""
    made = block(taken_at=None)
    made[ExifTags.Base.DateTime] = "2026:05:31 10:11:12"
    made.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeDigitized] = "2026:05:31 10:11:12"
    assert ("Pixel 7", "") == exif.read(made.tobytes())


def test_a_damaged_block_is_read_as_far_as_it_goes() -> None:
    """A block cut at any byte, or with any byte changed, gives texts or nothing, and never an error."""
    whole = block().tobytes()
    for place in range(len(whole)):
        for broken in (whole[:place], whole[:place] + b"\xff" + whole[place + 1 :]):
            camera, day = exif.read(broken)
            assert len(camera) <= exif.CAMERA_LETTERS
            assert day == "" or day[4] == day[7] == "-"


def test_tables_that_point_at_themselves_end() -> None:
    """Tables that name each other, or claim more entries than there are, take no time."""
    circle = b"MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHII", exif.EXIF_TABLE, 4, 1, 8) + bytes(4)
    assert ("", "") == exif.read(circle)
    entry = struct.pack(">HHII", exif.MODEL + 1, 2, 2**32 - 1, 8)
    assert ("", "") == exif.read(b"MM\0*\0\0\0\x08\xff\xff" + entry * 2**16)


def test_place_is_not_read() -> None:
    """Of a photo that says where it was taken, that is in nothing that is read."""
    made = block()
    made[ExifTags.IFD.GPSInfo] = {1: "N", 2: (48.0, 51.0, 30.0), 3: "E", 4: (2.0, 17.0, 40.0)}
    assert imaging.FileOrigin("JPEG", "Pixel 7", "2026-05-31") == imaging.origin(photo("JPEG", made))
