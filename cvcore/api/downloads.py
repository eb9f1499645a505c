"""Serves the zips that were prepared on a page."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from cvcore import urls
from cvcore.api.classroom import door
from cvcore.files import downloads
from cvcore.store import Store

HEADERS = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}


def routes(store: Store) -> list[Route]:
    """`/download/{token}`; a zip that does not exist, or that another pupil prepared, is 404."""

    def answer(request: Request) -> Response:
        token = request.path_params["token"]
        found = (downloads.find(each.home, token) for each in door.stores_of(request.scope, store))
        path = next(filter(None, found), None)
        if path is None:
            return PlainTextResponse("there is no such zip any more: prepare it again on the Projects page", 404)
        return FileResponse(path, media_type="application/zip", filename=path.name, headers=HEADERS)

    return [Route(urls.DOWNLOAD, answer)]
