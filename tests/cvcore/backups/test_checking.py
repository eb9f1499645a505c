"""A check finds every changed byte and every lost file, mends what it can, and leaves a sound home as it is."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from cvcore import backups, classroom
from cvcore.errors import HomeUnusable
from cvcore.files import blobs
from cvcore.store import Store
from tests.conftest import Fill, Trained, draw_image, fill_in


@pytest.fixture
def full(store: Store, fill: Fill, trained: Trained) -> Store:
    """A home with a trained project *Flowers* of ten images."""
    trained(fill(rose=5, tulip=5))
    return store


def original(store: Store, number: int = 1) -> Path:
    return blobs.original_path(store.home, blobs.sha256(draw_image(number)))


def changed(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-20] + bytes([data[-20] ^ 1]) + data[-19:])


def old(path: Path) -> Path:
    """The same file, as if it had been there since yesterday."""
    os.utime(path, (time.time() - 86_400,) * 2)
    return path


def test_a_sound_home_is_called_sound(full: Store) -> None:
    """Everything was looked at, nothing is said."""
    report = backups.check(full.home)
    assert (10, 1, 1, True) == (report.images, report.iterations, report.homes, report.is_sound)
    assert ([], [], []) == (report.damaged, report.mended, report.leftovers)


def test_a_changed_byte_is_found(full: Store) -> None:
    """One bit of one image: told with the image's name; mending cannot bring it back, its row stays."""
    changed(original(full))
    for mend in (False, True):
        (sentence,) = backups.check(full.home, mend=mend).damaged
        assert sentence.startswith("the file of 1.png of Flowers is damaged: originals/")
    assert 10 == full.images.count(full.projects.all()[0].id)


def test_a_lost_image_is_found(full: Store) -> None:
    """A row without a file."""
    original(full).unlink()
    (sentence,) = backups.check(full.home).damaged
    assert sentence.startswith("the file of 1.png of Flowers is missing: originals/")


@pytest.mark.parametrize("data", [None, b"", b"no image"])
def test_thumbnails_are_made_anew(full: Store, data: bytes | None) -> None:
    """A lost, empty or damaged one is told, and mended when asked."""
    path = blobs.thumbnail_path(full.home, original(full).name)
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    assert ["the thumbnail of 1.png of Flowers is damaged or missing"] == backups.check(full.home).damaged
    report = backups.check(full.home, mend=True)
    assert (True, ["the thumbnail of 1.png of Flowers is damaged or missing"]) == (report.is_sound, report.mended)
    assert backups.check(full.home).mended == []
    assert path.stat().st_size > 100


def test_an_image_is_taken_from_another_home(store: Store) -> None:
    """What a pupil has lost, and the teacher handed out, comes back from the teacher's home."""
    classroom.set_password(store, "chalk and sponge")
    school_class = classroom.open_class(store, "5b")
    pupil, _ = classroom.join(store, school_class.code, "Anna")
    own = classroom.store_of(store, pupil)
    fill_in(store, "Flowers", rose=1)
    fill_in(own, "Flowers", rose=1)
    changed(original(own))
    assert "another home folder has it" in backups.check(store.home).damaged[0]
    assert backups.check(store.home, mend=True).is_sound
    assert draw_image(1) == original(own).read_bytes()


def test_models_are_read_whole(full: Store) -> None:
    """A changed byte in an array that nobody maps is found by its checksum; a lost one is told."""
    (iteration,) = full.iterations.of_project(full.projects.all()[0].id)
    arrays = blobs.iteration_folder(full.home, iteration.id) / "arrays.npz"
    data = arrays.read_bytes()
    middle = len(data) // 3
    arrays.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
    (sentence,) = backups.check(full.home).damaged
    assert "arrays.npz of Iteration 1 of Flowers is damaged" in sentence
    arrays.unlink()
    (sentence,) = backups.check(full.home).damaged
    assert sentence.startswith("the model of Iteration 1 of Flowers is missing")


def test_what_is_left_over_is_removed(full: Store) -> None:
    """Old files that no row speaks of go when asked; young ones stay, their upload may not be over."""
    spare = blobs.original_path(full.home, "ab" * 32)
    young = blobs.original_path(full.home, "cd" * 32)
    for path in (spare, young):
        blobs.write(path, b"12345")
    old(spare)
    model = full.home / "iterations" / "nobodys"
    model.mkdir()
    (model / "arrays.npz").write_bytes(b"1")
    old(model)
    report = backups.check(full.home)
    assert (True, 2, 6) == (report.is_sound, len(report.leftovers), report.leftover_bytes)
    assert spare.exists()
    assert 2 == len(backups.check(full.home, mend=True).mended)
    assert (False, True, False) == (spare.exists(), young.exists(), model.exists())


def test_rows_that_belong_to_nothing_are_found(full: Store) -> None:
    """What SQLite itself finds wrong is told in its words, with the database's name."""
    with closing(sqlite3.connect(full.home / "tagwise.db")) as connection:
        connection.execute("pragma foreign_keys = off")
        connection.execute("delete from tags")
        connection.commit()
    assert "tagwise.db: rows of image_tags that belong to tags, which is gone" in backups.check(full.home).damaged


def test_a_home_without_a_database_is_left_alone(full: Store, tmp_path: Path) -> None:
    """Nothing tells which files are needed: no image is called left over, and no home is made where none was."""
    full.close()
    for path in (full.home / "originals").glob("??/*"):
        old(path)
    (full.home / "tagwise.db").write_bytes(b"")
    for home in (full.home, tmp_path / "nowhere"):
        with pytest.raises(HomeUnusable, match="must have a database"):
            backups.check(home, mend=True)
    assert (True, False) == (original(full).exists(), (tmp_path / "nowhere").exists())


def test_what_cannot_be_read_is_told_and_the_rest_is_checked(full: Store) -> None:
    """Folders in the places of an image, a thumbnail and a model, and a link to nowhere."""
    model = next((full.home / "iterations").glob("*/arrays.npz"))
    for path in (original(full, 1), blobs.thumbnail_path(full.home, original(full, 2).name), model):
        path.unlink()
        path.mkdir()
    (full.home / "iterations" / "link").symlink_to(full.home / "nowhere")
    report = backups.check(full.home, mend=True)
    assert [
        "the file of 1.png of Flowers cannot be read",
        "the thumbnail of 2.png of Flowers is damaged or missing, and could not be mended",
        "the model of Iteration 1 of Flowers is missing",
    ] == [re.split(r": | \(", each)[0] for each in report.damaged]


def test_a_pupils_damaged_database_is_told(full: Store) -> None:
    """The other homes are checked all the same."""
    classroom.set_password(full, "correct horse")
    pupil, _ = classroom.join(full, classroom.open_class(full, "4b").code, "Ana")
    database = classroom.store_of(full, pupil).home / "tagwise.db"
    classroom.store_of(full, pupil).close()
    database.write_bytes(b"no database" * 1000)
    report = backups.check(full.home)
    assert (10, [True]) == (report.images, [str(database) in each for each in report.damaged])


@pytest.mark.parametrize("field", [8, 10, 24])
def test_a_changed_byte_in_a_models_directory(full: Store, field: int) -> None:
    """In what the zip says of an array: that it has a password, how it is packed, how long it is."""
    path = next((full.home / "iterations").glob("*/arrays.npz"))
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + field] ^= 0xFF
    path.write_bytes(data)
    assert [True] == ["arrays.npz of Iteration 1" in each for each in backups.check(full.home).damaged]
