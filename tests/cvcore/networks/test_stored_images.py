"""Images that an earlier version decoded otherwise are embedded anew, once; all others keep what they have."""

from __future__ import annotations

import contextlib
import sqlite3

import numpy as np
import pytest
from PIL import Image

from cvcore import imaging
from cvcore.files import blobs
from cvcore.networks import stored_images
from cvcore.progress import silent
from cvcore.projects import uploads
from cvcore.settings import Limits
from cvcore.store import Store
from tests.conftest import Fill
from tests.cvcore.imaging.conftest import drawn, encoded, png_chunk
from tests.cvcore.imaging.profiles import DISPLAY_P3, rgb_profile
from tests.cvcore.imaging.test_colour_profiles import colours, of_codes, of_gamma

XMP = b'<rdf:Description tiff:Orientation="6"/>'
TURNED = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12" + bytes([0, 3, 0, 0, 0, 1, 0, 6]) + bytes(6)
SRGB = png_chunk(b"sRGB", b"\0")

READ_ANEW = {
    "display p3": encoded(drawn(), "JPEG", icc_profile=rgb_profile("Display P3", DISPLAY_P3)),
    "gamma": colours(of_gamma(100_000)),
    "codes": colours(of_codes(12, 13)),
    "clear grey": encoded(Image.new("I;16", (16, 16), 9), transparency=9),
    "turned in XMP alone": encoded(drawn(), "JPEG", xmp=XMP),
}
AS_BEFORE = {
    "jpeg": encoded(drawn(), "JPEG"),
    "png": encoded(drawn()),
    "srgb": colours(SRGB, of_gamma(45_455)),
    "turned": encoded(
        drawn(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12" + bytes([0, 3, 0, 0, 0, 1, 0, 6]) + bytes(6)
    ),
    "transparent": encoded(drawn().convert("RGBA")),
    "broken exif": encoded(drawn(), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01"),
}


@pytest.mark.parametrize("kind", [*READ_ANEW, *AS_BEFORE])
def test_which_files_are_read_anew(kind: str) -> None:
    """Only files that say more of their colours or turns than versions before understood."""
    assert (kind in READ_ANEW) == imaging.is_read_anew((READ_ANEW | AS_BEFORE)[kind])


def test_only_what_is_read_anew_is_computed_anew(store: Store, fill: Fill) -> None:
    """Its embedding is deleted, its thumbnail, size and signature are renewed; the check is made once."""
    project = fill(rose=1)
    digests = {}
    for kind in ("turned in XMP alone", "jpeg"):
        data = (READ_ANEW | AS_BEFORE)[kind]
        digests[kind] = blobs.sha256(data)
        tag = store.tags.of_project(project.id)[0]
        uploads.add(store, project, f"{kind}.jpg", data, tag_ids=[tag.id], limits=Limits())
        blobs.write(blobs.thumbnail_path(store.home, digests[kind]), b"as before")
        store.images.measure(digests[kind], width=64, height=96, signature=bytes(192))
    store.embeddings.put("f1", dict.fromkeys(digests.values(), np.zeros(2, np.float32)))
    _stored_before(store, [*digests.values(), "9" * 64])

    stored_images.check(store, [*digests.values(), "9" * 64], silent)

    assert [digests["turned in XMP alone"]] == store.embeddings.missing("f1", list(digests.values()))
    assert blobs.read(blobs.thumbnail_path(store.home, digests["jpeg"])) == b"as before"
    info = imaging.read(READ_ANEW["turned in XMP alone"], Limits())
    assert info.thumbnail == blobs.read(blobs.thumbnail_path(store.home, digests["turned in XMP alone"]))
    image = store.images.find(project.id, digests["turned in XMP alone"])
    assert image is not None
    assert (96, 64) == (image.width, image.height)
    assert [] == store.embeddings.unchecked([*digests.values(), "9" * 64])


def _stored_before(store: Store, digests: list[str]) -> None:
    with contextlib.closing(sqlite3.connect(store.home / "tagwise.db")) as connection:
        connection.executemany("insert into unchecked_images values (?)", [(sha256,) for sha256 in digests])
        connection.commit()
