"""plotly.js from our own server."""

from __future__ import annotations

import gzip
from importlib import resources

import pytest
from starlette.requests import Request
from starlette.responses import Response

from cvcore.api import assets


def _get(accept_encoding: str) -> Response:
    request = Request({"type": "http", "headers": [(b"accept-encoding", accept_encoding.encode())]})
    response = assets.routes()[0].endpoint(request)
    assert isinstance(response, Response)
    return response


@pytest.mark.parametrize(
    ("accepts", "encoding", "decode"), [("gzip, br", "gzip", gzip.decompress), ("identity", None, bytes)]
)
def test_plotly_is_the_installed_packages_whole(accepts: str, encoding: str | None, decode: type[bytes]) -> None:
    """The script is byte for byte the plotly package's, compressed for those who take gzip."""
    response = _get(accepts)
    assert encoding == response.headers.get("content-encoding")
    script = resources.files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()
    assert script == decode(bytes(response.body))


def test_browsers_keep_plotly_for_good() -> None:
    """The address holds the version, so the answer may be kept for a year, per encoding."""
    headers = _get("gzip").headers
    assert "public, max-age=31536000, immutable" == headers["cache-control"]
    assert "Accept-Encoding" == headers["vary"]
    assert headers["content-type"].startswith("text/javascript")
