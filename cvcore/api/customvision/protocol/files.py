"""Pictures and exports as a plain GET fetches them, without a key: their addresses cannot be guessed."""

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
_WANTED = re.compile(r"/customvision/files/(original|resized|thumbnail)/([0-9a-f]{64})", re.IGNORECASE)

# What lies at such an address never changes; a browser shows it as a picture or not at all.
HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


def wanted(path: str) -> tuple[Kind, str] | None:
    """Which picture a path asks for; None where it asks for something else.

    >>> wanted("/customvision/files/thumbnail/" + "0" * 64)[0], wanted("/customvision/v3.3/training")
    ('thumbnail', None)
    """
    found = _WANTED.fullmatch(path)
    return (cast(Kind, found[1].casefold()), found[2].casefold()) if found else None


def answer(store: Store, kind: Kind, sha256: str) -> Response:
    """The file as it was uploaded, or a WebP file of it at up to 1,024 or 320 pixels.

    Where it was taken is told by none of them: a file with GPS comes upright and without it.
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
    """The zip that a path asks for, 404 where it is not there; None where the path asks for something else."""
    found = _EXPORT.fullmatch(path)
    if found is None:
        return None
    file = background.path_of(store.home, found[1].casefold(), found[2].casefold())
    if not file.is_file():
        return Response("there is no such export, or no longer", 404, media_type="text/plain")
    return FileResponse(file, media_type="application/zip", filename=f"{found[2].partition('-')[0]}.zip")
