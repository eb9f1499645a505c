"""Serves stored images for the pages: upright, encoded again, without the camera's place and time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cvcore import imaging, urls
from cvcore.api.classroom import door
from cvcore.errors import NotFound, TagwiseError
from cvcore.files import blobs
from cvcore.store import Store

# An image's address contains its SHA-256, so the content never changes.
HEADERS = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
LARGE_PX = 1024


def routes(store: Store) -> list[Route]:
    """`/thumbnail/{sha256}` for galleries and `/picture/{sha256}` for one large image.

    Both are WebP, but for the thumbnails of files that are as small and plain themselves.

    An image that does not exist, or that is in a home folder which the sender may not see, is 404; one that cannot be
    read or written is 500.
    """
    return [
        Route(prefix + path, _endpoint(store, rendition))
        for prefix in ("", urls.STATIC)
        for path, rendition in ((urls.THUMBNAIL, _thumbnail), (urls.IMAGE, _large))
    ]


def _thumbnail(home: Path, sha256: str) -> bytes:
    path = blobs.thumbnail_path(home, sha256)
    if not path.exists():
        original = blobs.read(blobs.original_path(home, sha256))
        blobs.write(path, imaging.rendition(original, imaging.THUMBNAIL_PX), durable=False)
    return blobs.read(path)


def _large(home: Path, sha256: str) -> bytes:
    return imaging.rendition(blobs.read(blobs.original_path(home, sha256)), LARGE_PX)


def _endpoint(store: Store, rendition: Callable[[Path, str], bytes]) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        sha256 = request.path_params["sha256"]
        try:
            home = next(home for home in _homes(request, store, sha256))
            data = rendition(home, sha256)
            return Response(data, media_type=imaging.media_type(data), headers=HEADERS)
        except TagwiseError as error:
            return PlainTextResponse(str(error), 404 if isinstance(error, NotFound) else 500)

    return answer


def _homes(request: Request, store: Store, sha256: str) -> Iterator[Path]:
    """The home folders that the sender may see: first those that have the image, then the first, for its error."""
    homes = [each.home for each in door.stores_of(request.scope, store)]
    yield from (home for home in homes if blobs.original_path(home, sha256).exists())
    yield homes[0]
