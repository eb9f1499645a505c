"""The images of a home folder as other machines read them: at its path, mounted there, or at an address by fsspec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cvcore.errors import NotFound, Unavailable
from cvcore.files import blobs
from cvcore.settings import Settings

FOLDER = "originals"
EXTRA = "an address in TAGWISE_RAY_IMAGES needs fsspec: install it with pip install 'tagwise[ray]'"


def root_of(home: Path, settings: Settings) -> str:
    """Where other machines find a home folder: this one, or that of a pupil inside it.

    >>> root_of(Path("/data/classes/1/2"), Settings(Path("/data"), ray_images="s3://pictures"))
    's3://pictures/classes/1/2'
    """
    if not settings.ray_images or not home.is_relative_to(settings.home):
        return str(home)
    return "/".join([settings.ray_images.rstrip("/"), *home.relative_to(settings.home).parts])


def require(root: str) -> None:
    """Check that this machine sees the images at a root.

    Raises:
        Unavailable: it does not.
    """
    is_there = _file_system(root).exists(f"{root}/{FOLDER}") if "://" in root else Path(root, FOLDER).is_dir()
    if not is_there:
        raise Unavailable(
            f"every machine must see the images, it does not see {root}/{FOLDER}: mount the folder there, or set "
            "TAGWISE_RAY_IMAGES"
        )


def read(root: str, digest: str) -> bytes:
    """The bytes of an image.

    Raises:
        NotFound: it is not there.
    """
    path = blobs.original_path(Path("home"), digest)
    if "://" not in root:
        return blobs.read(Path(root, *path.parts[1:]))
    address = "/".join([root, *path.parts[1:]])
    try:
        return bytes(_file_system(root).cat_file(address))
    except FileNotFoundError:
        raise NotFound(f"the image {address} is missing") from None


def _file_system(root: str) -> Any:
    try:
        import fsspec
    except ImportError:
        raise Unavailable(EXTRA) from None
    try:
        return fsspec.core.url_to_fs(root)[0]
    except (ImportError, ValueError) as error:  # what reads such addresses is not installed, or nothing does
        raise Unavailable(f"TAGWISE_RAY_IMAGES must be what fsspec reads here, got {root}: {error}") from error
