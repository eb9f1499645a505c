"""When a class is deleted, not a byte of its images is left, and a receipt says what was there."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from cvcore import classroom, projects
from cvcore.errors import Conflict, InvalidInput
from cvcore.files import blobs, staging
from cvcore.projects import changes, uploads
from cvcore.settings import Limits
from cvcore.store import Pupil, SchoolClass, Store
from cvcore.store.backups import copies
from tests.conftest import draw_image, train

PASSWORD = "chalk and sponge"


@pytest.fixture
def school_class(store: Store) -> SchoolClass:
    """A class, and the teacher's password."""
    classroom.set_password(store, PASSWORD)
    return classroom.open_class(store, "4b")


@pytest.fixture
def anna(store: Store, school_class: SchoolClass) -> Pupil:
    """A pupil."""
    return classroom.join(store, school_class.code, "Anna")[0]


def at_work(store: Store, pupil: Pupil) -> list[str]:
    """Let a pupil take ten photos, tag and train them; returns their SHA-256."""
    own = classroom.store_of(store, pupil)
    project = projects.create(own, "Mine")
    for number in range(10):
        stored = uploads.add(own, project, f"{number}.png", draw_image(number), limits=Limits())
        changes.tag(own, project, [stored.image_id or ""], ["rose" if number % 2 else "tulip"], limits=Limits())
    digests = own.images.digests(project.id)
    train(own, project)
    own.embeddings.put("f", {digest: np.arange(8, dtype=np.float32) + number for number, digest in enumerate(digests)})
    return digests


def needles(store: Store, own: Store, digests: list[str]) -> list[bytes]:
    """What must not be found any more: each image's bytes, thumbnail, signature and embedding."""
    found = []
    for image in own.images.tagged(own.projects.all()[0].id):
        found += [blobs.original_path(own.home, image.sha256).read_bytes()[40:]]
        found += [blobs.thumbnail_path(own.home, image.sha256).read_bytes()[40:]]
    with closing(sqlite3.connect(own.home / "tagwise.db")) as database:
        found += [signature for (signature,) in database.execute("select signature from images")]
        found += [vector for (vector,) in database.execute("select vector from embeddings where fingerprint = 'f'")]
    return found


def everything(home: Path) -> bytes:
    """The bytes of all files in a home folder, and their names."""
    files = [path for path in home.rglob("*") if path.is_file()]
    return b"\n".join([*(path.read_bytes() for path in files), *(str(path).encode() for path in files)])


def test_not_a_byte_of_an_image_is_left(store: Store, school_class: SchoolClass, anna: Pupil) -> None:
    """Neither original, thumbnail, signature nor embedding; also of what the teacher collected and trained on."""
    own = classroom.store_of(store, anna)
    digests = at_work(store, anna)
    project, _ = classroom.collect(store, "All", [anna], ["rose", "tulip"], limits=Limits())
    train(store, project)
    own.embeddings.copy(digests, store.embeddings)
    similar = blobs.similar_folder(store.home, project.id) / "network"
    blobs.write(similar / "0001-0000.npz", b"made of embeddings")
    with closing(sqlite3.connect(store.home / "tagwise.db")) as connection:
        copies.keep_before("m999_later", connection, store.home)
    sought = [b"made of embeddings", *needles(store, own, digests)]
    before = everything(store.home)
    assert all(each in before for each in sought)
    receipt = classroom.delete_class(store, school_class)
    after = everything(store.home)
    assert [] == [each[:20] for each in sought if each in after]
    assert not any(path.name in digests for path in store.home.rglob("*"))
    assert b"Anna" not in after
    assert not (store.home / "classes" / school_class.id).exists()
    assert (1, 1, 10, 1, 10) == (
        receipt.pupils, receipt.projects, receipt.images, receipt.iterations, receipt.collected,
    )  # fmt: skip
    assert receipt.files > 20


def test_the_teacher_s_own_images_stay(store: Store, school_class: SchoolClass, anna: Pupil) -> None:
    """A project that was handed out stays as it was, with the files that its copies linked to."""
    project = projects.create(store, "Flowers")
    uploads.add(store, project, "1.png", draw_image(1), limits=Limits())
    classroom.hand_out(store, project, [anna])
    classroom.delete_class(store, school_class)
    (digest,) = store.images.digests(project.id)
    assert draw_image(1) == blobs.read(blobs.original_path(store.home, digest))
    assert [project.id] == [each.id for each in store.projects.all()]


