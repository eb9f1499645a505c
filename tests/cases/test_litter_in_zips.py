"""Only images and tables count towards the limit on files, whatever a system packs beside them."""

from __future__ import annotations

import io
import zipfile

import pytest

from cvcore import datasets
from cvcore.errors import ArchiveRefused
from cvcore.settings import Limits, load

IMAGES = 10_001


@pytest.fixture(scope="module")
def packed() -> bytes:
    """A zip as macOS makes it: 10,001 images, and as many files for their attributes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for number in range(IMAGES):
            archive.writestr(f"cat/{number}.jpg", b"x")
            archive.writestr(f"__MACOSX/cat/._{number}.jpg", b"x")
    return file.getvalue()


def test_twins_do_not_count(packed: bytes) -> None:
    """A limit of exactly the images lets them in; one less refuses them, and the sentence names the setting."""
    limits = Limits(archive_entries=IMAGES)
    listing = datasets.entries_in_zip(io.BytesIO(packed), limits)
    assert (IMAGES, ()) == (len(listing.entries), listing.skipped)
    fewer = load({"TAGWISE_HOME": "/x", "TAGWISE_MAX_FILES": str(IMAGES - 1)}).limits
    with pytest.raises(ArchiveRefused, match=r"at most 10,000 images and tables, .* TAGWISE_MAX_FILES"):
        datasets.entries_in_zip(io.BytesIO(packed), fewer)


def test_a_large_public_set_fits() -> None:
    """As many images as Kaggle's dogs and cats, 37,500, are within the limit that holds without a setting."""
    assert Limits().archive_entries >= 37_500
