"""What is known of an iteration's images as columns, which are kept in files beside the iteration's arrays.

Of a million images what is known is read from the database in seconds, from the files in a fraction of one. A file
counts until something changes that is known of an image in an iteration of the project, so that uploads leave it as it
is; users' edits of metadata count for the file of metadata alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from cvcore.files import blobs, npz
from cvcore.image_facts import facts
from cvcore.image_facts.column import Column, of_classes, of_numbered
from cvcore.image_facts.columns import of_metadata
from cvcore.image_facts.filters import CLASSES, TEXTS
from cvcore.records import Iteration
from cvcore.store import Store

# What is known of fewer images is read as fast as a file.
KEPT_FROM = 20_000

# Increase a number when a formula changes: older files are ignored.
METADATA_FILE, FACTS_FILE = "metadata-2.npz", "facts-2.npz"

Columns = dict[str, Column]


def of_iteration(store: Store, iteration: Iteration, *, kept_from: int = KEPT_FROM) -> Columns:
    """The `columns` of an iteration's images, in the order of its arrays' rows; do not write into them.

    kept_from: from how many images on they are kept in files.
    """
    folder = blobs.iteration_folder(store.home, iteration.id) if iteration.image_count >= kept_from else None
    # Asked before anything is read: what changes meanwhile is read again the next time.
    fact_changes, metadata_changes = store.image_facts.changes_of_trained(iteration.project_id)
    users = npz.kept(folder and folder / METADATA_FILE, lambda: _packed(_metadata(store, iteration)), metadata_changes)
    ours = npz.kept(folder and folder / FACTS_FILE, lambda: _packed(_facts(store, iteration)), fact_changes)
    return _unpacked(users) | _unpacked(ours)


def _metadata(store: Store, iteration: Iteration) -> Columns:
    places: dict[str, dict[str, Sequence[int]]] = {}
    for key, text, positions in store.metadata.groups_of_snapshot(iteration.id):
        if text and not text.isspace():
            places.setdefault(key, {})[text] = np.fromstring(positions, np.int64, sep=",").tolist()
    return of_metadata(places, iteration.image_count)


def _facts(store: Store, iteration: Iteration) -> Columns:
    number_of: list[dict[str, int]] = [{} for _ in TEXTS]
    texts = np.zeros((len(TEXTS), iteration.image_count), np.int32)
    numbers = np.full((len(CLASSES), iteration.image_count), np.nan)
    is_test = np.zeros(iteration.image_count, np.int32)
    start = 0
    for rows in store.known_facts.of_snapshot(iteration.id):
        some = slice(start, start + len(rows))
        values = list(zip(*rows, strict=True))
        for known, into, column in zip(number_of, texts, values, strict=False):
            into[some] = [known.setdefault(text, len(known)) for text in column]
        numbers[:, some] = np.array(values[len(TEXTS) : -1], np.float64)
        is_test[some] = values[-1]
        start += len(rows)
    if start < iteration.image_count:  # it was deleted meanwhile
        return {}
    columns = [of_numbered(key, list(known), each) for key, known, each in zip(TEXTS, number_of, texts, strict=True)]
    columns += [of_classes(key, each, found) for (key, (_, found)), each in zip(CLASSES.items(), numbers, strict=True)]
    columns += [of_numbered(facts.TEST_IMAGE, facts.YES_NO[::-1], is_test)] if is_test.any() else []
    return {column.key: column for column in columns if (column.codes >= 0).any()}


def _packed(columns: Columns) -> npz.Arrays:
    texts = json.dumps([[column.key, *column.values] for column in columns.values()])
    codes = [column.codes for column in columns.values()]
    return {"texts": np.frombuffer(texts.encode(), np.uint8), "codes": np.stack(codes or [np.zeros(0, np.int32)])}


def _unpacked(arrays: npz.Arrays) -> Columns:
    texts = json.loads(arrays["texts"].tobytes())
    return {
        key: Column(key, tuple(values), codes) for (key, *values), codes in zip(texts, arrays["codes"], strict=False)
    }
