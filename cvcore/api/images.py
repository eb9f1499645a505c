"""Serves stored images for the pages: upright, encoded again, without the camera's place and time."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cvcore import imaging, urls
from cvcore.errors import NotFound, TagwiseError
from cvcore.files import blobs
from cvcore.store import Store

# An image's address contains its SHA-256, so the content never changes.
HEADERS = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
LARGE_PX = 1024


def routes(store: Store) -> list[Route]:
    """`/thumbnail/{sha256}` for galleries and `/picture/{sha256}` for one large image; both are WebP.

    An image that does not exist is 404; one that cannot be read or written is 500.
    """

    def thumbnail(sha256: str) -> bytes:
        path = blobs.thumbnail_path(store.home, sha256)
        if not path.exists():
            blobs.write(path, imaging.rendition(original(sha256), imaging.THUMBNAIL_PX), durable=False)
        return blobs.read(path)

    def large(sha256: str) -> bytes:
        return imaging.rendition(original(sha256), LARGE_PX)

    def original(sha256: str) -> bytes:
        return blobs.read(blobs.original_path(store.home, sha256))

    return [
        Route(prefix + path, _endpoint(rendition))
        for prefix in ("", urls.STATIC)
        for path, rendition in ((urls.THUMBNAIL, thumbnail), (urls.IMAGE, large))
    ]


def _endpoint(rendition: Callable[[str], bytes]) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        try:
            return Response(rendition(request.path_params["sha256"]), media_type="image/webp", headers=HEADERS)
        except TagwiseError as error:
            return PlainTextResponse(str(error), 404 if isinstance(error, NotFound) else 500)

    return answer