def test_after_the_last_class_the_password_holds(store: Store, school_class: SchoolClass, anna: Pupil) -> None:
    """A browser that was a pupil's does not see the teacher's projects; without the password everybody does again."""
    other = classroom.open_class(store, "4c")
    classroom.delete_class(store, school_class)
    teacher = classroom.sign_in(store, PASSWORD)
    with pytest.raises(Conflict, match="there is one: delete the class first"):
        classroom.remove_password(store, PASSWORD)
    classroom.delete_class(store, other)
    assert (classroom.TEACHER, None) == (classroom.viewer(store, teacher), classroom.viewer(store, ""))
    with pytest.raises(InvalidInput, match="the password is wrong"):
        classroom.remove_password(store, PASSWORD + "x")
    classroom.remove_password(store, PASSWORD)
    assert classroom.TEACHER == classroom.viewer(store, "")
    classroom.set_password(store, PASSWORD)
    assert classroom.viewer(store, teacher) is None


def test_what_is_trained_is_stopped(store: Store, school_class: SchoolClass, anna: Pupil) -> None:
    """Queued jobs are taken out; a running one that does not stop keeps the class, locked."""
    own = classroom.store_of(store, anna)
    project = projects.create(own, "Mine")
    own.jobs.add("train", project.id)
    running = own.jobs.claim()
    assert running is not None
    with pytest.raises(Conflict, match="a training does not stop: try again"):
        classroom.delete_class(store, school_class, patience_s=0.2)
    assert store.classes.get(school_class.id).is_locked
    assert own.jobs.get(running.id).cancel_requested
    own.jobs.finish(running.id, "cancelled")
    assert 1 == classroom.delete_class(store, school_class).projects


def test_what_is_written_meanwhile_goes_too(
    store: Store, school_class: SchoolClass, anna: Pupil, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upload that was under way puts its file into the folder while it is deleted."""
    home = classroom.store_of(store, anna).home
    rmtree, times = shutil.rmtree, iter(range(3))

    def slow(path: Path, ignore_errors: bool = False) -> None:
        rmtree(path, ignore_errors=ignore_errors)
        if next(times, None) is not None:
            blobs.write(home / "originals" / "ab" / "file", b"1")

    monkeypatch.setattr(shutil, "rmtree", slow)
    classroom.delete_class(store, school_class)
    assert (False, []) == (home.exists(), list((store.home / "classes").iterdir()))


def test_a_class_ends_by_itself(store: Store, school_class: SchoolClass) -> None:
    """On the day after its last; a class without a last day stays."""
    classroom.open_class(store, "4c", ends_on=date(2026, 12, 1))
    assert [] == classroom.delete_ended(store, date(2026, 12, 1))
    assert ["4c"] == [each.name for each in classroom.delete_ended(store, date(2026, 12, 2))]
    assert [school_class] == store.classes.all()


def test_leftovers_of_a_killed_process_go(store: Store, school_class: SchoolClass, anna: Pupil) -> None:
    """Folders that no class or pupil has are deleted; those of pupils stay."""
    kept = classroom.store_of(store, anna).home
    for stray in (store.home / "classes" / "gone" / "x", kept.parent / "gone"):
        shutil.copytree(kept, stray)
    classroom.delete_leftovers(store)
    assert [kept] == list((store.home / "classes").glob("*/*"))


def test_what_a_backup_brings_is_no_leftover(store: Store, school_class: SchoolClass) -> None:
    """While one is put back its files are there before the rows that know them."""
    file = store.home / "classes" / "another" / "pupil" / "tagwise.db"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"1")
    with staging.folder(store.home, lambda: None):
        classroom.delete_leftovers(store)
        assert file.exists()
    classroom.delete_leftovers(store)
    assert not file.exists()


def test_the_receipt_says_what_and_when(store: Store, school_class: SchoolClass) -> None:
    """In lines for a file."""
    lines = classroom.delete_class(store, school_class).lines()
    assert lines[0].startswith("Class 4b, deleted on 20")
    assert "pupils: 0" in lines
