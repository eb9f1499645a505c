"""Zips wait under names that nobody guesses, for a day, and are sent as they lie."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from cvcore import urls
from cvcore.api import downloads as download_routes
from cvcore.api.password import SharedPassword
from cvcore.files import downloads
from cvcore.store import Store


@pytest.fixture
def client(store: Store) -> TestClient:
    """A server of the store's zips."""
    return TestClient(Starlette(routes=download_routes.routes(store)))


def test_a_zip_is_sent(store: Store, client: TestClient) -> None:
    """It comes whole or from where a download broke off, under a name that every system takes, and is kept nowhere."""
    token, path = downloads.new(store.home, 'Roses: "red"/…')
    path.write_bytes(b"0123456789")
    answer = client.get(urls.download(token))
    assert (answer.content, answer.headers["content-type"]) == (b"0123456789", "application/zip")
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''Roses_%20_red__%E2%80%A6.zip"
    assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == (
        "private, no-store",
        "nosniff",
    )
    assert client.get(urls.download(token), headers={"Range": "bytes=4-"}).content == b"456789"


@pytest.mark.parametrize("token", ["0" * 32, "..", "%2e%2e%2ftagwise.db", "../originals", "A" * 32, ""])
def test_nothing_else_is_sent(store: Store, client: TestClient, token: str) -> None:
    """A token that was never given, or is none, is not found; so is a zip that is still being written."""
    assert client.get(urls.download(token)).status_code == 404
    given, path = downloads.new(store.home, "Roses")
    path.with_name(".Roses.zip").write_bytes(b"half")
    assert client.get(urls.download(given)).status_code == 404


def test_the_password_is_asked(store: Store) -> None:
    """Where the pages ask for a password, zips do as well."""
    token, path = downloads.new(store.home, "Roses")
    path.write_bytes(b"0123456789")
    app = SharedPassword(Starlette(routes=download_routes.routes(store)), password="tulip")
    assert TestClient(app).get(urls.download(token)).status_code == 401


def test_zips_go_after_a_day(store: Store) -> None:
    """With the next one those go that are older than a day, younger ones stay."""
    (old, first), (young, second) = downloads.new(store.home, "a"), downloads.new(store.home, "b")
    for path in (first, second):
        Path(path).write_bytes(b"x")
    yesterday = time.time() - downloads.KEPT_S - 60
    os.utime(first.parent, (yesterday, yesterday))
    downloads.new(store.home, "c")
    assert (downloads.find(store.home, old), downloads.find(store.home, young)) == (None, second)
