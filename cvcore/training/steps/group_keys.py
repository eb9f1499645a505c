"""The key whose values training keeps together, so that the numbers are those of a new day, object or pupil."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cvcore import image_facts, validation
from cvcore.array_types import Bools, Integers
from cvcore.errors import InvalidInput
from cvcore.image_facts import Column
from cvcore.languages import marked, number, t, tn
from cvcore.records import Image
from cvcore.store import SnapshotImage, Store

LISTED, LETTERS = 10, 60
# One value that so many of the images have leaves little to train on without it.
SHARE_MOST = 0.5

# Keys that tell nothing of where an image comes from, so that nothing is gained by keeping their values together.
NO_GROUPS = frozenset({"size", "shape", "brightness", "sharpness", "file type", "test image"})

_HAS_ONE_VALUE = marked(
    "images are kept together by a key that groups them, {key!r} has one value or as many as images: {keys}"
)
_IS_ON_NO_IMAGE = marked("images are kept together by a key that groups them, {key!r} is on no image: {keys}")
_SAYS_NOTHING = marked(
    "images are kept together by a key that groups them, {key!r} does not say where an image comes from: {keys}"
)


def keys(store: Store, images: Sequence[SnapshotImage | Image]) -> list[str]:
    """The keys that images can be kept together by."""
    return [key for key, column in image_facts.columns(store, images).items() if can_group(column)]


def can_group(column: Column) -> bool:
    """Whether the values of a key can be kept together: at least two groups of images, one of several images."""
    counts = np.bincount(column.codes[column.codes >= 0])
    apart = len(counts) + np.count_nonzero(column.codes < 0)
    return column.key not in NO_GROUPS and bool(apart > 1 and counts.max(initial=0) > 1)


def check(key: str, columns: Mapping[str, Column]) -> None:
    """Check that images can be kept together by a key; the empty one means by none.

    Raises:
        InvalidInput: no image has the key, or all of them have one value.
    """
    if not key or (key in columns and can_group(columns[key])):
        return
    known = [_short(each) for each in columns if can_group(columns[each])]
    listed = ", ".join(known[:LISTED]) if known else t("there is none")
    if len(known) > LISTED:
        listed = t("{names} and {number} more", names=listed, number=len(known) - LISTED)
    why = _HAS_ONE_VALUE if key in columns else _IS_ON_NO_IMAGE
    raise InvalidInput(t(_SAYS_NOTHING if key in NO_GROUPS else why, key=_short(key), keys=listed))


def groups(store: Store, key: str, snapshot: Sequence[SnapshotImage], near_duplicates: Integers) -> Integers:
    """The groups that training keeps together, (n,): near duplicates, joined with those of the key's values."""
    column = image_facts.columns(store, snapshot).get(key) if key else None
    return near_duplicates if column is None else validation.joined(near_duplicates, column.codes)


def texts(store: Store, key: str, images: Sequence[Image]) -> list[str]:
    """Each image's value of a key; empty if it has none."""
    column = image_facts.columns(store, images).get(key) if key else None
    return [] if column is None else [column.values[code] if code >= 0 else "" for code in column.codes.tolist()]


def advice(column: Column, truth: Bools, names: Sequence[str]) -> list[str]:
    """What to expect where a key divides the images badly, in sentences; `truth` is (n, tags)."""
    key, codes = _short(column.key), column.codes
    counts = np.bincount(codes[codes >= 0], minlength=len(column.values))
    alone = int(np.count_nonzero(codes < 0))
    said = []
    if len(column.values) + alone < validation.FOLDS:
        said.append(
            tn(
                len(column.values),
                "{key!r} has only {n} value: the images can be divided in no more ways, so the numbers are rough.",
                "{key!r} has only {n} values: the images can be divided in no more ways, so the numbers are rough.",
                key=key,
            )
        )
    largest = int(counts.argmax())
    if counts[largest] > SHARE_MOST * len(codes):
        value = _short(column.values[largest])
        said.append(
            t(
                "{number} of {images} have {key}={value}: they are judged by a model that learned from the other "
                "{others} only.",
                number=number(int(counts[largest])),
                images=tn(len(codes), "{n} image", "{n} images"),
                key=key,
                value=value,
                others=number(int(len(codes) - counts[largest])),
            )
        )
    if alone:
        said.append(
            tn(
                alone,
                "{n} image without {key!r} stands alone.",
                "{n} images without {key!r} stand each alone.",
                key=key,
            )
        )
    single = [
        name
        for name, carried in zip(names, truth.T, strict=True)
        if carried.any() and codes[carried].min() == codes[carried].max() >= 0
    ]
    if single:
        listed = ", ".join(map(_short, single[:5])) + (", …" if len(single) > 5 else "")
        said.append(
            t("All images of a tag have one {key!r}, so that it cannot be judged: {tags}.", key=key, tags=listed)
        )
    return said


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"
