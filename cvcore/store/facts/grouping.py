"""Reads texts of many images grouped by text, which is several times faster than row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from cvcore.store.database import Connections


def grouped(db: Connections, table: str, image_ids: Sequence[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Each key and value in a table of texts by image, with the ids of its images, in any order.

    If the images are most of all there are, ids of others are among them: they cost less than to leave them out.
    """
    condition, parameters = wanted(db, "image_id", image_ids)
    cursor = db.connection.execute(
        f"select key, value, group_concat(image_id) from {table} where {condition} group by key, value", parameters
    )
    return ((key, value, ids.split(",")) for key, value, ids in cursor)


def wanted(db: Connections, column: str, values: Sequence[str]) -> tuple[str, list[str]]:
    """The condition, with its parameters, that a column is one of these values of images; or that reads them all."""
    if 2 * len(values) >= db.value("select count(*) from images"):
        return "true", []
    return f"{column} in (select value from json_each(?))", [json.dumps(list(values))]
