"""Image search in a workspace or an iteration's snapshot, by tags and metadata."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cvcore.records import Image
from cvcore.store.database import Connections, Row
from cvcore.store.images import FOR_TESTING, UNTAGGED, Images, image, listed
from cvcore.store.searches.known import Known

# An image's tags in the workspace and in an iteration's snapshot.
_OWN_TAGS = "select tag_id from image_tags where image_id = images.id"
_SNAPSHOT_TAGS = """
    select iteration_tags.tag_id from iteration_images as held, json_each(held.tag_positions) as place
    join iteration_tags on iteration_tags.iteration_id = held.iteration_id and iteration_tags.position = place.value
    where held.image_id = images.id and held.iteration_id = :iteration
"""
_SNAPSHOT = """
    select id, created_at from images where project_id = :project
        and id in (select image_id from iteration_images where iteration_id = :iteration)
        and id not in (select image_id from erased_images)
"""

# So many images are sorted, or skipped one by one, in a moment.
DEEP = 5000
LARGE_SHARE = 1 / 4


@dataclass(frozen=True)
class Condition:
    """A condition on metadata: the key has this value, or any if it is None; or it has not, if `is_equal` is False."""

    key: str
    is_equal: bool
    value: str | None


@dataclass(frozen=True)
class ImageSearch:
    """A search in an iteration's snapshot or, without an iteration, in the workspace.

    `tag_ids`: images with at least one of these tags or, if `has_all`, with all of them; `or_untagged` adds those
    without any. `is_tagged`: only tagged, only untagged, or None for both. `is_test`: only test images, only others, or
    None for both. `metadata`: alternatives (OR) of conditions that must all hold (AND); a missing key equals no value.
    `known`: what is known beside that, in the workspace only.
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
    known: Known | None = None
    oldest_first: bool = False


