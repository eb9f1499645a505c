"""Reads files as browsers do that break their format's rules although every pixel is there.

Some cameras leave out a JPEG's last two bytes, and some programs write a wrong checksum behind a PNG's text. Every
exported predict.py holds a copy of this module.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Collection, Iterator

from PIL import Image, ImageFile

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_END = b"\xff\xd9"

# Without bytes a decoder goes on with zeros. If pixels are missing, it decodes other pixels from one of these at least:
# no code of a JPEG begins both as the first and as the second.
_OTHER_BYTES = (b"", b"\x55" * 256, b"\xaa" * 256)

# The lengths of chunks that Pillow takes for granted; that of tRNS for grey and for colours.
_LENGTHS = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9, b"acTL": 8}
_TRNS_LENGTHS = {b"\0": 2, b"\2": 6}

# The chunks of colours and texts that are read have at most a few megabytes; longer ones are not checked.
_CHUNK_BYTES = 2**24


def readable(data: bytes) -> bytes:
    """The file without those chunks of a PNG that can be missing and have a wrong checksum or length.

    Pillow refuses such a PNG; browsers leave the chunk out. Other files are unchanged.
    """
    parts, after = [], 0
    for kind, start, end in png_chunks(data):
        can_be_missing = kind[:1].islower()
        if can_be_missing and not _is_right(data, start, end):
            parts.append(data[after:start])
            after = end
    return b"".join([*parts, data[after:]]) if parts else data


def small_png_chunks(data: bytes, kinds: Collection[bytes]) -> dict[bytes, bytes]:
    """The contents of a PNG's chunks of these kinds, before its pixels; empty for other files."""
    found: dict[bytes, bytes] = {}
    for kind, start, end in png_chunks(data):
        if kind == b"IDAT":
            break
        if kind in kinds and kind not in found and _is_right(data, start, end):
            found[kind] = data[start + 8 : end - 4]
    return found


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Each chunk of a PNG: its kind, where it starts and where it ends, with its checksum."""
    start = len(PNG_SIGNATURE) if data.startswith(PNG_SIGNATURE) else len(data)
    while start + 12 <= len(data):
        end = start + 12 + int.from_bytes(data[start : start + 4], "big")
        if end > len(data):
            return
        yield data[start + 4 : start + 8], start, end
        start = end


def load(image: ImageFile.ImageFile, data: bytes, at_least_px: int | None = None) -> Image.Image:
    """The decoded image of a file that was opened; with `at_least_px` a JPEG may be decoded at a smaller size.

    A JPEG whose end is missing is decoded if no pixel is. Raises what Pillow raises for other damage.
    """
    try:
        return _drafted(image, at_least_px)
    except OSError:
        data = data.rstrip(b"\xff")  # half of the end
        if not data.startswith(b"\xff\xd8") or not _is_whole_jpeg(data):
            raise
    return _drafted(_opened_jpeg(data + JPEG_END), at_least_px)


def _is_whole_jpeg(data: bytes) -> bool:
    """Whether all pixels are decoded from the file's bytes: then bytes that follow change none of them."""
    digests = {
        # One after the other: each can take 200 MB.
        hashlib.sha256(_opened_jpeg(data + more + JPEG_END).tobytes()).digest()
        for more in _OTHER_BYTES
    }
    return len(digests) == 1


def _opened_jpeg(data: bytes) -> ImageFile.ImageFile:
    return Image.open(io.BytesIO(data), formats=("JPEG",))


def _drafted(image: ImageFile.ImageFile, at_least_px: int | None) -> Image.Image:
    if at_least_px is not None:
        image.draft(None, (at_least_px, at_least_px))
    image.load()
    return image


def _is_right(data: bytes, start: int, end: int) -> bool:
    """Whether the length and the checksum of a chunk that can be missing are right."""
    kind, length = data[start + 4 : start + 8], end - start - 12
    needed = _TRNS_LENGTHS.get(data[25:26], length) if kind == b"tRNS" else _LENGTHS.get(kind, length)
    if length != needed:
        return False
    if length > _CHUNK_BYTES:
        return True
    return zlib.crc32(memoryview(data)[start + 4 : end - 4]) == int.from_bytes(data[end - 4 : end], "big")
