"""Image search in a workspace or an iteration's snapshot, by tags and metadata."""

from __future__ import annotations

import json
from dataclasses import dataclass

from cvcore.records import Image
from cvcore.store.database import Connections, Row
from cvcore.store.images import image

# An image's tags in the workspace, in the order they were added, and in an iteration's snapshot.
_TAGS = "select tag_id from image_tags where image_id = images.id order by image_tags.rowid"
_SNAPSHOT_TAGS = """
    select iteration_tags.tag_id from iteration_images as held, json_each(held.tag_positions) as place
    join iteration_tags on iteration_tags.iteration_id = held.iteration_id and iteration_tags.position = place.value
    where held.image_id = images.id and held.iteration_id = :iteration
"""


@dataclass(frozen=True)
class Condition:
    """A condition on metadata: the key has this value or, if `is_equal` is False, does not have it."""

    key: str
    is_equal: bool
    value: str


@dataclass(frozen=True)
class ImageSearch:
    """A search in an iteration's snapshot or, without an iteration, in the workspace.

    `tag_ids`: images with at least one of these tags or, if `has_all`, with all of them; `or_untagged` adds those
    without any. `is_tagged`: only tagged, only untagged, or None for both. `is_test`: only test images, only others, or
    None for both. `metadata`: alternatives (OR) of conditions that must all hold (AND); a missing key equals no value.
    """

    project_id: str
    iteration_id: str | None = None
    tag_ids: tuple[str, ...] = ()
    has_all: bool = False
    or_untagged: bool = False
    is_tagged: bool | None = None
    is_test: bool | None = None
    image_ids: tuple[str, ...] | None = None
    metadata: tuple[tuple[Condition, ...], ...] = ()
    oldest_first: bool = False


class Searches:
    """Runs image searches; `store.images` changes images."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def page(self, search: ImageSearch, *, take: int, skip: int = 0) -> list[Image]:
        """One page of the images that match, the newest first unless `oldest_first`."""
        condition, parameters = _where(search)
        direction = "asc" if search.oldest_first else "desc"
        rows = self._db.rows(
            f"""select images.*, (select group_concat(tag_id) from ({_tags(search)})) as tag_ids,
                    exists (select 1 from test_images where image_id = images.id) as is_test from images
                where {condition} order by created_at {direction}, id {direction} limit :take offset :skip""",
            {**parameters, "take": take, "skip": skip},
        )
        return [image(row) for row in rows]

    def ids(self, search: ImageSearch) -> list[str]:
        """The ids of all images that match, in the order of `page`."""
        condition, parameters = _where(search)
        direction = "asc" if search.oldest_first else "desc"
        rows = self._db.rows(
            f"select id from images where {condition} order by created_at {direction}, id {direction}", parameters
        )
        return [row["id"] for row in rows]

    def count(self, search: ImageSearch) -> int:
        """How many images match."""
        condition, parameters = _where(search)
        return int(self._db.value(f"select count(*) from images where {condition}", parameters))


def _tags(search: ImageSearch) -> str:
    return _SNAPSHOT_TAGS if search.iteration_id else _TAGS


def _where(search: ImageSearch) -> tuple[str, Row]:
    parameters: Row = {"project": search.project_id, "iteration": search.iteration_id}

    def bound(value: str) -> str:
        name = f"value{len(parameters)}"
        parameters[name] = value
        return f":{name}"

    def listed(values: tuple[str, ...]) -> str:
        return ", ".join(map(bound, values))

    held = """id in (select image_id from iteration_images where iteration_id = :iteration)
              and id not in (select image_id from erased_images)"""
    conditions = ["project_id = :project", held if search.iteration_id else "in_workspace = 1"]
    kinds = []
    if search.tag_ids and search.has_all:
        each = [f"exists (select 1 from ({_tags(search)}) where tag_id = {bound(tag_id)})" for tag_id in search.tag_ids]
        kinds.append(" and ".join(each))
    elif search.tag_ids:
        kinds.append(f"exists (select 1 from ({_tags(search)}) where tag_id in ({listed(search.tag_ids)}))")
    if search.or_untagged:
        kinds.append(f"not exists ({_tags(search)})")
    if kinds:
        conditions.append("(" + " or ".join(f"({kind})" for kind in kinds) + ")")
    if search.is_tagged is not None:
        conditions.append(f"{'' if search.is_tagged else 'not '}exists ({_tags(search)})")
    if search.is_test is not None:
        conditions.append(f"id {'' if search.is_test else 'not '}in (select image_id from test_images)")
    if search.image_ids is not None:
        # As one value: SQLite binds at most 32,766.
        conditions.append(f"id in (select value from json_each({bound(json.dumps(search.image_ids))}))")
    if search.metadata:
        alternatives = [
            " and ".join(
                f"{'' if condition.is_equal else 'not '}exists (select 1 from metadata where image_id = images.id "
                f"and key = {bound(condition.key)} and value = {bound(condition.value)})"
                for condition in alternative
            )
            for alternative in search.metadata
        ]
        conditions.append("(" + " or ".join(f"({alternative})" for alternative in alternatives) + ")")
    return " and ".join(conditions), parameters
