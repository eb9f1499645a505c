"""Serves plotly.js, which draws the charts, from the installed plotly package.

It comes from this server because a classroom can be without internet. Its address contains plotly's version, so that
browsers can cache it for ever.
"""

from __future__ import annotations

import gzip
from functools import cache
from importlib import resources

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cvcore import urls


def routes() -> list[Route]:
    """The routes of this module: `GET /assets/plotly-<version of the plotly package>.min.js`."""
    return [Route(urls.PLOTLY, _plotly)]


def _plotly(request: Request) -> Response:
    """plotly.min.js (4.8 MB), compressed to 1.4 MB for clients that accept gzip."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(_script(), media_type="text/javascript", headers=headers)
    headers["Content-Encoding"] = "gzip"
    return Response(_compressed(), media_type="text/javascript", headers=headers)


def _script() -> bytes:
    return resources.files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()


@cache
def _compressed() -> bytes:
    return gzip.compress(_script(), compresslevel=6, mtime=0)
