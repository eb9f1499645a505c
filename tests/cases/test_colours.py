"""Images of public reports whose colours, turns or ends were read wrongly come in as browsers show them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cvcore import cli, imaging, projects
from cvcore.files import blobs
from cvcore.store import Store
from tests.pages.conftest import button
from tests.pages.test_upload import choose, finish, opened

# Size and mean colour in Chromium; of the photo for print by littleCMS, which keeps its black blacker.
SHOWN = {
    "p3_red.jpg": ((40, 40), (219, 41, 22)),
    "cmyk_swop_red.jpg": ((40, 40), (240, 94, 67)),
    "Channel_digital_image_CMYK_color.jpg": ((500, 333), (121, 126, 115)),
    "gama_1.png": ((120, 80), (173, 140, 133)),
    "cicp_p3.png": ((120, 80), (122, 74, 68)),
    "gray16_trns0.png": ((60, 40), (206, 206, 206)),
    "gray8_trns0.png": ((60, 40), (206, 206, 206)),
    "no_eoi.jpg": ((120, 80), (116, 77, 70)),
    "xmp_only_6.jpg": ((120, 80), (116, 77, 70)),
}


@pytest.fixture(scope="module")
def images(shared: Path) -> Path:
    """The folder of these images."""
    folder = shared / "cases" / "img"
    if not folder.is_dir():
        pytest.skip(f"needs the images in {folder}")
    return folder


def check(store: Store, project_name: str, folder: Path, names: list[str]) -> None:
    """The images that a project holds, their thumbnails and pixels are those of the table."""
    stored = store.images.page(projects.find(store, project_name).id, take=99)
    assert sorted(names) == sorted(image.name for image in stored)
    for image in stored:
        data = blobs.read(blobs.original_path(store.home, image.sha256))
        size, colour = SHOWN[image.name]
        assert size == (image.width, image.height)
        assert (folder / image.name).read_bytes() == data
        thumbnail = Image.open(io.BytesIO(blobs.read(blobs.thumbnail_path(store.home, image.sha256))))
        assert "icc_profile" not in thumbnail.info
        # WebP loses some of the colours' detail.
        assert np.abs(mean(np.asarray(thumbnail)) - colour).max() <= 3
        assert np.abs(mean(imaging.pixels(data, 96)) - colour).max() <= 2


def mean(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(pixels.reshape(-1, 3).mean(axis=0))


def test_by_command(images: Path, store: Store, tmp_path: Path) -> None:
    """All of them are imported, none refused."""
    folder = tmp_path / "set" / "cat"
    folder.mkdir(parents=True)
    for name in SHOWN:
        (folder / name).write_bytes((images / name).read_bytes())
    assert 0 == cli.main(["import", "shown", str(folder.parent)])
    check(store, "shown", images, list(SHOWN))


def test_by_page(images: Path, store: Store) -> None:
    """What the page takes is the same."""
    project = projects.create(store, "shown")
    names = ["p3_red.jpg", "gama_1.png", "no_eoi.jpg", "xmp_only_6.jpg"]
    app = choose(opened(project), *((name, (images / name).read_bytes()) for name in names))
    button(app, "Upload 4 images").click().run()
    finish(app)
    check(store, "shown", images, names)
