"""A whole home folder goes into one zip and comes back: while Tagwise runs, with a class, and never by halves."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import filelock
import pytest

from cvcore import backups, classroom, projects, training
from cvcore.backups import contents, restoring, writing
from cvcore.errors import ArchiveRefused, Conflict, HomeUnusable, InvalidInput
from cvcore.files import api_keys, blobs, disks, zip_writer
from cvcore.projects import trash
from cvcore.settings import Settings
from cvcore.store import Store
from cvcore.store.backups import copies
from cvcore.store.jobs import worker_lock
from tests.conftest import Fill, Trained, fill_in
from tests.cvcore.conftest import ENVIRON

OLD_HOME = Path(__file__).resolve().parents[2] / "data" / "home-2026-11.tar.gz"


@pytest.fixture
def saved(store: Store, fill: Fill, trained: Trained, tmp_path: Path) -> Path:
    """A backup of a home with a trained project *Flowers* of ten images."""
    trained(fill(rose=5, tulip=5))
    backups.backup(store.home, tmp_path / "backup.zip")
    return tmp_path / "backup.zip"


def names(store: Store) -> list[str]:
    return [project.name for project in store.projects.all()]


def files_in(home: Path) -> dict[str, bytes]:
    """What a backup must bring back, byte for byte."""
    return {
        contents.member_of(home, path): path.read_bytes()
        for path in contents.files(home)
        if path.name != contents.DATABASE
    }


def rewritten(source: Path, target: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The same zip with other members."""
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target


def test_everything_comes_back(store: Store, saved: Path, tmp_path: Path) -> None:
    """In another home the same projects, images, numbers and keys are there, and the zip is its owner's alone."""
    made = backups.restore(saved, tmp_path / "other")
    other = Store(tmp_path / "other")
    assert (["Flowers"], 10, 1) == (names(other), made.images, made.homes)
    assert files_in(store.home) == files_in(other.home)
    (project,) = other.projects.all()
    (iteration,) = other.iterations.of_project(project.id)
    assert store.iterations.get(iteration.id).scores == iteration.scores
    assert 0o600 == saved.stat().st_mode & 0o777
    assert backups.check(other.home).is_sound


def test_keys_stay_secret(store: Store, fill: Fill, tmp_path: Path) -> None:
    """Keys are in it, and can be read by their owner only once they are back."""
    key = api_keys.load(Settings(store.home)).training
    fill(rose=1)
    backups.backup(store.home, tmp_path / "b.zip")
    backups.restore(tmp_path / "b.zip", tmp_path / "other")
    assert key == api_keys.load(Settings(tmp_path / "other")).training
    assert 0o600 == (tmp_path / "other" / "training.key").stat().st_mode & 0o777


def test_a_home_goes_back_to_what_it_was(store: Store, saved: Path, fill: Fill) -> None:
    """What was deleted is there again, what came since is gone, and the database before it is kept."""
    projects.delete(store, store.projects.all()[0])
    trash.empty(store)
    fill("Later", daisy=1)
    backups.restore(saved, store.home)
    assert ["Flowers"] == names(store)
    report = backups.check(store.home)
    assert report.is_sound
    with closing(sqlite3.connect(store.home / copies.FOLDER / "before-restore.db")) as before:
        assert [("Later",)] == before.execute("select name from projects").fetchall()


def test_a_class_comes_back(store: Store, fill: Fill, tmp_path: Path) -> None:
    """Pupils' homes are in it, with their projects and their places in the class."""
    classroom.set_password(store, "chalk and sponge")
    school_class = classroom.open_class(store, "5b")
    pupil, _ = classroom.join(store, school_class.code, "Anna")
    fill_in(classroom.store_of(store, pupil), "Hers", rose=2)
    assert 2 == backups.backup(store.home, tmp_path / "b.zip").homes
    shutil.rmtree(store.home)
    backups.restore(tmp_path / "b.zip", tmp_path / "other")
    other = Store(tmp_path / "other")
    (again,) = other.pupils.of_class(school_class.id)
    assert ("Anna", ["Hers"]) == (again.nickname, names(classroom.store_of(other, again)))


