"""Below a base path every address of Tagwise is reached, and every address that it gives out is one of these."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from cvcore import urls
from cvcore.api import assets, images
from cvcore.api.base_path import BasePath
from cvcore.api.customvision.middleware import CustomVision
from cvcore.api.password import SharedPassword
from cvcore.files import api_keys
from cvcore.settings import Settings
from cvcore.store import Store
from tests.conftest import Fill

HTML = {"accept": "text/html"}


@pytest.fixture(params=["tw", "/tools/tagwise/"])
def base(request: pytest.FixtureRequest) -> Iterator[str]:
    """A base path as `server.baseUrlPath` can be written; the app is below it."""
    urls.serve_below(request.param)
    yield f"/{request.param.strip('/')}"
    urls.serve_below("")


def others(request: Request) -> JSONResponse:
    return JSONResponse({"path": request.scope["path"]})


def client(store: Store, password: str = "") -> TestClient:
    """A browser before the app's own routes and middleware; what is left says its path, as Streamlit would get it."""
    settings = Settings(store.home, training_key="t", prediction_key="p")
    middleware = [
        Middleware(BasePath),
        Middleware(CustomVision, store=store, settings=settings, keys=api_keys.load(settings)),
    ]
    if password:
        middleware.append(Middleware(SharedPassword, password=password))
    routes = [*images.routes(store), *assets.routes(), Route("/{path:path}", others)]
    return TestClient(Starlette(routes=routes, middleware=middleware), follow_redirects=False)


def test_images_and_scripts(base: str, store: Store, fill: Fill) -> None:
    """The addresses on pages begin with the base path, and give images and plotly."""
    (image,) = store.images.page(fill(rose=1).id, take=1)
    for address in (urls.thumbnail(image.sha256), urls.image(image.sha256), urls.below(urls.PLOTLY)):
        assert address.startswith(f"{base}/")
        answer = client(store).get(address)
        assert (200, False) == (answer.status_code, answer.headers["content-type"].startswith("application/json"))


def test_programs(base: str, store: Store, fill: Fill) -> None:
    """Custom Vision's API answers below the path, and the addresses in its answers lead there again."""
    project = fill(rose=1)
    browser = client(store)
    route = f"{base}/CustomVision/v3.3/Training/projects/{project.id}/images"
    (image,) = browser.get(route, headers={"Training-Key": "t"}).json()
    for name in ("originalImageUri", "thumbnailUri", "resizedImageUri"):
        assert image[name].startswith(f"http://testserver{base}/customvision/")
        assert 200 == browser.get(image[name]).status_code


@pytest.mark.parametrize(
    "path", ["/", "/performance", "/_stcore/health", "/static/js/index.js", "/thumbnails", "/apps"]
)
def test_what_is_streamlits(base: str, store: Store, path: str) -> None:
    """Other addresses reach Streamlit as they are: it knows the base path itself."""
    assert {"path": base + path} == client(store).get(base + path).json()


def test_the_password(base: str, store: Store, fill: Fill) -> None:
    """The login is below the path and leads back to the page that was wanted; the health check needs none."""
    browser = client(store, "secret")
    assert (
        f"{base}/login?next={base.replace('/', '%2F')}%2Fperformance%3Fproject%3D1"
        == browser.get(f"{base}/performance?project=1", headers=HTML).headers["location"]
    )
    assert f"{base}/login" in browser.get(f"{base}{urls.PLOTLY}").text
    answer = browser.post(f"{base}/login?next={base}/performance", data={"password": "secret"})
    assert (303, f"{base}/performance") == (answer.status_code, answer.headers["location"])
    for elsewhere in ("//evil.example", "http://evil.example"):
        answer = browser.post(f"{base}/login", params={"next": elsewhere}, data={"password": "secret"})
        assert f"{base}/" == answer.headers["location"]
    assert 200 == client(store, "secret").get(f"{base}/_stcore/health").status_code
