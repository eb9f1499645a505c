"""What Tagwise itself knows of images: where they came from, what was read of their files, and their shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cvcore.array_types import Float64s
from cvcore.image_facts import classes
from cvcore.image_facts.column import Column, by_key, of_classes, of_texts
from cvcore.imaging import measures
from cvcore.records import Image
from cvcore.store import FOLDER, UPLOAD, FileFacts, SnapshotImage, Store

CAMERA, DAY, FILE_TYPE = "camera", "day", "file type"
SIZE, SHAPE, BRIGHTNESS, SHARPNESS = "size", "shape", "brightness", "sharpness"
TEST_IMAGE = "test image"
# The keys of what Tagwise knows, in the order of lists.
FACTS = (FOLDER, UPLOAD, CAMERA, DAY, FILE_TYPE, SIZE, SHAPE, BRIGHTNESS, SHARPNESS, TEST_IMAGE)

AnyImages = Sequence[SnapshotImage | Image]


def columns(store: Store, images: AnyImages) -> dict[str, Column]:
    """The columns of `FACTS`, without those of which nothing is known; images whose file was not read yet have -1."""
    ids = [id_of(image) for image in images]
    origins = by_key(store.image_facts.rows(ids), ids)
    stored = store.file_facts.get(measures.VERSION, [image.sha256 for image in images])
    read = {place: stored[image.sha256] for place, image in enumerate(images) if image.sha256 in stored}
    found = [
        *(of_texts(key, origins.get(key, {}), len(ids)) for key in (FOLDER, UPLOAD)),
        _of_files(CAMERA, read, len(ids), lambda facts: facts.camera),
        _of_files(DAY, read, len(ids), lambda facts: facts.day),
        _of_files(FILE_TYPE, read, len(ids), lambda facts: facts.file_type),
        *_shapes(store, ids),
        *_measured(read, len(ids)),
    ]
    tests = {place: "yes" if image.is_test else "no" for place, image in enumerate(images)}
    found += [of_texts(TEST_IMAGE, tests, len(ids))] if "yes" in tests.values() else []
    return {column.key: column for column in found if column.values}


def id_of(image: SnapshotImage | Image) -> str:
    """The id of an image of a snapshot or of the workspace."""
    return image.id if isinstance(image, Image) else image.image_id


def _of_files(key: str, read: dict[int, FileFacts], count: int, text: Callable[[FileFacts], str]) -> Column:
    texts = {place: text(facts) for place, facts in read.items()}
    return of_texts(key, {place: each for place, each in texts.items() if each}, count)


def _shapes(store: Store, ids: Sequence[str]) -> tuple[Column, Column]:
    sizes = {image_id: (width, height) for image_id, width, height in store.images.sizes(ids)}
    # Erased images have no size.
    known = [sizes.get(image_id, (0, 0)) for image_id in ids]
    width, height = np.array([(w, h) if w and h else (np.nan, np.nan) for w, h in known]).reshape(-1, 2).T
    return (
        of_classes(SIZE, np.minimum(width, height), classes.SIZES),
        of_classes(SHAPE, width / height, classes.SHAPES),
    )


def _measured(read: dict[int, FileFacts], count: int) -> tuple[Column, Column]:
    numbers = np.full((count, len(measures.NAMES)), np.nan)
    if read:
        numbers[list(read)] = np.stack([facts.numbers for facts in read.values()])

    def named(name: str) -> Float64s:
        return numbers[:, measures.NAMES.index(name)]

    with np.errstate(divide="ignore", invalid="ignore"):
        sharpness = named("step_1") / named("step_4")
    return (
        of_classes(BRIGHTNESS, named("brightness"), classes.BRIGHTNESSES),
        of_classes(SHARPNESS, sharpness, classes.SHARPNESSES),
    )
