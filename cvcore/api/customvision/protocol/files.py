"""Serves images and exports by a plain GET without a key: their addresses cannot be guessed."""

from __future__ import annotations

import re
from typing import Literal, cast

from starlette.responses import FileResponse, Response

from cvcore import imaging
from cvcore.api.customvision.protocol import errors
from cvcore.errors import TagwiseError
from cvcore.exports import background
from cvcore.files import blobs
from cvcore.store import Store

Kind = Literal["original", "resized", "thumbnail"]

RESIZED_PX = 1024

_EXPORT = re.compile(r"/customvision/files/export/([0-9a-f-]{36})/([a-z0-9_]+-[0-9a-f]{32}\.zip)", re.IGNORECASE)
_IMAGE = re.compile(r"/customvision/files/(original|resized|thumbnail)/([0-9a-f]{64})", re.IGNORECASE)

# The content at such an address never changes; browsers must show it only as an image.
HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


def wanted(path: str) -> tuple[Kind, str] | None:
    """The kind and SHA-256 of the image that a path names; None for other paths.

    >>> wanted("/customvision/files/thumbnail/" + "0" * 64)[0], wanted("/customvision/v3.3/training")
    ('thumbnail', None)
    """
    match = _IMAGE.fullmatch(path)
    return (cast(Kind, match[1].casefold()), match[2].casefold()) if match else None


def answer(store: Store, kind: Kind, sha256: str) -> Response:
    """The file as it was uploaded, or as WebP of at most 1,024 or 320 pixels.

    All are without the place where the photo was taken: an original with a GPS position is sent upright and without it.
    """
    try:
        data = blobs.read(blobs.original_path(store.home, sha256))
        if kind == "original":
            data = imaging.without_location(data)
        else:
            data = imaging.rendition(data, RESIZED_PX if kind == "resized" else imaging.THUMBNAIL_PX)
    except TagwiseError as error:
        code = errors.code_of(error)
        return Response(str(error), errors.status_of(code), media_type="text/plain")
    return Response(data, media_type=imaging.media_type(data), headers=HEADERS)


def export(store: Store, path: str) -> Response | None:
    """The zip of the export that a path names, or 404 if it does not exist; None for other paths."""
    match = _EXPORT.fullmatch(path)
    if match is None:
        return None
    file = background.path_of(store.home, match[1].casefold(), match[2].casefold())
    if not file.is_file():
        return Response("there is no such export: it may have been deleted", 404, media_type="text/plain")
    return FileResponse(file, media_type="application/zip", filename=f"{match[2].partition('-')[0]}.zip")
