"""Files are written whole or not at all, and a refusal of the disk is told in one sentence."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cvcore.errors import HomeUnusable, NotFound
from cvcore.files import blobs

DIGEST = blobs.sha256(b"a picture")

OnSmallDisk = Callable[[str, str], list[str]]


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """A file comes back as it was written, its folders are made, and nothing lies beside it."""
    path = blobs.original_path(tmp_path, DIGEST)
    blobs.write(path, b"a picture")
    assert blobs.read(path) == b"a picture"
    assert files_in(tmp_path) == [f"originals/{DIGEST[:2]}/{DIGEST}"]


def test_a_second_write_takes_the_place_of_the_first(tmp_path: Path) -> None:
    """A file is replaced as a whole, durable or not."""
    path = tmp_path / "file"
    blobs.write(path, b"a long first content")
    blobs.write(path, b"second", durable=False)
    assert path.read_bytes() == b"second"


def test_what_is_there_is_not_written_again(tmp_path: Path) -> None:
    """Of several files those that are missing are written, and nothing lies beside them."""
    old, new = (blobs.original_path(tmp_path, blobs.sha256(data)) for data in (b"1", b"2"))
    blobs.write(old, b"old")
    blobs.write_missing({old: b"1", new: b"2"})
    assert (b"old", b"2") == (old.read_bytes(), new.read_bytes())
    assert 2 == len(files_in(tmp_path))


def test_readers_never_see_half_a_file(tmp_path: Path) -> None:
    """While a file is written over and over, a reader finds one whole content or another."""
    path = tmp_path / "file"
    contents = [bytes([letter]) * 200_000 for letter in b"ab"]
    blobs.write(path, contents[0])
    done = threading.Event()
    seen = set()

    def read() -> None:
        while not done.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(60):
        blobs.write(path, contents[turn % 2], durable=False)
    done.set()
    reader.join()
    assert seen <= set(contents)


def test_a_missing_file_is_told_of(tmp_path: Path) -> None:
    """What is not there is not found, by its name and with advice."""
    with pytest.raises(NotFound) as refusal:
        blobs.read(tmp_path / "gone")
    assert str(refusal.value) == "the file gone is missing from the home folder; restore it from a backup"


@pytest.mark.parametrize(
    "digest",
    ["", "../../etc/passwd", DIGEST[:-1], DIGEST.upper(), DIGEST[:-1] + "g", f"{DIGEST}\n", "٣" * 64, "/" + DIGEST[1:]],
)
@pytest.mark.parametrize("path_of", [blobs.original_path, blobs.thumbnail_path])
def test_only_a_digest_leads_to_a_file(path_of: Callable[[Path, str], Path], digest: str, tmp_path: Path) -> None:
    """Whatever is no SHA-256 in small hexadecimal digits names no file, so no path leads out of the home."""
    with pytest.raises(NotFound, match="64 hexadecimal digits"):
        path_of(tmp_path, digest)


def test_a_refused_digest_is_shown_short(tmp_path: Path) -> None:
    """The message shows at most 80 letters of what was asked for."""
    with pytest.raises(NotFound) as refusal:
        blobs.original_path(tmp_path, "x" * 10_000)
    assert str(refusal.value) == f"an image's name must be 64 hexadecimal digits, got '{'x' * 80}'"


def test_a_new_folder_comes_whole(tmp_path: Path) -> None:
    """A folder stands in its place only when it is filled, and takes the place of an older one."""
    path = tmp_path / "iterations" / "one"
    for content in (b"first", b"second"):
        with blobs.new_folder(path) as folder:
            blobs.write(folder / "arrays", content)
            assert not path.exists() or (path / "arrays").read_bytes() == b"first"
    assert (path / "arrays").read_bytes() == b"second"
    assert files_in(tmp_path) == ["iterations/one/arrays"]


def test_a_new_folder_that_failed_leaves_the_old(tmp_path: Path) -> None:
    """When filling ends in an error, what was there stays and nothing is left behind."""
    path = tmp_path / "one"
    with blobs.new_folder(path) as folder:
        blobs.write(folder / "arrays", b"first")

    def fail() -> None:
        with blobs.new_folder(path) as folder:
            blobs.write(folder / "arrays", b"second")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail()
    assert [each.name for each in tmp_path.iterdir()] == ["one"]
    assert (path / "arrays").read_bytes() == b"first"


def test_deleting_takes_files_and_folders_and_what_is_gone(tmp_path: Path) -> None:
    """A file goes, a folder goes with all in it, and deleting twice is fine."""
    blobs.write(tmp_path / "folder" / "file", b"1")
    blobs.write(tmp_path / "file", b"2")
    for name in ("folder", "file", "folder", "file", "never"):
        blobs.delete(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_the_home_is_its_owners_alone(tmp_path: Path) -> None:
    """A home that is made can be entered by nobody else; one that is there is taken as it is."""
    home = tmp_path / "deep" / "home"
    blobs.make_home(home)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    home.chmod(0o750)
    blobs.make_home(home)
    assert stat.S_IMODE(home.stat().st_mode) == 0o750
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701])
def test_a_home_that_others_may_look_into_is_told_of(tmp_path: Path, mode: int) -> None:
    """One that is its owner's alone is nothing to speak of; any other is named, with what ends it."""
    tmp_path.chmod(0o700)
    assert "" == blobs.exposure(tmp_path)
    tmp_path.chmod(mode)
    assert (
        f"others on this computer may look into the home folder, its mode is {mode:o}: chmod 700 '{tmp_path}' ends that"
        == blobs.exposure(tmp_path)
    )


