"""Other machines read the same bytes, from a folder or from an address, and say where they see nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cvcore.errors import NotFound, Unavailable
from cvcore.files import blobs, shared_originals
from cvcore.settings import Settings

DIGEST = blobs.sha256(b"image")


def test_a_folder_and_an_address_give_the_same_bytes(tmp_path: Path) -> None:
    """By path and by fsspec; what is missing is NotFound in both."""
    blobs.write(blobs.original_path(tmp_path, DIGEST), b"image")
    for root in (str(tmp_path), f"file://{tmp_path}"):
        shared_originals.require(root)
        assert b"image" == shared_originals.read(root, DIGEST)
        with pytest.raises(NotFound):
            shared_originals.read(root, blobs.sha256(b"other"))


def test_a_machine_that_does_not_see_the_images_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is not mounted, an address that nothing reads, and fsspec that is missing."""
    with pytest.raises(Unavailable, match="mount the folder there, or set TAGWISE_RAY_IMAGES"):
        shared_originals.require(str(tmp_path / "elsewhere"))
    with pytest.raises(Unavailable, match="must be what fsspec reads here, got nothing://there"):
        shared_originals.require("nothing://there")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(Unavailable, match="needs fsspec"):
        shared_originals.require("s3://pictures")


def test_a_home_outside_has_its_own_path(tmp_path: Path) -> None:
    """Without the setting, and for a home that is not inside the setting's, the path is the root."""
    assert str(tmp_path) == shared_originals.root_of(tmp_path, Settings(tmp_path))
    assert str(tmp_path) == shared_originals.root_of(tmp_path, Settings(Path("/data"), ray_images="s3://pictures"))
    assert "s3://pictures" == shared_originals.root_of(tmp_path, Settings(tmp_path, ray_images="s3://pictures/"))
