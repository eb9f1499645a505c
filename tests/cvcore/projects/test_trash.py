"""Deleted images can be brought back for a day, and are nowhere to be seen until then."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cvcore import archive, projects, training
from cvcore.files import blobs
from cvcore.projects import tagging, trash, uploads
from cvcore.records import MULTILABEL, Image, LabelIssue, Project
from cvcore.settings import Limits
from cvcore.store import FOR_TESTING, ImageSearch, Store
from tests.conftest import ROOT, DrawImage, Fill, Trained

LIMITS = Limits()


def images(store: Store, project: Project) -> list[Image]:
    return store.images.page(project.id, take=99)[::-1]


def files(store: Store, sha256: str) -> list[bool]:
    """Whether the image's original and thumbnail are there."""
    return [blobs.original_path(store.home, sha256).exists(), blobs.thumbnail_path(store.home, sha256).exists()]


def later(hours: float) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


def test_images_come_back_as_they_were(store: Store, fill: Fill) -> None:
    """With their ids, names, dates, tags in order, test marks, metadata and dismissed label issues."""
    project = fill(classification_type=MULTILABEL, rose=3)
    before = images(store, project)
    ids = [image.id for image in before]
    red = tagging.create(store, project, "red", limits=LIMITS)
    tagging.add_tags(store, project, ids[:1], [red.id])
    tagging.mark_for_testing(store, project, ids[1:2], True)
    store.metadata.put(ids, {"room": "12"})
    issue = LabelIssue(ids[2], red.id, False)
    store.dismissed_issues.dismiss([issue])
    before = images(store, project)
    change = trash.delete_images(store, project, ids)
    assert "3 images deleted." == change.message
    assert [] == images(store, project)
    assert "3 images restored." == change.undo()
    assert before == images(store, project)
    assert {"room": "12"} == store.metadata.of_images(ids)[ids[0]]
    assert [issue] == store.dismissed_issues.of_tag(red.id)
    assert all(files(store, before[0].sha256))


def test_nothing_shows_what_is_in_the_trash(store: Store, fill: Fill, tmp_path: Path) -> None:
    """No list, count, search, tag, training or zip has a deleted image."""
    project = fill(rose=3)
    first, *others = images(store, project)
    tagging.mark_for_testing(store, project, [first.id], True)
    trash.delete_images(store, project, [first.id])
    assert (2, 0) == (store.images.count(project.id), store.images.count(project.id, FOR_TESTING))
    assert [2] == [tag.image_count for tag in store.tags.of_project(project.id)]
    assert {image.id for image in others} == {i.id for i in store.searches.page(ImageSearch(project.id), take=9)}
    assert [] == store.images.with_ids([first.id])
    assert set() == store.images.present([first.id])
    assert not store.images.has(project.id, first.sha256)
    assert first.sha256 not in store.images.digests(project.id)
    assert [2] == [card.images for card in projects.cards(store)]
    assert 2 == len(store.whole_projects.read(project).images)
    packed = tmp_path / "project.zip"
    archive.pack(store, project, packed)
    assert first.sha256.encode() not in packed.read_bytes()


def test_an_iteration_keeps_its_images(store: Store, fill: Fill, trained: Trained) -> None:
    """An image in the trash stays in iterations, and in the trash when they are deleted."""
    project = fill(rose=5, tulip=5)
    iteration = trained(project)
    first = images(store, project)[0]
    change = trash.delete_images(store, project, [first.id])
    assert 10 == len(store.iterations.images(iteration.id))
    assert 0 == store.iterations.count_held_alone(iteration.id)
    training.delete_iteration(store, iteration)
    assert all(files(store, first.sha256))
    change.undo()
    assert first == images(store, project)[0]