def test_a_home_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A home that is a file, lies below one, or where no file can be made, is refused with its path and the remedy."""
    (tmp_path / "file").write_bytes(b"")
    below = tmp_path / "file" / "home"
    with pytest.raises(HomeUnusable) as refusal:
        blobs.make_home(below)
    assert str(refusal.value) == (
        f"the home folder must be writable, {below} is not (Not a directory): set TAGWISE_HOME to a folder that is"
    )
    for home in (tmp_path / "file", Path("/proc/tagwise"), tmp_path / ("x" * 300)):
        with pytest.raises(HomeUnusable, match="set TAGWISE_HOME"):
            blobs.make_home(home)


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """Writing where the system forbids it is our refusal, for files and folders."""
    (tmp_path / "originals").write_bytes(b"")
    with pytest.raises(HomeUnusable):
        blobs.write(tmp_path / "originals" / "file", b"1")
    with pytest.raises(HomeUnusable), blobs.new_folder(tmp_path / "originals" / "folder"):
        raise AssertionError("the block must not be entered")


def test_an_error_of_ones_own_passes(tmp_path: Path) -> None:
    """Only refusals to write are turned into ours; any other error of the system comes as it is."""
    with pytest.raises(FileNotFoundError), blobs.storage_errors(tmp_path / "file"):
        (tmp_path / "missing").read_bytes()


def test_a_full_disk_keeps_what_was_whole(on_small_disk: OnSmallDisk) -> None:
    """Where the disk is full, a file or folder is refused in one sentence, the old stays and nothing is left behind."""
    told = on_small_disk(
        "size=256k",
        """
from cvcore.files import blobs
blobs.write(disk / "file", b"old")
for durable in (True, False):
    with refusals():
        blobs.write(disk / "file", bytes(300_000), durable=durable)
with refusals():
    blobs.write_missing({disk / "a": b"1", disk / "b": bytes(300_000)})
with refusals(), blobs.new_folder(disk / "folder") as folder:
    blobs.write(folder / "small", b"1")
    blobs.write(folder / "large", bytes(300_000))
print(files(), (disk / "file").read_bytes())
""",
    )
    full = "StorageFull the disk that holds the home folder is full: free some space on it and try again"
    assert told == [full, full, full, full, "['file'] b'old'"]


def test_a_disk_that_cannot_take_a_home_is_told_of(on_small_disk: OnSmallDisk) -> None:
    """A home is refused on a disk that has no room for a folder, and on one that may only be read."""
    script = "from cvcore.files import blobs\nwith refusals():\n    blobs.make_home(disk / 'home')\n"
    (full,) = on_small_disk("size=64k,nr_inodes=1", script)
    assert full.startswith("StorageFull ")
    assert on_small_disk("size=64k,ro", script) == [
        "HomeUnusable the home folder must be writable, DISK/home is not (Read-only file system): "
        "set TAGWISE_HOME to a folder that is"
    ]
