"""Stored pictures for the pages: upright, re-encoded, without the camera's notes on place and time."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cvcore import imaging, urls
from cvcore.errors import NotFound, TagwiseError
from cvcore.files import blobs
from cvcore.store import Store

# A picture's address holds its SHA-256, so what it answers never changes.
HEADERS = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
LARGE_PX = 1024


def routes(store: Store) -> list[Route]:
    """`/thumbnail/{sha256}` for galleries and `/picture/{sha256}` for looking closely; WebP both.

    A picture that is not there, or no longer, is 404; one that cannot be read or written is 500.
    """

    def thumbnail(sha256: str) -> bytes:
        path = blobs.thumbnail_path(store.home, sha256)
        if not path.exists():
            blobs.write(path, imaging.rendition(original(sha256), imaging.THUMBNAIL_PX), durable=False)
        return blobs.read(path)

    def picture(sha256: str) -> bytes:
        return imaging.rendition(original(sha256), LARGE_PX)

    def original(sha256: str) -> bytes:
        return blobs.read(blobs.original_path(store.home, sha256))

    return [
        Route(prefix + path, _answering(rendition))
        for prefix in ("", urls.STATIC)
        for path, rendition in ((urls.THUMBNAIL, thumbnail), (urls.IMAGE, picture))
    ]


def _answering(rendition: Callable[[str], bytes]) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        try:
            return Response(rendition(request.path_params["sha256"]), media_type="image/webp", headers=HEADERS)
        except TagwiseError as error:
            return PlainTextResponse(str(error), 404 if isinstance(error, NotFound) else 500)

    return answer