def test_files_in_buckets_come_back_whatever_they_are_called(store: Store, tmp_path: Path) -> None:
    """Users name them: by letters that part lines, by bytes that are no text, like a database, with a backslash."""
    folder = store.home / "buckets" / "mine"
    folder.mkdir(parents=True)
    texts = ["a\nb.png", "\u2028.png", "tagwise.db", "a\\b:c.png", "50%25.png", "庭.png"]
    names = [b"\xff.png", *(text.encode() for text in texts)]
    for name in names:
        (folder / os.fsdecode(name)).write_bytes(name)
    backups.backup(store.home, tmp_path / "b.zip")
    backups.restore(tmp_path / "b.zip", tmp_path / "other")
    restored = {os.fsencode(path.name): path.read_bytes() for path in (tmp_path / "other/buckets/mine").iterdir()}
    assert {name: name for name in names} == restored


def test_images_that_come_meanwhile_are_in_it(
    store: Store, fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project that is filled after the files were copied, and one that is deleted, leave the backup whole."""
    doomed = fill("Doomed", rose=2)
    copy_files = writing._Writer.copy_files

    def slow(self: writing._Writer, progress: object) -> None:
        copy_files(self, progress)  # type: ignore[arg-type]
        fill_in(store, "New", tulip=30)
        projects.delete(store, doomed)
        trash.empty(store)

    monkeypatch.setattr(writing._Writer, "copy_files", slow)
    backups.backup(store.home, tmp_path / "b.zip")
    backups.restore(tmp_path / "b.zip", tmp_path / "other")
    assert ["New"] == names(Store(tmp_path / "other"))
    assert backups.check(tmp_path / "other").is_sound


def test_images_that_go_while_the_database_is_copied(
    store: Store, fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy of the database is made anew if it speaks of images that were deleted before they could be copied."""
    doomed = fill("Doomed", rose=1)
    write_from, copied = copies.write_from, []

    def slow(database: Path, path: Path) -> None:
        write_from(database, path)
        if not copied:
            projects.delete(store, doomed)
            trash.empty(store)
            for file in blobs.original_path(store.home, "0" * 64).parents[1].glob("??/*"):
                file.unlink()
        copied.append(path)

    monkeypatch.setattr(writing._Writer, "copy_files", lambda *_: None)
    monkeypatch.setattr(copies, "write_from", slow)
    backups.backup(store.home, tmp_path / "b.zip")
    backups.restore(tmp_path / "b.zip", tmp_path / "other")
    assert (2, []) == (len(copied), names(Store(tmp_path / "other")))


def test_a_missing_image_does_not_keep_the_rest_from_being_saved(store: Store, fill: Fill, tmp_path: Path) -> None:
    """A home that has lost a file is backed up as it is."""
    fill(rose=2)
    next((store.home / "originals").glob("??/*")).unlink()
    assert 1 == backups.backup(store.home, tmp_path / "b.zip").images


def test_a_killed_restore_leaves_the_home_as_it_was(
    store: Store, saved: Path, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until all files are in place the database is the old one, and a second try completes it."""
    fill("Later", daisy=1)
    with monkeypatch.context() as patch:
        patch.setattr(restoring, "_put_databases", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            backups.restore(saved, store.home)
    assert ["Flowers", "Later"] == sorted(names(store))
    assert backups.check(store.home).is_sound
    backups.restore(saved, store.home)
    assert ["Flowers"] == names(store)


def test_a_backup_lies_outside_the_home(store: Store) -> None:
    """Inside it would hold itself."""
    with pytest.raises(InvalidInput, match="must lie outside the home folder"):
        backups.backup(store.home, store.home / "b.zip")
    with pytest.raises(InvalidInput, match="there is none at"):
        backups.backup(store.home / "nothing", store.home.parent / "b.zip")


def test_a_running_training_is_not_pulled_away(store: Store, saved: Path, fill: Fill) -> None:
    """While a worker has a job, nothing is restored; a job that waits where nobody works keeps nobody waiting."""
    training.start(store, fill("Other", rose=5, tulip=5))
    with worker_lock(store.home), pytest.raises(Conflict, match="a training runs or waits"):
        backups.restore(saved, store.home)
    assert "Other" in names(store)
    backups.restore(saved, store.home)
    assert ["Flowers"] == names(store)


def test_no_worker_begins_meanwhile(store: Store, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would delete the folders of iterations that the database does not know yet."""
    held: list[bool] = []

    def look(*_: object) -> None:
        with pytest.raises(filelock.Timeout):
            worker_lock(store.home).acquire(timeout=0)
        held.append(True)

    monkeypatch.setattr(restoring, "_put_databases", look)
    backups.restore(saved, store.home)
    worker_lock(store.home).acquire(timeout=0).lock.release()
    assert [True] == held


def _cut_to_nothing(database: Path) -> None:
    database.write_bytes(b"")


def _overwritten(database: Path) -> None:
    database.write_bytes(b"no database" * 1000)


def _with_a_broken_schema(database: Path) -> None:
    data = database.read_bytes()
    database.write_bytes(data[:200] + b"\xff" * 4000 + data[4200:])


def _with_letters_that_are_none(database: Path) -> None:
    data = database.read_bytes()
    database.write_bytes(
        data.replace(b"create table projects", b"create \xc3\xd8ble projects", 1).replace(
            b"CREATE TABLE projects", b"CREATE \xc3\xd8BLE projects", 1
        )
    )


@pytest.mark.parametrize("damage", [_cut_to_nothing, _overwritten, _with_a_broken_schema, _with_letters_that_are_none])
def test_a_damaged_database_gives_way(
    store: Store, saved: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    """A backup is for the day on which the database cannot be read any more; what there was of it is kept."""
    store.rewrite()
    store.close()
    damage(store.home / "tagwise.db")
    data = (store.home / "tagwise.db").read_bytes()
    with pytest.raises((HomeUnusable, InvalidInput), match=r"damaged|needs a home folder"):
        backups.backup(store.home, tmp_path / "b.zip")
    backups.restore(saved, store.home)
    assert ["Flowers"] == names(Store(store.home))
    kept = store.home / "backups" / "before-restore.db"
    assert kept.exists()
    assert not data or data == kept.read_bytes()


def test_a_damaged_page_is_not_backed_up(store: Store, saved: Path, tmp_path: Path) -> None:
    """Such a zip could not be restored, and day by day they would take the place of those that can."""
    store.rewrite()
    store.close()
    path = store.home / "tagwise.db"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + b"\xff" * 20_000 + data[len(data) // 2 + 20_000 :])
    with pytest.raises(HomeUnusable, match=f"the database {path} is damaged"):
        backups.backup(store.home, tmp_path / "b.zip")
    assert [saved] == [each for each in tmp_path.iterdir() if each.suffix == ".zip"]


def test_an_older_home_is_backed_up(tmp_path: Path) -> None:
    """Its database, as a version before wrote it, is not changed; the copy in the zip is of today's schema."""
    with tarfile.open(OLD_HOME) as archive:
        archive.extractall(tmp_path, filter="data")
    home = next(path for path in tmp_path.iterdir() if path.is_dir())
    before = (home / "tagwise.db").read_bytes()
    backups.backup(home, tmp_path / "b.zip")
    assert before == (home / "tagwise.db").read_bytes()
    assert 33 == backups.restore(tmp_path / "b.zip", tmp_path / "other").images


def test_what_is_not_ours_or_cannot_be_read_is_left_out(store: Store, fill: Fill, tmp_path: Path) -> None:
    """A file that users put there, and a folder in an image's place: the rest is saved, and can be restored."""
    fill(rose=2)
    (store.home / "my notes (2).txt").write_text("mine")
    lost = next((store.home / "originals").glob("??/*"))
    lost.unlink()
    lost.mkdir()
    made = backups.backup(store.home, tmp_path / "b.zip")
    assert (1, {"my%20notes%20%282%29.txt", contents.member_of(store.home, lost)}) == (made.images, {*made.left_out})
    assert 1 == backups.restore(tmp_path / "b.zip", tmp_path / "other").images


def test_a_file_that_grows_meanwhile(store: Store, fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a log of the user's: the list tells what came into the zip."""
    fill(rose=2)
    log = store.home / "serve.log"
    log.write_text("a line\n")
    piece = zip_writer._piece

    def grown(source: Path, file: BinaryIO) -> bytes:
        if source == log and log.stat().st_size < 100:
            log.write_text("a line\n" * 100)
        return piece(source, file)

    monkeypatch.setattr(zip_writer, "_piece", grown)
    backups.backup(store.home, tmp_path / "b.zip")
    backups.restore(tmp_path / "b.zip", tmp_path / "other")
    assert "a line\n" * 100 == (tmp_path / "other" / "serve.log").read_text()


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_folders_on_another_disk_are_in_it(store: Store, fill: Fill, tmp_path: Path) -> None:
    """Where they were moved, and links lead to them."""
    fill(rose=2)
    (store.home / "buckets" / "photos").mkdir(parents=True)
    (store.home / "buckets" / "photos" / "a.txt").write_text("mine")
    for name in ("buckets", "originals"):
        (store.home / name).rename(tmp_path / name)
        (store.home / name).symlink_to(tmp_path / name)
    backups.backup(store.home, tmp_path / "b.zip")
    assert 2 == backups.restore(tmp_path / "b.zip", tmp_path / "other").images
    assert "mine" == (tmp_path / "other" / "buckets" / "photos" / "a.txt").read_text()


def test_a_pupils_damaged_database_does_not_keep_the_rest_from_being_saved(
    store: Store, fill: Fill, tmp_path: Path
) -> None:
    """Theirs is left out, and named."""
    classroom.set_password(store, "correct horse")
    pupil, _ = classroom.join(store, classroom.open_class(store, "4b").code, "Ana")
    fill(rose=2)
    database = classroom.store_of(store, pupil).home / "tagwise.db"
    classroom.store_of(store, pupil).close()
    database.write_bytes(b"no database" * 1000)
    made = backups.backup(store.home, tmp_path / "b.zip")
    assert (1, 2, (contents.member_of(store.home, database),)) == (made.homes, made.images, made.left_out)


@pytest.mark.parametrize("path", [Path(), Path("/"), Path("..")])
def test_a_folder_is_no_place_for_a_zip(store: Store, path: Path) -> None:
    """One sentence, before anything is copied."""
    with pytest.raises(InvalidInput, match=r"must go to a file|inside it"):
        backups.backup(store.home, path)


def test_a_full_disk(on_small_disk: Callable[[str, str], list[str]]) -> None:
    """Whether the zip or the copy of the database has no room: one sentence, and nothing is left behind."""
    told = on_small_disk(
        "size=4m",
        """
import tempfile
from cvcore import backups
from cvcore.store import Store
with tempfile.TemporaryDirectory() as folder:
    home = Path(folder) / "home"
    Store(home).close()
    room = (home / "tagwise.db").stat().st_size
    (disk / "half").write_bytes(bytes(4 * 2**20 - room // 2))
    with refusals():
        backups.backup(home, disk / "b.zip")
    (disk / "half").unlink()
    (home / "large.bin").write_bytes(bytes(5 * 2**20))
    with refusals():
        backups.backup(home, disk / "b.zip")
print(files())
""",
    )
    assert [f"StorageFull {disks.FULL}", f"StorageFull {disks.FULL}", "[]"] == told


def test_a_newer_backup_is_refused(store: Store, saved: Path, tmp_path: Path) -> None:
    """A database of a version that does not exist yet is not put in place."""
    with closing(sqlite3.connect(store.home / "tagwise.db")) as connection:
        connection.execute("insert into _sqlite_migrations values (null, 'tagwise', 'm998_newer', '')")
        connection.commit()
    backups.backup(store.home, tmp_path / "newer.zip")
    with pytest.raises(Conflict, match="newer Tagwise \\(m998_newer\\)"):
        backups.restore(tmp_path / "newer.zip", tmp_path / "other")
    assert not (tmp_path / "other" / "tagwise.db").exists()


def _change_byte(members: dict[str, bytes]) -> None:
    name = next(name for name in members if name.startswith("originals/"))
    members[name] = members[name][:-1] + bytes([members[name][-1] ^ 1])


def _cut(members: dict[str, bytes]) -> None:
    name = next(name for name in members if name.startswith("originals/"))
    members[name] = members[name][:-1]


def _lose(members: dict[str, bytes]) -> None:
    del members[next(name for name in members if name.startswith("originals/"))]


def _no_list(members: dict[str, bytes]) -> None:
    del members[contents.LIST]


def _other_kind(members: dict[str, bytes]) -> None:
    members[contents.LIST] = members[contents.LIST].replace(b"backup 1", b"backup 2", 1)


def _listing(line: str) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        members[contents.LIST] += f"{line}\n".encode()

    return change


def _bomb(members: dict[str, bytes]) -> None:
    members[contents.LIST] += b"a" * 10_000_000


def _no_database(members: dict[str, bytes]) -> None:
    lines = members[contents.LIST].decode().splitlines()
    members[contents.LIST] = "\n".join(line for line in lines if not line.endswith(contents.DATABASE)).encode()


def _bad_database(members: dict[str, bytes]) -> None:
    bad = b"SQLite format 3\0" + b"x" * 5000
    lines = members[contents.LIST].decode().splitlines()
    members[contents.DATABASE] = bad
    members[contents.LIST] = "\n".join(
        f"{blobs.sha256(bad)} {len(bad)} {contents.DATABASE}" if line.endswith(f" {contents.DATABASE}") else line
        for line in lines
    ).encode()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_change_byte, "is damaged"),
        (_cut, "not as long as its list says"),
        (_lose, "is missing from the backup"),
        (_no_list, "is no backup"),
        (_other_kind, "does not know"),
        (_no_database, "must hold a database"),
        (_bad_database, "not a whole database"),
        (_listing(f"{'0' * 64} 1 ../escaped"), "holds only files of a home folder"),
        (_listing(f"{'0' * 64} 1 /etc/escaped"), "holds only files of a home folder"),
        (_listing(f"{'0' * 64} 1 originals\\..\\escaped"), "holds only files of a home folder"),
        (_listing(f"{'0' * 64} 1 tagwise.db-wal"), "holds only files of a home folder"),
        (_bomb, "holds only files of a home folder"),
        (_listing("no line at all"), "holds only files of a home folder"),
    ],
)
def test_what_is_damaged_or_hostile_changes_nothing(
    store: Store, saved: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], None], reason: str
) -> None:
    """Each is refused with its reason before a byte of the home is touched."""
    bad = rewritten(saved, tmp_path / "bad.zip", change)
    before = files_in(store.home)
    with pytest.raises(ArchiveRefused, match=reason):
        backups.restore(bad, store.home)
    assert (before, ["Flowers"]) == (files_in(store.home), names(store))
    assert not list(tmp_path.rglob("escaped"))


