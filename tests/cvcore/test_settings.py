"""The environment is read once, with defaults, and a wrong value is told."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from cvcore import settings
from cvcore.errors import HomeUnusable, InvalidInput
from cvcore.settings import Limits, Settings


def test_without_any_setting_the_defaults_hold() -> None:
    """The home is ~/.tagwise, there is no password, and limits are Custom Vision's; those of pupils are off."""
    told = settings.load({})
    assert told == Settings(home=Path.home() / ".tagwise", password=None, limits=Limits())
    assert dataclasses.asdict(told.limits) == {
        "image_bytes": 6 * 1024 * 1024,
        "photo_bytes": 50 * 1024 * 1024,
        "photo_pixels": 120_000_000,
        "side_min_px": 8,
        "side_max_px": 10_240,
        "pixels": 60_000_000,
        "aspect": 25.0,
        "tag_letters": 128,
        "tags_per_image": 100,
        "archive_entries": 100_000,
        "archive_bytes": 4096 * 1024 * 1024,
        "home_images": 0,
        "home_bytes": 0,
        "drops_location": False,
    }


def test_backups_go_outside_the_home(tmp_path: Path) -> None:
    """A folder for daily backups is taken, one inside the home folder is refused: a backup would hold itself."""
    home, other = str(tmp_path / "home"), str(tmp_path / "other")
    assert tmp_path / "other" == settings.load({"TAGWISE_HOME": home, "TAGWISE_BACKUPS": other}).backups
    with pytest.raises(InvalidInput, match="must be a folder outside the home folder"):
        settings.load({"TAGWISE_HOME": home, "TAGWISE_BACKUPS": f"{home}/backups"})


def test_an_empty_setting_is_none() -> None:
    """A variable that is set to nothing counts as not set."""
    empty = dict.fromkeys(("TAGWISE_HOME", "TAGWISE_PASSWORD", "TAGWISE_MAX_IMAGE_MB"), "")
    assert settings.load(empty) == settings.load({})


def test_settings_are_taken_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Home, password and the limit on an image's bytes come from the environment; a relative home becomes absolute."""
    monkeypatch.chdir(tmp_path)
    told = settings.load({"TAGWISE_HOME": "data", "TAGWISE_PASSWORD": " s3cret ", "TAGWISE_MAX_IMAGE_MB": "0.5"})
    assert told == Settings(home=tmp_path / "data", password=" s3cret ", limits=Limits(image_bytes=2**19))


def test_the_limits_of_zips_and_folders_are_settings() -> None:
    """A larger data set comes in after one setting for its files and one for its size."""
    told = settings.load({"TAGWISE_MAX_FILES": "250000", "TAGWISE_MAX_UNPACKED_MB": "8192"})
    assert Limits(archive_entries=250_000, archive_bytes=8192 * 2**20) == told.limits


def test_the_process_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Asked for nothing in particular, settings come from this process' environment as it is now."""
    monkeypatch.setenv("TAGWISE_HOME", str(tmp_path))
    assert settings.load().home == tmp_path


def test_a_tilde_stands_for_the_users_home() -> None:
    """~ is the user's home, as in a shell."""
    assert settings.load({"TAGWISE_HOME": "~/pictures"}).home == Path.home() / "pictures"


def test_a_home_of_nobody_is_refused() -> None:
    """~ of a user who is not there leads nowhere, which is told with the value."""
    with pytest.raises(HomeUnusable) as refusal:
        settings.load({"TAGWISE_HOME": "~no-such-user/pictures"})
    assert str(refusal.value) == (
        "TAGWISE_HOME must be a folder's full path, the ~ in '~no-such-user/pictures' is no user's home folder here: "
        "write it out"
    )


