"""A filter of workspace images by what is known of them: keys, values with their numbers, and the search for one.

The store answers from its indexes, so that very many images are not read for it.
"""

from __future__ import annotations

import math
from dataclasses import replace

from cvcore.image_facts import classes, facts
from cvcore.image_facts.classes import Classes
from cvcore.image_facts.column import in_order
from cvcore.image_facts.columns import commonest, shown_key, users_key
from cvcore.store import FOLDER, UPLOAD, Condition, ImageSearch, NumberIn, Store, TextIs
from cvcore.store.searches.known import Number, Text

# The facts that the store has columns of, in its order.
TEXTS: dict[str, Text] = {
    FOLDER: "folder",
    UPLOAD: "upload",
    facts.CAMERA: "camera",
    facts.DAY: "day",
    facts.FILE_TYPE: "file_type",
}
CLASSES: dict[str, tuple[Number, Classes]] = {
    facts.SIZE: ("shorter_px", classes.SIZES),
    facts.SHAPE: ("ratio", classes.SHAPES),
    facts.BRIGHTNESS: ("brightness", classes.BRIGHTNESSES),
    facts.SHARPNESS: ("sharpness", classes.SHARPNESSES),
}
_YES, _NO = facts.YES_NO


def keys(store: Store, project_id: str) -> list[str]:
    """The names of what is known of at least one workspace image, as `columns` has them, in its order."""
    known = store.known_facts.of_any(project_id)
    ours = TEXTS | {name: column for name, (column, _) in CLASSES.items()}
    has_tests = store.searches.count(ImageSearch(project_id, is_test=True)) > 0
    return [
        *map(shown_key, commonest(store.metadata.keys(project_id))),
        *(name for name in facts.FACTS if ours.get(name) in known or (name == facts.TEST_IMAGE and has_tests)),
    ]


def values(store: Store, project_id: str, name: str) -> dict[str, int]:
    """The values of a key in order, with how many workspace images have each; last, under "", those without one."""
    total = store.images.count(project_id)
    if name in TEXTS:
        counts = store.known_facts.texts(project_id, TEXTS[name])
    elif name in CLASSES:
        column, found = CLASSES[name]
        numbers = store.known_facts.classes(project_id, column, found.bounds)
        counts = dict(zip(found.names, numbers, strict=False))
    elif name == facts.TEST_IMAGE:
        tests = store.searches.count(ImageSearch(project_id, is_test=True))
        counts = {_YES: tests, _NO: total - tests}
    else:
        counts = store.metadata.values(project_id, users_key(name) or name)
    known = {value: number for value, number in counts.items() if number and value and not value.isspace()}
    listed = known if name in CLASSES else {value: known[value] for value in in_order(known)}
    return listed | ({"": without} if (without := total - sum(known.values())) else {})


def narrowed(search: ImageSearch, name: str, value: str) -> ImageSearch:
    """A search in the workspace for those of its images that have a value of a key; an empty one: without that key."""
    if name in TEXTS:
        return replace(search, known=TextIs(TEXTS[name], value))
    if name in CLASSES:
        column, found = CLASSES[name]
        if value and value not in found.names:
            return replace(search, image_ids=())
        return replace(search, known=NumberIn(column, _bounds(found, value) if value else None))
    if name == facts.TEST_IMAGE:
        is_test = {_YES: True, _NO: False}.get(value)
        is_possible = is_test is not None and search.is_test in (None, is_test)
        return replace(search, is_test=is_test) if is_possible else replace(search, image_ids=())
    key = users_key(name) or name
    condition = Condition(key, True, value) if value else Condition(key, False, None)
    return replace(search, metadata=((condition,),))


def _bounds(found: Classes, value: str) -> tuple[float, float]:
    """The bounds of a class, by its name."""
    every = (-math.inf, *found.bounds, math.inf)
    place = found.names.index(value)
    return every[place], every[place + 1]
