"""Serves the zips that were prepared on a page."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from cvcore import urls
from cvcore.files import downloads
from cvcore.store import Store

HEADERS = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}


def routes(store: Store) -> list[Route]:
    """`/download/{token}`; a zip that does not exist is 404."""

    def answer(request: Request) -> Response:
        path = downloads.find(store.home, request.path_params["token"])
        if path is None:
            return PlainTextResponse("there is no such zip any more: prepare it again on the Projects page", 404)
        return FileResponse(path, media_type="application/zip", filename=path.name, headers=HEADERS)

    return [Route(urls.DOWNLOAD, answer)]
