"""Hands out the certificate of this machine's authority, which devices must trust before they open it by https."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from cvcore import urls
from cvcore.store import Store

# Phones offer to install a file of this type.
MEDIA_TYPE = "application/x-x509-ca-cert"
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def routes(store: Store) -> list[Route]:
    """`GET /ca.pem`; 404 where the app was never served by https. It is public: no password is asked for it."""

    def answer(_: Request) -> Response:
        path = store.home / "ca.pem"
        if not path.exists():
            return PlainTextResponse("there is no certificate authority here: start Tagwise with --https", 404)
        return FileResponse(path, media_type=MEDIA_TYPE, filename="tagwise-ca.pem", headers=HEADERS)

    return [Route(urls.AUTHORITY, answer)]
