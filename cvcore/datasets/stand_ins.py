"""Files that are called images and are not: pointers to images kept elsewhere, web pages, files without content."""

from __future__ import annotations

from cvcore.languages import t

POINTER_BYTES = 1024


def reason(data: bytes) -> str:
    """Why a file cannot be an image, with what to do about it; empty if it may be one.

    >>> reason(b"version https://git-lfs.github.com/spec/v1\\noid sha256:0")[:41]
    'an image must be here itself, this is a p'
    >>> reason(b"\\xff\\xd8\\xff")
    ''
    """
    start = data[:POINTER_BYTES]
    plain = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not data:
        return t("an image must have content, this file is empty: copy it again")
    if start.startswith(b"version https://git-lfs.github.com/spec/"):
        return t(
            "an image must be here itself, this is a pointer of Git LFS to it: run `git lfs pull` in the folder it "
            "comes from, and import again"
        )
    if len(data) <= POINTER_BYTES and b"/annex/objects/" in start:
        return t(
            "an image must be here itself, this is a pointer of git-annex to it: run `git annex get .` in the folder "
            "it comes from, and import again"
        )
    if plain.startswith((b"<!doctype html", b"<html")):
        return t("an image must be here itself, this is a web page: download the image again")
    if plain.startswith((b"<svg", b"<?xml")) and b"<svg" in data[: 64 * POINTER_BYTES].lower():
        return t("an image must have pixels, this is an SVG drawing: export it as PNG")
    if start.startswith((b"\xff\x0a", b"\x00\x00\x00\x0cJXL \r\n\x87\n")):
        return t("an image must be of a kind that is read here, this is JPEG XL: save it as JPEG or PNG")
    return ""