@pytest.mark.parametrize("name", ["TAGWISE_MAX_IMAGE_MB", "TAGWISE_MAX_PHOTO_MB", "TAGWISE_MAX_PHOTO_MEGAPIXELS"])
@pytest.mark.parametrize("given", ["0", "-1", "six", "nan", "inf", "1e400", "1e-9", "6 MB"])
def test_a_limit_must_be_a_number_above_zero(name: str, given: str) -> None:
    """A limit that is none is told with its value."""
    with pytest.raises(InvalidInput) as refusal:
        settings.load({name: given})
    assert str(refusal.value) == f"{name} must be a number above 0, got {given!r}"


def test_the_limits_on_photos_are_taken() -> None:
    """How large a photo may come in is set apart from how large an image is stored."""
    limits = settings.load({"TAGWISE_MAX_PHOTO_MB": "100", "TAGWISE_MAX_PHOTO_MEGAPIXELS": "150"}).limits
    assert Limits(photo_bytes=100 * 2**20, photo_pixels=150_000_000) == limits
    assert 100 * 2**20 + 1 == limits.read_bytes


def test_hosts_are_joined_by_commas() -> None:
    """Further names of this machine are parted at commas, and blanks left out."""
    found = settings.load({"TAGWISE_HOSTS": " class.example, ,school.example"})
    assert found.hosts == ("class.example", "school.example")


def test_the_api_is_told_by_the_environment() -> None:
    """Keys and leave to fetch from the own network are read; empty means not set."""
    told = settings.load({"TAGWISE_TRAINING_KEY": "t", "TAGWISE_PREDICTION_KEY": "p", "TAGWISE_FETCH_PRIVATE": "1"})
    assert ("t", "p", True) == (told.training_key, told.prediction_key, told.fetch_private)
    told = settings.load({"TAGWISE_TRAINING_KEY": "", "TAGWISE_FETCH_PRIVATE": "0"})
    assert (None, None, False) == (told.training_key, told.prediction_key, told.fetch_private)


def test_which_apis_other_sites_may_call() -> None:
    """Prediction when nothing is set, both or neither by the setting, and nothing else."""
    given = ("", "prediction,training", " Training ", "none")
    expected = (("prediction",), ("prediction", "training"), ("training",), ())
    assert expected == tuple(settings.load({"TAGWISE_CORS": text}).cors for text in given)
    with pytest.raises(InvalidInput) as refusal:
        settings.load({"TAGWISE_CORS": "*"})
    assert "TAGWISE_CORS must be prediction, or prediction,training, or none, got '*'" == str(refusal.value)


def test_an_s3_service_is_named_by_its_address() -> None:
    """Buckets that are not in the home folder are elsewhere only if the setting says where, by http or https."""
    assert settings.load({"TAGWISE_S3_ENDPOINT": " http://minio:9000 "}).s3_endpoint == "http://minio:9000"
    assert settings.load({"TAGWISE_S3_ENDPOINT": ""}).s3_endpoint is None
    with pytest.raises(InvalidInput, match="TAGWISE_S3_ENDPOINT must begin with http:// or https://, got 'minio:9000'"):
        settings.load({"TAGWISE_S3_ENDPOINT": "minio:9000"})


@pytest.mark.parametrize("address", ["auto", "192.168.1.5:6379", "head.local:6379", "[fe80::1]:6379"])
def test_a_cluster_is_named_by_its_address(address: str) -> None:
    """`auto`, or a host with a port; without it, no cluster."""
    assert address == settings.load({"TAGWISE_RAY": f" {address} "}).ray
    assert "" == settings.load({}).ray


@pytest.mark.parametrize(
    "text", ["yes", "192.168.1.5", "host:", ":6379", "host:70000", "ray://host:10001", "fe80::1:6379"]
)
def test_a_wrong_address_of_a_cluster_is_told(text: str) -> None:
    """Also one for Ray's client, because this machine must be part of the cluster."""
    with pytest.raises(InvalidInput, match="TAGWISE_RAY must be auto or an address like"):
        settings.load({"TAGWISE_RAY": text})
