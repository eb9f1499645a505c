"""Below a base path no page gives an address that leads past it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from cvcore import urls
from cvcore.store import Store
from tests.conftest import Fill, Trained
from tests.pages.conftest import open_page

ADDRESS = re.compile(r"[\w/]*/(?:thumbnail|picture|download|assets|customvision)/")


@pytest.fixture
def _below() -> Iterator[None]:
    """The app is below the path /tools/tw, as `server.baseUrlPath` says it."""
    urls.serve_below("tools/tw")
    yield
    urls.serve_below("")


@pytest.mark.usefixtures("_below")
@pytest.mark.parametrize("name", ["images", "performance", "quick_test", "publish"])
def test_pages(store: Store, fill: Fill, trained: Trained, name: str) -> None:
    """The addresses of images and scripts all begin with the path."""
    project = fill(rose=5, tulip=5)
    trained(project)
    app = open_page(name, project, full=True)
    sent = "\n".join(str(block.proto) for block in app.main if getattr(block, "proto", None))
    found = set(ADDRESS.findall(sent))
    assert found or name in ("quick_test", "publish")
    assert all(address.startswith("/tools/tw/") for address in found), found