@pytest.mark.parametrize(("data", "reason"), [(None, "there is no file"), (b"PK no zip", "must be a complete zip")])
def test_what_is_no_zip_is_told(tmp_path: Path, data: bytes | None, reason: str) -> None:
    """A wrong path and a wrong file."""
    if data is not None:
        (tmp_path / "b.zip").write_bytes(data)
    with pytest.raises(ArchiveRefused, match=reason):
        backups.restore(tmp_path / "b.zip", tmp_path / "home")


def test_what_cannot_be_read_is_told_or_written_anew(
    store: Store, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder is no backup; a file of the home that the disk does not give any more is taken from the backup."""
    with pytest.raises(ArchiveRefused, match=r"that can be read, .* cannot \(Is a directory\)"):
        backups.restore(tmp_path, store.home)
    bad = next((store.home / "originals").glob("??/*"))
    number, read = bad.stat().st_ino, blobs.sha256_of

    def failing(path: Path) -> str:
        if path == bad and path.stat().st_ino == number:
            raise OSError(errno.EIO, "Input/output error")
        return read(path)

    monkeypatch.setattr(blobs, "sha256_of", failing)
    backups.restore(saved, store.home)
    assert (bad.name, True) == (read(bad), bad.stat().st_ino != number)


@pytest.mark.skipif(os.name == "nt", reason="it has other ways to say who may do what")
def test_a_home_of_somebody_elses(store: Store, saved: Path, tmp_path: Path) -> None:
    """Whichever file or folder of it may not be used is named, in one sentence; by root, who is asked no rights."""
    script = """
import sys
from pathlib import Path
from cvcore import backups
from cvcore.errors import TagwiseError
home, saved = map(Path, sys.argv[1:])
for act in (lambda: backups.check(home), lambda: backups.backup(home, saved.with_name("new.zip")),
            lambda: backups.restore(saved, home)):
    try:
        act()
        print("done")
    except TagwiseError as error:
        print(type(error).__name__)
"""
    store.close()
    command = [sys.executable, "-c", script, str(store.home), str(saved)]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("needs setpriv to run without the rights of root")
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner", *command]
    for path, told in (
        (store.home, "HomeUnusable HomeUnusable HomeUnusable"),
        (store.home / "worker.lock", "done done HomeUnusable"),
    ):
        path.touch()
        mode = path.stat().st_mode
        path.chmod(0)
        ran = subprocess.run(command, capture_output=True, text=True, env=ENVIRON, check=False)
        path.chmod(mode)
        assert (told, "") == (" ".join(ran.stdout.split()), ran.stderr)
