"""Stored pictures for the pages: upright, re-encoded, without the camera's notes on place and time."""

from __future__ import annotations

from functools import lru_cache

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from cvcore import addresses, blobs, images
from cvcore.errors import NotFound
from cvcore.store import Store

# A picture's address holds its SHA-256, so what it answers never changes.
HEADERS = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
LARGE_PX = 1024


def routes(store: Store) -> list[Route]:
    """`/thumbnail/{sha256}` for galleries and `/picture/{sha256}` for looking closely; WebP both."""

    def thumbnail(request: Request) -> Response:
        try:
            path = blobs.thumbnail_path(store.home, request.path_params["sha256"])
            if not path.exists():
                blobs.write(path, images.rendition(original(path.name), images.THUMBNAIL_PX), durable=False)
        except NotFound as error:
            return PlainTextResponse(str(error), 404)
        return FileResponse(path, media_type="image/webp", headers=HEADERS)

    def picture(request: Request) -> Response:
        try:
            data = large(request.path_params["sha256"])
        except NotFound as error:
            return PlainTextResponse(str(error), 404)
        return Response(data, media_type="image/webp", headers=HEADERS)

    @lru_cache(maxsize=64)
    def large(sha256: str) -> bytes:
        return images.rendition(original(sha256), LARGE_PX)

    def original(sha256: str) -> bytes:
        return blobs.read(blobs.original_path(store.home, sha256))

    return [
        Route(prefix + path, answer)
        for prefix in ("", addresses.STATIC)
        for path, answer in ((addresses.THUMBNAIL, thumbnail), (addresses.PICTURE, picture))
    ]
