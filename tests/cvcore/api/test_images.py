"""Stored images are served small or large, upright, bare of metadata, and only by their own names."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image as Pillow
from starlette.applications import Starlette
from starlette.testclient import TestClient

from cvcore import projects, urls
from cvcore.api import images
from cvcore.files import blobs
from cvcore.projects import uploads
from cvcore.records import Image
from cvcore.settings import Limits
from cvcore.store import Store
from tests.conftest import DrawImage

GPS_IFD = 0x8825
ORIENTATION = 0x0112


@pytest.fixture
def client(store: Store) -> TestClient:
    """A server of the store's images."""
    return TestClient(Starlette(routes=images.routes(store)))


@pytest.fixture
def photo(store: Store) -> Image:
    """A stored photo from a phone: lying on its side, with the place where it was taken."""
    exif = Pillow.Exif()
    exif[ORIENTATION] = 6
    exif.get_ifd(GPS_IFD).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    exif[0x010F] = "Secret Camera"
    buffer = io.BytesIO()
    Pillow.new("RGB", (1600, 1200), "red").save(buffer, "JPEG", exif=exif, comment=b"a secret")
    project = projects.create(store, "Flowers")
    upload = uploads.add(store, project, "photo.jpg", buffer.getvalue(), tag_ids=[], limits=Limits())
    return store.images.get(upload.image_id or "")


def address(kind: str, sha256: str) -> str:
    return {"thumbnail": urls.thumbnail, "picture": urls.image}[kind](sha256)


@pytest.mark.parametrize(("kind", "size"), [("thumbnail", (240, 320)), ("picture", (768, 1024))])
def test_images_are_upright_and_bare(client: TestClient, photo: Image, kind: str, size: tuple[int, int]) -> None:
    """Turned as the camera was held, at the size it is for, and without a word on camera, place or time."""
    answer = client.get(address(kind, photo.sha256))
    assert (200, "image/webp") == (answer.status_code, answer.headers["content-type"])
    with Pillow.open(io.BytesIO(answer.content)) as shown:
        assert size == shown.size
        assert {} == dict(shown.getexif())
    for secret in (b"Exif", b"GPS", b"Secret", b"secret"):
        assert secret not in answer.content


def test_a_small_plain_file_is_called_what_it_is(store: Store, client: TestClient, drawn_image: DrawImage) -> None:
    """Its thumbnail is the file itself, under its own media type; the large image is a WebP as of every file."""
    data = drawn_image(1)
    upload = uploads.add(store, projects.create(store, "Flowers"), "1.png", data, tag_ids=[], limits=Limits())
    sha256 = store.images.get(upload.image_id or "").sha256
    thumbnail, large = (client.get(address(kind, sha256)) for kind in ("thumbnail", "picture"))
    assert ("image/png", data) == (thumbnail.headers["content-type"], thumbnail.content)
    assert "image/webp" == large.headers["content-type"]


@pytest.mark.parametrize("kind", ["thumbnail", "picture"])
def test_browsers_keep_images_for_good(client: TestClient, photo: Image, kind: str) -> None:
    """The address names the content, so it may be kept for a year, by this browser alone, and is never sniffed."""
    headers = client.get(address(kind, photo.sha256)).headers
    assert "private, max-age=31536000, immutable" == headers["cache-control"]
    assert "nosniff" == headers["x-content-type-options"]


def test_a_thumbnail_that_is_missing_is_made_again(store: Store, client: TestClient, photo: Image) -> None:
    """Thumbnails need not be in a backup: the first who asks gets one, and it is kept."""
    path = blobs.thumbnail_path(store.home, photo.sha256)
    before = client.get(urls.thumbnail(photo.sha256)).content
    path.unlink()
    assert before == client.get(urls.thumbnail(photo.sha256)).content == path.read_bytes()


@pytest.mark.parametrize("prefix", ["", urls.STATIC])
@pytest.mark.parametrize("kind", ["thumbnail", "picture"])
@pytest.mark.parametrize(
    "name",
    [
        "0" * 64,
        "A" * 64,
        "short",
        "..",
        "%2e%2e%2f%2e%2e%2ftagwise.db",
        "....%2f%2ftagwise.db",
        "%00" * 64,
        "٣" * 64,
        "<script>alert(1)</script>",
    ],
)
def test_unknown_and_hostile_names_are_not_found(client: TestClient, prefix: str, kind: str, name: str) -> None:
    """Only 64 hexadecimal digits lead to a file, and only to an image's."""
    answer = client.get(f"{prefix}/{kind}/{name}")
    assert 404 == answer.status_code
    assert answer.headers["content-type"].startswith("text/plain")
    assert "cache-control" not in answer.headers


@pytest.mark.parametrize("kind", ["thumbnail", "picture"])
def test_a_deleted_image_is_gone(store: Store, client: TestClient, photo: Image, kind: str) -> None:
    """Once deleted it is not shown to anyone any more, however often it was before."""
    assert 200 == client.get(address(kind, photo.sha256)).status_code
    uploads.delete(store, [photo.id])
    assert 404 == client.get(address(kind, photo.sha256)).status_code


def test_a_damaged_original_is_an_error(store: Store, client: TestClient, photo: Image) -> None:
    """One sentence, no traceback; the thumbnail made before it was damaged is still served."""
    blobs.original_path(store.home, photo.sha256).write_bytes(b"damaged")
    answer = client.get(urls.image(photo.sha256))
    assert 500 == answer.status_code
    assert answer.text.startswith("an image must be JPEG, PNG")
    assert 200 == client.get(urls.thumbnail(photo.sha256)).status_code


def test_pages_and_routes_agree(client: TestClient, store: Store, drawn_image: Callable[[int], bytes]) -> None:
    """Every address that a page writes leads to an image."""
    upload = uploads.add(store, projects.create(store, "One"), "1.png", drawn_image(1), tag_ids=[], limits=Limits())
    sha256 = store.images.get(upload.image_id or "").sha256
    for shown in (urls.thumbnail(sha256), urls.image(sha256), f"{urls.STATIC}/thumbnail/{sha256}"):
        assert 200 == client.get(shown).status_code
