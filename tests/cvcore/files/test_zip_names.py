"""Names in zips come out as they were written, and a guess is told."""

from __future__ import annotations

import struct
import zipfile
import zlib

import pytest

from cvcore.files import zip_names

# Two names each, because a short one alone can be a word in several code pages.
WRITTEN = {
    "cp1252": ["Äpfel/1.jpg", "niño"],
    "cp850": ["Äpfel/1.jpg", "Gänseblümchen"],
    "cp866": ["кот", "собака/1.jpg"],
    "cp1251": ["кот", "собака/1.jpg"],
    "koi8-r": ["кот", "собака/1.jpg"],
    "cp932": ["表/1.jpg", "りんご"],
    "gbk": ["猫", "苹果/1.jpg"],
    "big5": ["貓", "蘋果"],
    "cp949": ["강아지", "고양이/1.jpg"],
    "cp1250": ["łódź", "żółw"],
    "cp1253": ["γάτα", "σκύλος"],
}


def member(raw: bytes, extra: bytes = b"") -> zipfile.ZipInfo:
    """A member as zipfile reads it: without the flag for UTF-8, its bytes as code page 437."""
    info = zipfile.ZipInfo(raw.decode("cp437"))
    info.extra = extra
    return info


def unicode_path(raw: bytes, name: str) -> bytes:
    field = struct.pack("<BL", 1, zlib.crc32(raw)) + name.encode()
    return struct.pack("<HH", zip_names.UNICODE_PATH, len(field)) + field


@pytest.mark.parametrize("page", WRITTEN)
def test_a_code_page_is_guessed_and_told(page: str) -> None:
    """Names in a usual code page come out right, also with a backslash inside a letter, and a note says it."""
    names, note = zip_names.decoded([member(name.encode(page)) for name in WRITTEN[page]])
    assert WRITTEN[page] == names
    assert note.startswith(f"The names in this zip do not say their encoding, and were read as {page} (")
    assert note.endswith("if that is wrong, create the zip again with names in UTF-8.")


@pytest.mark.parametrize("raw", [b"??/1.jpg", "кот/1.jpg".encode("cp866")])
def test_the_unicode_path_field_counts(raw: bytes) -> None:
    """The name in the field of Info-ZIP is the name, whatever the other one is; nothing is guessed."""
    other = struct.pack("<HH", 0x5455, 5) + bytes(5)
    assert (["犬/1.jpg"], "") == zip_names.decoded([member(raw, other + unicode_path(raw, "犬/1.jpg"))])


@pytest.mark.parametrize("extra", [unicode_path(b"other", "x"), unicode_path(b"a.jpg", "x")[:-3], b"\x75\x70\xff\xff"])
def test_a_stale_field_does_not_count(extra: bytes) -> None:
    """A field that belongs to the name before a renaming, or is cut short, is passed over."""
    assert "a.jpg" == zip_names.guessed(member(b"a.jpg", extra))


def test_utf_8_needs_no_note() -> None:
    """MacOS writes UTF-8 without saying so: that is no guess."""
    assert (["ü.jpg", "a.jpg"], "") == zip_names.decoded([member("ü.jpg".encode()), member(b"a.jpg")])


def test_bytes_of_no_code_page_are_names_too() -> None:
    """Random bytes give some name and a note, and no error."""
    names, note = zip_names.decoded([member(bytes(range(128, 256)))])
    assert names[0]
    assert note
