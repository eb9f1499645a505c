"""Weights are looked for where Keras keeps them, and a download that fails says why."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from cvcore.errors import StorageFull, WeightsMissing
from cvcore.networks import pretrained_weights


@pytest.fixture(autouse=True)
def through_a_dead_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test leaves the machine; with a proxy set the host is not probed."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")


def test_without_keras_home_they_lie_in_the_users_folder() -> None:
    """`KERAS_HOME` unset or empty means ~/.keras, as for Keras."""
    expected = Path("~/.keras/models/net.h5").expanduser()
    assert [expected, expected] == [
        pretrained_weights.path_of("net.h5", {}),
        pretrained_weights.path_of("net.h5", {"KERAS_HOME": ""}),
    ]


def test_a_download_that_fails_names_the_network_the_reason_and_the_remedy(tmp_path: Path) -> None:
    """Whatever Keras raises becomes one sentence that says what to do."""
    path = tmp_path / "models" / "net.h5"
    with pytest.raises(WeightsMissing) as refusal, pretrained_weights.downloading(path, "SomeNet"):
        raise Exception("404 -- Not Found")
    assert (
        "SomeNet needs its ImageNet weights, which are not on this machine and cannot be downloaded "
        f"(404 -- Not Found): connect it to the internet once, or copy net.h5 into {path.parent}"
    ) == str(refusal.value)


def test_what_nobody_can_fetch_is_missed_without_keras(tmp_path: Path) -> None:
    """Where no server answers, by a proxy or not, the same sentence says so before Keras is loaded."""
    path = tmp_path / "models" / "net.h5"
    with pytest.raises(WeightsMissing, match=r"SomeNet needs its ImageNet weights, .* or copy net.h5 into"):
        pretrained_weights.require(path, "SomeNet")
    path.parent.mkdir()
    path.touch()
    pretrained_weights.require(path, "SomeNet")


@pytest.mark.parametrize("no_room", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_called_that(no_room: int, tmp_path: Path) -> None:
    """No room for the download, on the disk or in the user's share of it, is no matter of the network."""
    path = tmp_path / "models" / "net.h5"
    with pytest.raises(StorageFull) as refusal, pretrained_weights.downloading(path, "SomeNet"):
        raise OSError(no_room, "No space left")
    assert f"the disk that holds {path.parent} is full: free some space and try again" == str(refusal.value)


def test_what_is_damaged_makes_room_for_the_download(tmp_path: Path) -> None:
    """The file that lies there is gone when Keras comes to look for it, so that it downloads a new one."""
    path = tmp_path / "models" / "net.h5"
    path.parent.mkdir()
    path.write_bytes(b"cut short")
    with pretrained_weights.downloading(path, "SomeNet"):
        assert not path.exists()


def test_a_stalled_download_ends(tmp_path: Path) -> None:
    """Connections time out while Keras downloads, which alone would wait for ever, and only then."""
    with pretrained_weights.downloading(tmp_path / "models" / "net.h5", "SomeNet"):
        assert pretrained_weights.STALLED_S == socket.getdefaulttimeout()
    assert socket.getdefaulttimeout() is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_not_replaced_by_another(tmp_path: Path) -> None:
    """Keras is not let near: it would use a folder in /tmp that anyone can write."""
    (tmp_path / "models").mkdir()
    tmp_path.chmod(0o555)
    with (
        pytest.raises(WeightsMissing, match="cannot be written"),
        pretrained_weights.downloading(tmp_path / "models" / "n.h5", "N"),
    ):
        pytest.fail("the download must not begin")