class Searches:
    """Runs image searches; `store.images` changes images."""

    def __init__(self, connections: Connections, images: Images) -> None:
        self._db = connections
        self._images = images

    def page(self, search: ImageSearch, *, take: int, skip: int = 0) -> list[Image]:
        """One page of the images that match, the newest first unless `oldest_first`."""
        placed, parameters = self._placed(search, take, skip)
        rows = self._db.rows(
            f"""select images.*, (select group_concat(tag_id) from ({_tags(search)})) as tag_ids,
                    exists (select 1 from test_images where image_id = images.id) as is_test from images
                where id in ({placed}) {_order(search)}""",
            parameters,
        )
        return [image(row) for row in rows]

    def ids(self, search: ImageSearch, *, take: int = -1, skip: int = 0) -> list[str]:
        """The ids of all images that match, or of so many of them, in the order of `page`."""
        return [image_id for (image_id,) in self._db.connection.execute(*self._placed(search, take, skip))]

    def count(self, search: ImageSearch) -> int:
        """How many images match: a kept number where the search is for lists of which no two have the same image.

        Those that have something not are all less those that have it.
        """
        if positive := _positive(search):
            return self.count(positive[0]) - self.count(positive[1])
        lists, rest = self._lists(search)
        is_whole = not search.iteration_id and not _conditions(rest, {})
        if is_whole and (len(lists) == 1 or self._images.have_one_tag_each(search.project_id)):
            return sum(self._images.count(search.project_id, each) for each in lists)
        matching, parameters = self._matching(search)
        return int(self._db.value(f"select count(*) {matching}", parameters))

    def _lists(self, search: ImageSearch) -> tuple[tuple[str | None, ...], ImageSearch]:
        """As `_split`; but a large part of the images is not looked through where a fact leads to fewer."""
        lists, rest = _split(search)
        if not (search.known or search.metadata) or search.iteration_id:
            return lists, rest
        images = sum(self._images.count(search.project_id, each) for each in lists)
        return ((None,), search) if images > LARGE_SHARE * self._images.count(search.project_id) else (lists, rest)

    def _placed(self, search: ImageSearch, take: int, skip: int) -> tuple[str, Row]:
        """The query for the ids of a page, and its parameters."""
        matching, parameters = self._matching(search)
        lists, _ = self._lists(search)
        # One list is in the order of age; several would be sorted as far as the page.
        if skip > DEEP and len(lists) > 1 and not search.oldest_first:
            bounds, skip = self._narrowed(search, take, skip)
            matching, parameters = f"{matching} and created_at <= :high and created_at > :low", parameters | bounds
        query = f"select id {matching} {_order(search)} limit :take offset :skip"
        return query, parameters | {"take": take, "skip": skip}

    def _narrowed(self, search: ImageSearch, take: int, skip: int) -> tuple[Row, int]:
        """The ages between which a page lies, and how many that match are skipped there.

        The images between them are halved by counting those that match and are newer than the middle one.
        """
        matching, parameters = self._matching(search)
        between = "created_at <= :high and created_at > :low"
        middle_one = f"select created_at from ({listed(None)}) where {between} order by created_at desc limit 1"
        size, low = self._images.count(search.project_id), ""
        bounds = {"high": "~", "low": ""}
        while size > DEEP:
            within = parameters | bounds | {"low": low}
            middle = self._db.value(f"{middle_one} offset {size // 2}", within)
            if middle is None:
                break
            counted = f"select count(*) {matching} and created_at <= :high and created_at > :middle"
            newer = self._db.value(counted, within | {"middle": middle})
            if newer <= skip:
                skip, bounds["high"] = skip - newer, middle
            else:
                low = middle
                # The page may end after the middle one.
                bounds["low"] = middle if 0 <= take <= newer - skip else bounds["low"]
            size //= 2
        return bounds, skip

    def _matching(self, search: ImageSearch) -> tuple[str, Row]:
        """The rest of a query for the `id` of the images that match, after `select id`, and its parameters."""
        lists, rest = self._lists(search)
        parameters: Row = {"project": search.project_id, "iteration": search.iteration_id}
        if search.iteration_id:
            source = _SNAPSHOT
        elif lists == (None,):
            source, rest = _whole(rest, parameters)
        else:
            tag_ids = [each for each in lists if each not in (None, UNTAGGED, FOR_TESTING)]
            parameters |= {"tag": next(iter(tag_ids), None), "tags": json.dumps(tag_ids)}
            source = _together(lists, tag_ids, is_disjoint=self._images.have_one_tag_each(search.project_id))
        conditions = _conditions(rest, parameters)
        # Called like the table, as the conditions call it.
        return f"from ({source}) as images where {' and '.join(conditions) or 'true'}", parameters


def _split(search: ImageSearch) -> tuple[tuple[str | None, ...], ImageSearch]:
    """The lists of `listed` that hold, together, all images that match; and the search that is left in them."""
    if search.iteration_id:
        return (None,), search
    is_any = not search.has_all or len(search.tag_ids) < 2
    if is_any and (search.tag_ids or search.or_untagged):
        lists = dict.fromkeys((*search.tag_ids, *([UNTAGGED] if search.or_untagged else [])))
        return tuple(lists), replace(search, tag_ids=(), or_untagged=False)
    if search.tag_ids and not search.or_untagged:
        return search.tag_ids[:1], replace(search, tag_ids=search.tag_ids[1:])
    if search.is_tagged is False:
        return (UNTAGGED,), replace(search, is_tagged=None)
    if search.is_test:
        return (FOR_TESTING,), replace(search, is_test=None)
    return (None,), search


def _positive(search: ImageSearch) -> tuple[ImageSearch, ImageSearch] | None:
    """For a search for images without a key, or not for testing: that for all of them, and that for the others."""
    if search.iteration_id:
        return None
    if search.is_test is False:
        return replace(search, is_test=None), replace(search, is_test=True)
    match search.metadata:
        case ((Condition(key, False, None),),):
            return replace(search, metadata=()), replace(search, metadata=((Condition(key, True, None),),))
    return None


