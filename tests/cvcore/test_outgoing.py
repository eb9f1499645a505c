"""Zips wait under names that nobody guesses, for a day, and are sent as they lie."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from cvcore import addresses, outgoing
from cvcore.api import downloads
from cvcore.api.password import SharedPassword
from cvcore.store import Store


@pytest.fixture
def client(store: Store) -> TestClient:
    """A server of the store's zips."""
    return TestClient(Starlette(routes=downloads.routes(store)))


def test_a_zip_is_sent(store: Store, client: TestClient) -> None:
    """It comes whole or from where a download broke off, under a name that every system takes, and is kept nowhere."""
    token, path = outgoing.new(store.home, 'Roses: "red"/…')
    path.write_bytes(b"0123456789")
    answer = client.get(addresses.download(token))
    assert (answer.content, answer.headers["content-type"]) == (b"0123456789", "application/zip")
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''Roses_%20_red__%E2%80%A6.zip"
    assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == (
        "private, no-store",
        "nosniff",
    )
    assert client.get(addresses.download(token), headers={"Range": "bytes=4-"}).content == b"456789"


@pytest.mark.parametrize("token", ["0" * 32, "..", "%2e%2e%2ftagwise.db", "../originals", "A" * 32, ""])
def test_nothing_else_is_sent(store: Store, client: TestClient, token: str) -> None:
    """A token that was never given, or is none, is not found; so is a zip that is still being written."""
    assert client.get(addresses.download(token)).status_code == 404
    given, path = outgoing.new(store.home, "Roses")
    path.with_name(".Roses.zip").write_bytes(b"half")
    assert client.get(addresses.download(given)).status_code == 404


def test_the_password_is_asked(store: Store) -> None:
    """Where the pages ask for a password, zips do as well."""
    token, path = outgoing.new(store.home, "Roses")
    path.write_bytes(b"0123456789")
    app = SharedPassword(Starlette(routes=downloads.routes(store)), password="tulip")
    assert TestClient(app).get(addresses.download(token)).status_code == 401


def test_zips_go_after_a_day(store: Store) -> None:
    """With the next one those go that are older than a day, younger ones stay."""
    (old, first), (young, second) = outgoing.new(store.home, "a"), outgoing.new(store.home, "b")
    for path in (first, second):
        Path(path).write_bytes(b"x")
    yesterday = time.time() - outgoing.KEPT_S - 60
    os.utime(first.parent, (yesterday, yesterday))
    outgoing.new(store.home, "c")
    assert (outgoing.find(store.home, old), outgoing.find(store.home, young)) == (None, second)
