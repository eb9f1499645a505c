"""Reader of multipart/form-data that keeps every part as bytes.

Custom Vision's SDK sends images in parts without a file name; web frameworks decode these as text and damage them.
Source: https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,200})"|([^\s;,]{1,200}))', re.IGNORECASE)
_PARAMETER = re.compile(r'\b(name|filename)=(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))', re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """A part: its name, its file's name (can be empty), and its bytes."""

    name: str
    filename: str
    data: bytes


def boundary(content_type: str) -> str | None:
    """The boundary in a Content-Type; None for another type or without a boundary.

    >>> boundary('multipart/form-data; boundary="x y"'), boundary("image/png")
    ('x y', None)
    """
    if not content_type.casefold().startswith("multipart/form-data"):
        return None
    match = _BOUNDARY.search(content_type)
    return match and (match[1] or match[2])


def parts(body: bytes, boundary: str) -> list[Part]:
    """The parts of a body, in order; bytes before the first boundary and after the last belong to no part.

    A boundary is a complete line: a longer line with the same beginning is content.

    >>> parts(b'--x\\r\\nContent-Disposition: form-data; name="imageData"\\r\\n\\r\\n\\xff\\xd8\\r\\n--x--\\r\\n', "x")
    [Part(name='imageData', filename='', data=b'\\xff\\xd8')]
    """
    delimiter = rb"\r\n--" + re.escape(boundary.encode("latin-1", "replace")) + rb"(?=(?:--)?[ \t]*(?:\r\n|\Z))"
    pieces = re.split(delimiter, b"\r\n" + body)
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
    parameters = {match[1].casefold(): match[2] or match[3] or "" for match in _PARAMETER.finditer(disposition)}
    return Part(parameters.get("name", ""), parameters.get("filename", ""), data)