def test_after_a_day_they_are_gone(store: Store, fill: Fill, trained: Trained) -> None:
    """Rows and files go, but for those that an iteration has; nothing is restored any more, which is said."""
    project = fill(rose=5, tulip=5)
    held = images(store, project)
    trained(project)
    added = uploads.add(
        store, project, "1.png", (ROOT / "tests" / "data" / "drawn.heic").read_bytes(), tag_ids=[], limits=LIMITS
    )
    alone = store.images.get(added.image_id or "")
    change = trash.delete_images(store, project, [held[0].id, alone.id])
    trash.empty(store, later(23.9))
    assert all(files(store, alone.sha256))
    trash.empty(store, later(24.1))
    assert ([True, True], [False, False]) == (files(store, held[0].sha256), files(store, alone.sha256))
    assert change.undo() == ("0 images restored. 2 images were changed or deleted meanwhile and stay as they are.")
    assert 9 == store.images.count(project.id)


def test_the_same_image_again(store: Store, project: Project, drawn_image: DrawImage) -> None:
    """An image that is uploaded again meanwhile is in the project, with its new tags; undoing leaves it so."""
    rose, oak = tagging.ensure(store, project, ["rose", "oak"], limits=LIMITS)
    first = uploads.add(store, project, "1.png", drawn_image(1), tag_ids=[rose.id], limits=LIMITS).image_id
    change = trash.delete_images(store, project, [first or ""])
    again = uploads.add(store, project, "2.png", drawn_image(1), tag_ids=[oak.id], limits=LIMITS)
    assert ("stored", first) == (again.status, again.image_id)
    assert change.undo() == ("0 images restored. 1 image was changed or deleted meanwhile and stays as it is.")
    trash.empty(store, later(25))
    (image,) = images(store, project)
    assert ("2.png", (oak.id,)) == (image.name, image.tag_ids)
    assert all(files(store, image.sha256))


def test_tags_that_were_deleted_meanwhile(store: Store, fill: Fill) -> None:
    """The image comes back with its other tags, and the message says so."""
    project = fill(classification_type=MULTILABEL, rose=1)
    (image,) = images(store, project)
    red = tagging.create(store, project, "red", limits=LIMITS)
    tagging.add_tags(store, project, [image.id], [red.id])
    change = trash.delete_images(store, project, [image.id])
    tagging.delete(store, red)
    assert "1 image restored. 1 image without tags that were deleted or changed meanwhile." == change.undo()
    assert image == images(store, project)[0]


def test_tags_that_exclude_each_other_now(store: Store, fill: Fill) -> None:
    """A project that became Multiclass meanwhile gets no image with two tags."""
    project = fill(classification_type=MULTILABEL, rose=1)
    (image,) = images(store, project)
    tagging.add_tags(store, project, [image.id], [tagging.create(store, project, "red", limits=LIMITS).id])
    change = trash.delete_images(store, project, [image.id])
    projects.change(store, project, classification_type="Multiclass")
    assert "1 image without tags" in change.undo()
    assert () == images(store, project)[0].tag_ids


def test_erased_is_final(store: Store, fill: Fill) -> None:
    """What a program erases for good does not stay in the trash."""
    project = fill(rose=1)
    (image,) = images(store, project)
    change = trash.delete_images(store, project, [image.id])
    uploads.erase(store, [image.id])
    assert [False, False] == files(store, image.sha256)
    assert change.undo().startswith("0 images restored.")


def test_a_project_takes_its_trash_along(store: Store, fill: Fill) -> None:
    """When a project is deleted, so are the files in its trash; those that another project has stay."""
    project, other = fill(rose=2), fill("Others", rose=1)
    shared, alone = images(store, project)
    trash.delete_images(store, project, [shared.id, alone.id])
    projects.delete(store, project)
    assert ([True, True], [False, False]) == (files(store, shared.sha256), files(store, alone.sha256))
    assert 1 == store.images.count(other.id)


def test_a_killed_process_loses_nothing(store: Store, fill: Fill) -> None:
    """A process that is killed while it deletes leaves all images in the workspace, or all in the trash."""
    project = fill(rose=4)
    before = images(store, project)
    script = f"""
import os, signal
from cvcore.projects import trash
from cvcore.settings import load
from cvcore.store import Store
store = Store(load().home)
project = store.projects.get({project.id!r})
with store.transaction():
    trash.delete_images(store, project, {[image.id for image in before]!r})
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT)
    assert -signal.SIGKILL == done.returncode
    assert before == images(store, project)
    trash.empty(store, later(25))
    assert all(all(files(store, image.sha256)) for image in before)
