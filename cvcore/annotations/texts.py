"""Bytes as text: by the mark at their start, else UTF-8, or refused as a whole."""

from __future__ import annotations

import codecs

from cvcore.errors import ArchiveRefused

# UTF-32's marks begin with those of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decoded(data: bytes, name: str) -> str:
    """The text of a table; `name` is used in the message.

    Raises:
        ArchiveRefused: the bytes are not text in UTF-8, nor in what their mark says.

    >>> decoded("1.jpg,ü".encode("utf-16"), "labels.csv")
    '1.jpg,ü'
    """
    mark, encoding = next(((mark, encoding) for mark, encoding in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        place = error.start + len(mark)
        kind = "CSV UTF-8" if name.casefold().endswith((".csv", ".tsv")) else "UTF-8"
        wanted = "UTF-8" if encoding == "utf-8" else encoding[:-3].upper() + ", as its first bytes say"
        raise ArchiveRefused(f"{name} must be {wanted} text, byte {place} is not: save it as {kind}") from error
    if "\0" in text:
        raise ArchiveRefused(f"{name} must be UTF-8 text, it has bytes of 0: save it as UTF-8")
    return text
