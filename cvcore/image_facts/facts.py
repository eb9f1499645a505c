"""What Tagwise itself knows of images: where they came from, what was read of their files, and their shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cvcore.array_types import Float64s
from cvcore.image_facts import classes
from cvcore.image_facts.column import Column, by_key, of_classes, of_texts
from cvcore.imaging import measures
from cvcore.languages import marked
from cvcore.records import Image
from cvcore.store import FOLDER, UPLOAD, SnapshotImage, Store

CAMERA, DAY, FILE_TYPE = "camera", "day", "file type"
SIZE, SHAPE, BRIGHTNESS, SHARPNESS = "size", "shape", "brightness", "sharpness"
TEST_IMAGE, YES_NO = "test image", (marked("yes"), marked("no"))
# The keys of what Tagwise knows, in the order of lists.
FACTS = (FOLDER, UPLOAD, CAMERA, DAY, FILE_TYPE, SIZE, SHAPE, BRIGHTNESS, SHARPNESS, TEST_IMAGE)

AnyImages = Sequence[SnapshotImage | Image]


def columns(store: Store, ids: Sequence[str], digests: Sequence[str], is_test: Sequence[bool]) -> dict[str, Column]:
    """The columns of `FACTS`, without those of which nothing is known; images whose file was not read yet have -1.

    The images are given by their ids, their SHA-256, and whether they are for testing.
    """
    origins = by_key(store.image_facts.groups(ids), ids)
    found = [
        *(of_texts(key, origins.get(key, {}), len(ids)) for key in (FOLDER, UPLOAD)),
        *_of_files(store, digests),
        *_shapes(store, ids),
    ]
    tests = {text: [place for place, each in enumerate(is_test) if each == (text == "yes")] for text in YES_NO}
    found += [of_texts(TEST_IMAGE, tests, len(ids))] if tests["yes"] else []
    by_name = {column.key: column for column in found if column.values}
    return {key: by_name[key] for key in FACTS if key in by_name}


def ids_of(images: AnyImages) -> list[str]:
    """The ids of images of a snapshot or of the workspace."""
    return [image.id if isinstance(image, Image) else image.image_id for image in images]


def _of_files(store: Store, digests: Sequence[str]) -> Iterator[Column]:
    """The columns of what was read of files."""
    place_of = {sha256: place for place, sha256 in enumerate(digests)}
    rows = [
        row
        for row in store.file_facts.rows(measures.VERSION, digests)
        if row[0] in place_of and len(row[-1]) == 4 * len(measures.NAMES)
    ]
    together: dict[tuple[str, str, str], list[int]] = {}
    for sha256, file_type, camera, day, _ in rows:
        together.setdefault((file_type, camera, day), []).append(place_of[sha256])
    for at, key in enumerate((FILE_TYPE, CAMERA, DAY)):
        places: dict[str, list[int]] = {}
        for said, own in together.items():
            places.setdefault(said[at], []).extend(own)
        yield of_texts(key, {text: own for text, own in places.items() if text}, len(digests))
    numbers = np.full((len(digests), len(measures.NAMES)), np.nan)
    read = np.frombuffer(b"".join(row[-1] for row in rows), "<f4").reshape(-1, len(measures.NAMES))
    numbers[[place_of[row[0]] for row in rows]] = read
    yield from _measured(numbers)


def _shapes(store: Store, ids: Sequence[str]) -> tuple[Column, Column]:
    place_of = {image_id: place for place, image_id in enumerate(ids)}
    pixels = np.full((2, len(ids)), np.nan)
    for width, height, own in store.images.sizes(ids):
        # Images that were erased before they came in a zip have no size.
        if width and height:
            pixels[:, [place_of[image_id] for image_id in own]] = [[width], [height]]
    width_px, height_px = pixels
    return (
        of_classes(SIZE, np.minimum(width_px, height_px), classes.SIZES),
        of_classes(SHAPE, width_px / height_px, classes.SHAPES),
    )


def _measured(numbers: Float64s) -> tuple[Column, Column]:
    """The columns of measures, (images, measures), nan where undefined."""

    def named(name: str) -> Float64s:
        return numbers[:, measures.NAMES.index(name)]

    with np.errstate(divide="ignore", invalid="ignore"):
        sharpness = named("edge_1") / named("edge_4")
    return (
        of_classes(BRIGHTNESS, named("brightness"), classes.BRIGHTNESSES),
        of_classes(SHARPNESS, sharpness, classes.SHARPNESSES),
    )
