"""The camera's model and the day a photo was taken, from the EXIF block of its file; where it was taken is never read.

The block is untrusted: only the entries wanted are looked at, and whatever breaks a rule is as if it were not there.
https://www.cipa.jp/std/documents/e/DC-008-Translation-2019-E.pdf
"""

from __future__ import annotations

import datetime
import re
import struct
import unicodedata
from dataclasses import dataclass

from PIL import Image

from cvcore.imaging import formats

MODEL, EXIF_TABLE, TAKEN_AT = 0x0110, 0x8769, 0x9003
CAMERA_LETTERS = 64
YEARS = range(1900, 2100)

_BLOCK_BYTES, _ENTRIES, _TEXT_BYTES = 2**20, 1000, 256
_TEXT_TYPES = {2, 129}  # ASCII, and UTF-8 since EXIF 3.0
_DAY = re.compile(r"([0-9]{4})[:\-/.]([0-9]{1,2})[:\-/.]([0-9]{1,2})(?![0-9])")


@dataclass(frozen=True)
class FileOrigin:
    """The kind of file ("JPEG"), the camera's model and the day a photo was taken (2026-05-31); empty if unknown."""

    file_type: str
    camera: str = ""
    day: str = ""


def origin(data: bytes) -> FileOrigin:
    """What a file says of its making; of a photo that is stored smaller or converted, give the original bytes.

    Raises:
        ImageRefused: it cannot be opened.
    """
    with formats.open_header(data) as image:
        return origin_of(image, data)


def origin_of(image: Image.Image, data: bytes) -> FileOrigin:
    """As `origin`, of a file that is open."""
    block = image.info.get("exif")
    camera, day = read(block) if isinstance(block, bytes) else ("", "")
    return FileOrigin(formats.type_name(data), camera, day)


def read(block: bytes) -> tuple[str, str]:
    """The camera's model and the day in an EXIF block; each empty if it is missing, impossible or cannot be read.

    >>> entry = struct.pack(">HHII", MODEL, 2, 8, 26)
    >>> read(b"Exif\\0\\0MM\\0*\\0\\0\\0\\x08\\0\\x01" + entry + bytes(4) + b"Pixel 7\\0")
    ('Pixel 7', '')
    """
    tiff = block[:_BLOCK_BYTES].removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return "", ""
    try:
        first = _table(tiff, order, *struct.unpack_from(f"{order}I", tiff, 4))
        pointer = first.get(EXIF_TABLE)
        second = _table(tiff, order, *struct.unpack(f"{order}I", pointer[2])) if pointer else {}
        return _camera(_text(tiff, order, first.get(MODEL))), _day(_text(tiff, order, second.get(TAKEN_AT)))
    except struct.error:  # an offset past the end
        return "", ""


# An entry: its type, its count, and its four bytes of value or offset.
_Entry = tuple[int, int, bytes]


def _table(tiff: bytes, order: str, offset: int) -> dict[int, _Entry]:
    (count,) = struct.unpack_from(f"{order}H", tiff, offset)
    entries: dict[int, _Entry] = {}
    for place in range(min(count, _ENTRIES)):
        tag, kind, length, value = struct.unpack_from(f"{order}HHI4s", tiff, offset + 2 + 12 * place)
        entries.setdefault(tag, (kind, length, value))
    return entries


def _text(tiff: bytes, order: str, entry: _Entry | None) -> str:
    if entry is None or entry[0] not in _TEXT_TYPES:
        return ""
    _, length, value = entry
    if length > len(value):
        (offset,) = struct.unpack(f"{order}I", value)
        value = tiff[offset : offset + min(length, _TEXT_BYTES)]
    raw = value[:length].partition(b"\0")[0]
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _camera(text: str) -> str:
    plain = unicodedata.normalize("NFC", "".join(each if each.isprintable() else " " for each in text))
    return " ".join(plain.split())[:CAMERA_LETTERS].strip()


def _day(text: str) -> str:
    found = _DAY.match(text.strip())
    try:
        day = datetime.date(*map(int, found.groups())) if found else None
    except ValueError:  # the 31st of June, or all noughts of a clock that was never set
        return ""
    return day.isoformat() if day and day.year in YEARS else ""
