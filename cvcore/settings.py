"""Settings from the environment: home folder, password, keys, and the limits of uploads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cvcore.errors import HomeUnusable, InvalidInput

MEBIBYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """The limits of an upload.

    The defaults are Custom Vision's if it has one (6 MB, 10,240 px, 25:1, 100 tags per image). Images above
    `image_bytes`, `side_max_px` or `pixels` are stored smaller if they are within `photo_bytes` and `photo_pixels`. Of
    a zip or folder, only images and tables count towards `archive_entries` and `archive_bytes`. In all projects of a
    pupil together at most `home_images` and `home_bytes` are stored; 0 is no limit. `drops_location`: the place where
    a photo was taken, if the camera noted it, is removed before it is stored.
    """

    image_bytes: int = 6 * MEBIBYTE
    photo_bytes: int = 50 * MEBIBYTE
    photo_pixels: int = 120_000_000
    side_min_px: int = 8
    side_max_px: int = 10_240
    pixels: int = 60_000_000
    aspect: float = 25.0
    tag_letters: int = 128
    tags_per_image: int = 100
    archive_entries: int = 100_000
    archive_bytes: int = 4096 * MEBIBYTE
    home_images: int = 0
    home_bytes: int = 0
    drops_location: bool = False

    @property
    def read_bytes(self) -> int:
        """How much of a file is read: one byte past the limit is enough to know that it is too large."""
        return max(self.image_bytes, self.photo_bytes) + 1


# For images that are stored: they were accepted once, and are not refused now.
ANY = Limits(image_bytes=2**31, side_min_px=1, side_max_px=2**31, pixels=2**31, aspect=2**31)


@dataclass(frozen=True)
class Settings:
    """Home folder, optional shared password and API keys, further host names of this machine, and limits.

    Without keys, those in the home folder are used. `fetch_private` lets the API fetch images from this machine's own
    network, and webhooks post to it. `cors` names the APIs that pages of other sites may call: prediction, training.
    Amazon's clients sign with the pair of `aws_…`. `s3_endpoint` is the address of an S3 service that holds the buckets
    which are not in the home folder. In `backups` the web app writes a backup every day. `ray` names a cluster of
    machines, as `auto` or host:port; `ray_images` is where they find the home folder, by default at its path.
    """

    home: Path
    password: str | None = None
    training_key: str | None = field(default=None, repr=False)
    prediction_key: str | None = field(default=None, repr=False)
    fetch_private: bool = False
    hosts: tuple[str, ...] = ()
    cors: tuple[str, ...] = ("prediction",)
    aws_access_key_id: str | None = None
    aws_secret_access_key: str | None = field(default=None, repr=False)
    s3_endpoint: str | None = None
    backups: Path | None = None
    ray: str = ""
    ray_images: str = ""
    limits: Limits = field(default_factory=Limits)


def environ_of_programs(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for a process that runs a program of ours by `python -m`: there, too, Python finds this code."""
    paths = [str(Path(__file__).resolve().parents[1]), environ.get("PYTHONPATH", "")]
    return {**environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the variables that begin with `TAGWISE_`.

    Raises:
        InvalidInput: `TAGWISE_MAX_IMAGE_MB`, `TAGWISE_MAX_PHOTO_MB` or `TAGWISE_MAX_PHOTO_MEGAPIXELS` is not a number
            above 0, `TAGWISE_CORS` names something else than APIs, `TAGWISE_S3_ENDPOINT` or `TAGWISE_RAY` is not an
            address, or `TAGWISE_BACKUPS` is a folder inside the home folder.
        HomeUnusable: the home folder begins with `~` and this user has no home.

    >>> load({"TAGWISE_HOME": "/data/tagwise"}).home.as_posix()
    '/data/tagwise'
    """
    limits = Limits(
        image_bytes=_number(environ, "TAGWISE_MAX_IMAGE_MB", MEBIBYTE) or Limits.image_bytes,
        photo_bytes=_number(environ, "TAGWISE_MAX_PHOTO_MB", MEBIBYTE) or Limits.photo_bytes,
        photo_pixels=_number(environ, "TAGWISE_MAX_PHOTO_MEGAPIXELS", 10**6) or Limits.photo_pixels,
        archive_entries=_number(environ, "TAGWISE_MAX_FILES", 1) or Limits.archive_entries,
        archive_bytes=_number(environ, "TAGWISE_MAX_UNPACKED_MB", MEBIBYTE) or Limits.archive_bytes,
    )
    home = _home(environ.get("TAGWISE_HOME") or "~/.tagwise")
    hosts = tuple(filter(None, (name.strip() for name in environ.get("TAGWISE_HOSTS", "").split(","))))
    return Settings(
        home=home,
        password=environ.get("TAGWISE_PASSWORD") or None,
        training_key=environ.get("TAGWISE_TRAINING_KEY") or None,
        prediction_key=environ.get("TAGWISE_PREDICTION_KEY") or None,
        fetch_private=environ.get("TAGWISE_FETCH_PRIVATE", "") not in ("", "0"),
        hosts=hosts,
        cors=_cors(environ.get("TAGWISE_CORS") or "prediction"),
        aws_access_key_id=environ.get("TAGWISE_AWS_ACCESS_KEY_ID") or None,
        aws_secret_access_key=environ.get("TAGWISE_AWS_SECRET_ACCESS_KEY") or None,
        s3_endpoint=_endpoint(environ.get("TAGWISE_S3_ENDPOINT", "").strip()),
        backups=_backups(environ.get("TAGWISE_BACKUPS", ""), home),
        ray=_ray(environ.get("TAGWISE_RAY", "").strip()),
        ray_images=environ.get("TAGWISE_RAY_IMAGES", "").strip(),
        limits=limits,
    )


def _ray(text: str) -> str:
    """`auto`, or host:port; an IPv6 address stands in brackets."""
    if text in ("", "auto"):
        return text
    host, colon, port = text.rpartition(":")
    is_host = host.startswith("[") == host.endswith("]") and "/" not in host and (":" not in host or host[:1] == "[")
    if not (colon and host and is_host and port.isdecimal() and 0 < int(port) < 2**16):
        raise InvalidInput(f"TAGWISE_RAY must be auto or an address like 192.168.1.5:6379, got {text!r}")
    return text


def _backups(text: str, home: Path) -> Path | None:
    if not text:
        return None
    folder = _home(text)
    if folder.resolve().is_relative_to(home.resolve()):
        raise InvalidInput(f"TAGWISE_BACKUPS must be a folder outside the home folder, got {text!r}: choose another")
    return folder


def _cors(text: str) -> tuple[str, ...]:
    named = tuple(filter(None, (name.strip().casefold() for name in text.split(","))))
    if named == ("none",):
        return ()
    if not set(named) <= {"prediction", "training"}:
        raise InvalidInput(f"TAGWISE_CORS must be prediction, or prediction,training, or none, got {text!r}")
    return named


def _endpoint(text: str) -> str | None:
    if not text:
        return None
    if not text.startswith(("http://", "https://")):
        raise InvalidInput(f"TAGWISE_S3_ENDPOINT must begin with http:// or https://, got {text!r}")
    return text


def _home(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        raise HomeUnusable(
            f"TAGWISE_HOME must be a folder's full path, the ~ in {text!r} is no user's home folder here: write it out"
        ) from error


def _number(environ: Mapping[str, str], name: str, unit: int) -> int:
    """A variable's number times the unit, at least 1; 0 if it is not set."""
    text = environ.get(name)
    if not text:
        return 0
    try:
        number = int(float(text) * unit)
    except (ValueError, OverflowError):
        number = 0
    if number <= 0:
        raise InvalidInput(f"{name} must be a number above 0, got {text!r}")
    return number
