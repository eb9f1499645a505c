"""What the app has answered to whoever used it, so that after a kill it can be asked whether all of it is there."""

from __future__ import annotations

import hashlib
import threading
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from cvcore.records import Image
from cvcore.store import Store

ENDED = ("Completed", "Failed")
END_S = 240.0


@dataclass
class Promises:
    """What was answered with 200, or by a command that exited 0; filled by several threads.

    `images` are the SHA-256 by project and image id, `tagged` whether an image has a tag, `iterations` their projects',
    `contents` the SHA-256 that a project of that id must have at least, `files` those of files outside the home.
    """

    images: dict[tuple[str, str], str] = field(default_factory=dict)
    tagged: dict[tuple[str, str], bool] = field(default_factory=dict)
    iterations: dict[str, str] = field(default_factory=dict)
    contents: dict[str, set[str]] = field(default_factory=dict)
    files: dict[Path, str] = field(default_factory=dict)
    zips: set[Path] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        return len(self.images) + len(self.tagged) + len(self.iterations) + len(self.contents) + len(self.files)

    def lost(self, store: Store) -> list[str]:
        """What was promised and is not so, as sentences; bytes are not compared: `tagwise check` reads them all."""
        with self.lock:
            here = {project.id: workspace(store, project.id) for project in store.projects.all()}
            return [
                *self._lost_images(here),
                *self._lost_contents(here),
                *self._lost_trainings(store),
                *self._lost_files(),
            ]

    def _lost_images(self, here: dict[str, dict[str, Image]]) -> list[str]:
        lost = []
        for (project_id, image_id), digest in self.images.items():
            image = here.get(project_id, {}).get(image_id)
            if image is None or image.sha256 != digest:
                lost.append(f"the image {image_id} was answered with 200 and is {'another' if image else 'not there'}")
        every = {image_id: image for images in here.values() for image_id, image in images.items()}
        for (image_id, tag_id), has_it in self.tagged.items():
            if image_id in every and (tag_id in every[image_id].tag_ids) != has_it:
                lost.append(f"the image {image_id} was {'given' if has_it else 'freed of'} the tag {tag_id} and is not")
        return lost

    def _lost_contents(self, here: dict[str, dict[str, Image]]) -> list[str]:
        return [
            f"the project {project_id} lacks {len(missing)} images of a command that exited 0"
            for project_id, digests in self.contents.items()
            if (missing := digests - {image.sha256 for image in here.get(project_id, {}).values()})
        ]

    def _lost_trainings(self, store: Store) -> list[str]:
        """Trainings that are gone, or do not end within some minutes."""
        deadline = time.monotonic() + END_S
        while True:
            found = {
                each.id: each
                for project_id in set(self.iterations.values())
                for each in store.iterations.of_project(project_id)
            }
            lost = [
                f"the training {id_} was promised and is {found[id_].status if id_ in found else 'not there'}"
                + (f": {found[id_].error}" if id_ in found else "")
                for id_ in self.iterations
                if id_ not in found or found[id_].status != "Completed"
            ]
            are_ended = all(id_ not in found or found[id_].status in ENDED for id_ in self.iterations)
            if are_ended or time.monotonic() > deadline:
                return lost
            time.sleep(0.2)

    def _lost_files(self) -> list[str]:
        changed = [
            f"{path.name} was written and is {'changed' if path.exists() else 'not there'}"
            for path, digest in self.files.items()
            if not path.exists() or sha256_of(path) != digest
        ]
        return changed + [f"{path.name} is no whole zip" for path in self.zips if path.exists() and not is_whole(path)]


def workspace(store: Store, project_id: str) -> dict[str, Image]:
    """A project's images by their ids."""
    return {image.id: image for image in store.images.page(project_id, take=100_000)}


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_whole(path: Path) -> bool:
    """Whether every member of a zip has the bytes that it was written with."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile):
        return False
