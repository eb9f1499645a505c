"""A home folder with a project of very many images, drawn: rows, an iteration with its arrays, and some real files.

Made once and resumably: what is there is not made again. A fifth of the images is untagged, a hundredth for testing;
`REAL` of them, the newest, have real tiny files and thumbnails, and the files of all others are missing.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from cvcore import evaluation, imaging, projects
from cvcore.files import blobs
from cvcore.imaging import measures
from cvcore.projects import tagging
from cvcore.records import MULTICLASS, Evaluation, Iteration, Project
from cvcore.settings import Limits
from cvcore.store import FOLDER, UPLOAD, FileFacts, Store

NAME = "million"
REAL = 10_000
BATCH = 10_000
BLOCK = 50_000
DRAWN = Limits(tag_letters=64)
SIDE_PX = 16
CAMERAS = ("", "", "Pixel 7", "iPhone 15", "EOS R6")
FINGERPRINT = "0123456789abcdef"


@dataclass(frozen=True)
class Drawn:
    """One image to be stored, and its thumbnail and bytes if its files are real."""

    sha256: str
    signature: bytes
    numbers: np.ndarray
    data: bytes = b""
    thumbnail: bytes = b""


def make(home: Path, images: int, tags: int, classification_type: str = MULTICLASS) -> Project:
    """The project, made as far as it is not there yet."""
    store = Store(home)
    project = store.projects.find(NAME) or projects.create(
        store, NAME, classification_type=classification_type, domain="Built-in"
    )
    tag_ids = tagging.ensure_ids(store, project, [f"tag {number:03}" for number in range(tags)], limits=DRAWN)
    _timed("rows of images", lambda: _add_images(store, project, tag_ids, images))
    iteration = _timed("snapshot", lambda: _iteration(store, project))
    if iteration.status != "Completed":
        _timed("arrays", lambda: _save_arrays(store, project, iteration, tags))
    if not store.images.count(project.id, "untagged"):
        _timed("a fifth untagged", lambda: _change(store, project))
    _timed("overview", lambda: evaluation.overview(store, store.iterations.get(iteration.id)))
    return project


def tag_of(sha256: str, tags: int) -> int:
    """The place of the tag that an image has, drawn by its content."""
    return int(sha256[:8], 16) % tags


def _timed(what, work):  # type: ignore[no-untyped-def]
    started = time.perf_counter()
    result = work()
    print(f"{what}: {time.perf_counter() - started:.0f} s", flush=True)
    return result


def _add_images(store: Store, project: Project, tag_ids: list[str], images: int) -> None:
    """Add the images that are missing, a batch in a transaction."""
    for start in range(store.images.count(project.id), images, BATCH):
        numbers = range(start, min(start + BATCH, images))
        batch = list(_drawn(numbers, images))
        for each in batch:
            if each.data:
                blobs.write(blobs.original_path(store.home, each.sha256), each.data, durable=False)
                blobs.write(blobs.thumbnail_path(store.home, each.sha256), each.thumbnail, durable=False)
        with store.transaction():
            ids = [_add(store, project, tag_ids, number, each) for number, each in zip(numbers, batch, strict=True)]
            _add_facts(store, ids, batch, start // BATCH)


def _add(store: Store, project: Project, tag_ids: list[str], number: int, drawn: Drawn) -> str:
    image_id, _ = store.images.add(
        project.id,
        drawn.sha256,
        name=f"{number // 3:07}.png",
        width=320 + 64 * (number % 7),
        height=240,
        size_bytes=len(drawn.data) or 9,
        signature=drawn.signature,
    )
    tag = tag_of(drawn.sha256, len(tag_ids))
    also = [tag_ids[(tag + 1) % len(tag_ids)]] if project.classification_type != MULTICLASS and number % 3 == 0 else []
    store.tags.attach([image_id], [tag_ids[tag], *also])
    return image_id


def _add_facts(store: Store, ids: list[str], batch: list[Drawn], place: int) -> None:
    """What is known of a batch: an upload, its folders, cameras, and metadata of half of the images."""
    facts = {
        each.sha256: FileFacts("PNG", CAMERAS[at % 5], "2026-05-31", each.numbers) for at, each in enumerate(batch)
    }
    store.file_facts.put(measures.VERSION, facts)
    for folder in range(10):
        store.image_facts.put(ids[folder::10], {UPLOAD: f"batch {place:03}.zip", FOLDER: f"folder {folder}"})
    for site in range(10):
        store.metadata.put(ids[site::20], {"site": f"site {site}"})


def _drawn(numbers: range, images: int) -> Iterator[Drawn]:
    random = np.random.default_rng(numbers.start)
    signatures = random.integers(0, 256, (len(numbers), 192), np.uint8)
    # Every twentieth image is a near duplicate of the one before it.
    signatures[20::20] = signatures[19:-1:20] ^ 1
    known = random.random((len(numbers), len(measures.NAMES)), np.float32)
    for number, signature, facts in zip(numbers, signatures, known, strict=True):
        if number < images - REAL:
            yield Drawn(hashlib.sha256(b"%d" % number).hexdigest(), signature.tobytes(), facts)
            continue
        file = io.BytesIO()
        Image.fromarray(random.integers(0, 256, (SIDE_PX, SIDE_PX, 3), np.uint8)).save(file, "PNG")
        read = imaging.read(file.getvalue(), DRAWN)
        digest = blobs.sha256(file.getvalue())
        yield Drawn(digest, read.signature, read.measures, file.getvalue(), read.thumbnail)


def _iteration(store: Store, project: Project) -> Iteration:
    """The iteration, with all images in its snapshot: they were all tagged when it was trained."""
    known = store.iterations.of_project(project.id)
    if known:
        return known[0]
    images, tags = store.images.tagged(project.id), store.tags.of_project(project.id)
    return store.iterations.add(project, "drawn", tags, images, evaluation=Evaluation("k-fold", 0, 0))


def _save_arrays(store: Store, project: Project, iteration: Iteration, tags: int) -> None:
    """Drawn out-of-fold probabilities of five folds, and which tags the images have, as a training saves them."""
    images = iteration.image_count
    truth, probabilities = np.zeros((images, tags), bool), np.empty((images, tags), np.float32)
    for row, columns in enumerate(_columns(store, iteration)):
        truth[row, columns] = True
    random = np.random.default_rng(0)
    is_multiclass = project.classification_type == MULTICLASS
    for start in range(0, images, BLOCK):
        block = slice(start, start + BLOCK)
        scores = random.normal(size=truth[block].shape).astype(np.float32) + 5 * truth[block]
        exponents = np.exp(scores)
        probabilities[block] = (
            exponents / exponents.sum(axis=1, keepdims=True) if is_multiclass else 1 / (1 + np.exp(2 - scores))
        )
    rows = np.arange(images)
    head = np.zeros((1, tags), np.float32), np.zeros(tags, np.float32)
    judged = evaluation.OutOfFold(
        truth, probabilities, rows // 2 % 5, rows // 2, *head, project.classification_type != MULTICLASS
    )
    with blobs.new_folder(blobs.iteration_folder(store.home, iteration.id)) as folder:
        scores = evaluation.save(folder, judged)
    store.iterations.complete(
        iteration.id,
        evaluation=Evaluation("k-fold", 5, 0),
        backbone="none",
        fingerprint=FINGERPRINT,
        scores=scores,
        seconds={},
    )


def _columns(store: Store, iteration: Iteration) -> Iterator[tuple[int, ...]]:
    """The columns of the tags of each image in the snapshot, in its order."""
    for start in range(0, iteration.image_count, BATCH):
        places = range(start, min(start + BATCH, iteration.image_count))
        yield from (image.columns for image in store.iterations.images_at(iteration.id, places))


def _change(store: Store, project: Project) -> None:
    """Untag every fifth image, and take one in a hundred of the others for testing."""
    ids = [image_id for image_id, _, _ in store.images.workspace(project.id)]
    with store.transaction():
        store.tags.detach(ids[::5])
        store.images.mark_for_testing(ids[1::100], True)
