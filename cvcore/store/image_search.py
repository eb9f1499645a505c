"""Image search in a project's workspace or an iteration's snapshot, by tags and metadata."""

from __future__ import annotations

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

    `tag_ids`: images with at least one of these tags. `is_tagged`: only tagged, only untagged, or None for both.
    `metadata`: alternatives (OR) of conditions that must all hold (AND); a missing key equals no value.
    """

    project_id: str
    iteration_id: str | None = None
    tag_ids: tuple[str, ...] = ()
    is_tagged: bool | None = None
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
    if search.tag_ids:
        conditions.append(f"exists (select 1 from ({_tags(search)}) where tag_id in ({listed(search.tag_ids)}))")
    if search.is_tagged is not None:
        conditions.append(f"{'' if search.is_tagged else 'not '}exists ({_tags(search)})")
    if search.image_ids is not None:
        conditions.append(f"id in ({listed(search.image_ids)})")
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