def _whole(search: ImageSearch, parameters: Row) -> tuple[str, ImageSearch]:
    """A query for the workspace's images that meet a condition of a search, by one index; and the search that is left.

    Adds its values to the parameters.
    """
    if search.known:
        return f"{listed(None)} and {search.known.sql(_binder(parameters))}", replace(search, known=None)
    conditions = search.metadata[0] if len(search.metadata) == 1 else ()
    first = next((each for each in conditions if each.is_equal), None)
    if first is None:
        return listed(None), search
    left = tuple(each for each in conditions if each is not first)
    bound = _binder(parameters)
    value = "" if first.value is None else f"and value = {bound(first.value)}"
    query = f"""select image_id as id, image_created_at as created_at from metadata
                where project_id = :project and image_created_at is not null and key = {bound(first.key)} {value}"""
    return query, replace(search, metadata=(left,) if left else ())


def _binder(parameters: Row) -> Callable[[str | float], str]:
    """What adds a value to the parameters and returns its name in SQL."""

    def bound(value: str | float) -> str:
        name = f"value{len(parameters)}"
        parameters[name] = value
        return f":{name}"

    return bound


def _together(lists: Sequence[str | None], tag_ids: Sequence[str | None], *, is_disjoint: bool) -> str:
    """A query for the images of all these lists, each image once; `is_disjoint`: no image has two of the tags."""
    queries = [listed(each) for each in lists if each not in tag_ids or len(tag_ids) == 1]
    if len(tag_ids) > 1:
        queries.append(
            f"""select {"" if is_disjoint else "distinct"} image_id as id, image_created_at as created_at
                from image_tags where tag_id in (select value from json_each(:tags))
                and tag_id in (select id from tags where project_id = :project)"""
        )
    return " union all ".join(queries)


def _order(search: ImageSearch) -> str:
    direction = "asc" if search.oldest_first else "desc"
    return f"order by created_at {direction}, id {direction}"


def _tags(search: ImageSearch) -> str:
    return _SNAPSHOT_TAGS if search.iteration_id else f"{_OWN_TAGS} order by image_tags.rowid"


def _conditions(search: ImageSearch, parameters: Row) -> list[str]:
    """The conditions on `images` of a search in a list, in SQL; adds their values to the parameters."""
    bound = _binder(parameters)

    def listed_values(values: tuple[str, ...]) -> str:
        return ", ".join(map(bound, values))

    conditions: list[str] = []
    kinds = []
    tags = _SNAPSHOT_TAGS if search.iteration_id else _OWN_TAGS
    if search.tag_ids and search.has_all:
        each = [f"exists (select 1 from ({tags}) where tag_id = {bound(tag_id)})" for tag_id in search.tag_ids]
        kinds.append(" and ".join(each))
    elif search.tag_ids:
        # With the plus an image's own tags are looked through, and not each of many tags looked for.
        kinds.append(f"exists (select 1 from ({tags}) where +tag_id in ({listed_values(search.tag_ids)}))")
    if search.or_untagged:
        kinds.append(f"not exists ({tags})")
    if kinds:
        conditions.append("(" + " or ".join(f"({kind})" for kind in kinds) + ")")
    if search.is_tagged is not None:
        conditions.append(f"{'' if search.is_tagged else 'not '}exists ({tags})")
    if search.is_test is not None:
        conditions.append(f"id {'' if search.is_test else 'not '}in (select image_id from test_images)")
    if search.image_ids is not None:
        # As one value: SQLite binds at most 32,766.
        conditions.append(f"id in (select value from json_each({bound(json.dumps(search.image_ids))}))")
    if search.known:
        conditions.append(
            f"""exists (select 1 from images as known indexed by images_by_age where project_id = :project
                and in_workspace = 1 and known.created_at = images.created_at and known.id = images.id
                and {search.known.sql(bound)})"""
        )
    if search.metadata:
        alternatives = [
            " and ".join(_metadata(condition, bound) for condition in alternative) for alternative in search.metadata
        ]
        conditions.append("(" + " or ".join(f"({alternative})" for alternative in alternatives) + ")")
    return conditions


def _metadata(condition: Condition, bound: Callable[[str | float], str]) -> str:
    value = "" if condition.value is None else f"and value = {bound(condition.value)}"
    has = f"exists (select 1 from metadata where image_id = images.id and key = {bound(condition.key)} {value})"
    return has if condition.is_equal else f"not {has}"
