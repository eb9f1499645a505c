"""multipart/form-data, read as bytes.

Custom Vision's SDK sends pictures in parts without a file name, which web frameworks take for text and spoil.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,200})"|([^\s;,]{1,200}))', re.IGNORECASE)
_PARAMETER = re.compile(r'\b(name|filename)=(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))', re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """A named part: its file's name, which may be empty, and its bytes."""

    name: str
    filename: str
    data: bytes


def boundary(content_type: str) -> str | None:
    """What parts the parts; None where the type is another, or names none.

    >>> boundary('multipart/form-data; boundary="x y"'), boundary("image/png")
    ('x y', None)
    """
    if not content_type.casefold().startswith("multipart/form-data"):
        return None
    found = _BOUNDARY.search(content_type)
    return found and (found[1] or found[2])


def parts(body: bytes, mark: str) -> list[Part]:
    """The parts of a body, in order; what lies before the first boundary and after the last is no part.

    >>> parts(b'--x\\r\\nContent-Disposition: form-data; name="imageData"\\r\\n\\r\\n\\xff\\xd8\\r\\n--x--\\r\\n', "x")
    [Part(name='imageData', filename='', data=b'\\xff\\xd8')]
    """
    pieces = (b"\r\n" + body).split(b"\r\n--" + mark.encode("latin-1", "replace"))
    return [part for piece in pieces[1:] if not piece.startswith(b"--") and (part := _part(piece))]


def _part(piece: bytes) -> Part | None:
    head, blank, data = piece.partition(b"\r\n\r\n")
    if not blank:
        return None
    disposition = ""
    for line in head.decode("utf-8", "replace").split("\r\n"):
        key, _, value = line.partition(":")
        if key.strip().casefold() == "content-disposition":
            disposition = value
    found = {match[1].casefold(): match[2] or match[3] or "" for match in _PARAMETER.finditer(disposition)}
    return Part(found.get("name", ""), found.get("filename", ""), data)
