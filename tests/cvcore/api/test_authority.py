"""The authority's certificate is handed out to anybody, as phones take it; its key never is."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from cvcore import certificates
from cvcore.api import authority
from cvcore.api.password import SharedPassword
from cvcore.store import Store


def client(store: Store) -> TestClient:
    """A browser before a server of the certificate, behind a password."""
    return TestClient(
        Starlette(routes=authority.routes(store), middleware=[Middleware(SharedPassword, password="secret")])
    )


def test_the_certificate_is_handed_out(store: Store) -> None:
    """Without a password, in the type that phones offer to install."""
    made = certificates.ensure(store.home)
    answer = client(store).get("/ca.pem")
    assert (200, made.authority.pem) == (answer.status_code, answer.content)
    assert "application/x-x509-ca-cert" == answer.headers["content-type"]
    assert b"PRIVATE" not in answer.content


def test_without_https_there_is_none(store: Store) -> None:
    """Where the app was never served by https, the answer says how."""
    answer = client(store).get("/ca.pem")
    assert (404, True) == (answer.status_code, "start Tagwise with --https" in answer.text)
