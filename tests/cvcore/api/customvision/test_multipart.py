"""The reader of multipart/form-data, on bodies written by hand."""

from __future__ import annotations

import pytest

from cvcore.api.customvision.protocol.multipart import Part, parts

HEAD = b'--x\r\nContent-Disposition: form-data; name="imageData"\r\n\r\n'


@pytest.mark.parametrize("line", [b"--xy", b"--x-", b"--x-y", b"--x--y", b"--x y", b"x", b" --x"])
def test_a_line_that_begins_like_the_boundary_is_content(line: bytes) -> None:
    """An image may hold the boundary's letters: only a whole line parts the body."""
    data = b"\xff\xd8\r\n" + line + b"\r\nmore\r\n" + line
    assert [Part("imageData", "", data)] == parts(HEAD + data + b"\r\n--x--\r\n", "x")


@pytest.mark.parametrize("end", [b"\r\n--x--\r\n", b"\r\n--x--", b"\r\n--x-- \t\r\nepilogue", b"\r\n--x", b""])
def test_every_end_of_a_body(end: bytes) -> None:
    """The last boundary may have spaces and more text after it, or be cut off."""
    assert [Part("imageData", "", b"\xff\xd8")] == parts(HEAD + b"\xff\xd8" + end, "x")


def test_several_parts() -> None:
    """Parts come in order, empty ones too; spaces may follow a boundary; a preamble is skipped."""
    second = b"--x \r\nContent-Disposition: form-data; name=other; filename=a.png\r\n\r\n"
    body = b"preamble\r\n" + HEAD + b"\r\n" + second + b"png\r\n--x--\r\n"
    assert [Part("imageData", "", b""), Part("other", "a.png", b"png")] == parts(body, "x")
