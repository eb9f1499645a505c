"""Pictures of a project: in, out, listed, counted and tagged."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cvcore import fetching, history, tagging, training, uploads
from cvcore import images as pictures
from cvcore.api.customvision import calls, wire
from cvcore.api.customvision.calls import Answer, Call
from cvcore.api.customvision.refusals import Refusal
from cvcore.errors import FetchFailed, ImageNotFound, ImageRefused, InvalidInput, NotFound, TagsRefused, UrlRefused
from cvcore.records import Image, Iteration, Project
from cvcore.store import Condition, ImageSearch

METADATA_PAIRS = 10
METADATA_KEY_LETTERS = 128
METADATA_VALUE_LETTERS = 256

# What Custom Vision calls the rule that a picture broke.
STATUSES = {"bytes": "ErrorImageSize", "pixels": "ErrorImageDimensions", "aspect": "ErrorImageDimensions"}
TAG_STATUSES = {"negative": "ErrorNegativeAndRegularTagOnSameImage"}

_TERM = re.compile(r"\s*(?:metadata\s*=\s*)?([^\s']+)\s+(eq|ne)\s+'([^']*)'\s*", re.IGNORECASE)


def get_images(call: Call) -> Any:
    """A page of pictures, the newest first unless orderBy says Oldest."""
    status = calls.choice(calls.text(call, "taggingStatus"), "taggingStatus", ("All", "Tagged", "Untagged"))
    return _page(call, {"All": None, "Tagged": True, "Untagged": False}[status])


def get_tagged_images(call: Call) -> Any:
    """A page of pictures that carry a tag."""
    return _page(call, True)


def get_untagged_images(call: Call) -> Any:
    """A page of pictures that carry none; an iteration holds no such pictures."""
    return _page(call, False)


def get_image_count(call: Call) -> Any:
    """How many pictures get_images gives in all."""
    status = calls.choice(calls.text(call, "taggingStatus"), "taggingStatus", ("All", "Tagged", "Untagged"))
    return _count(call, {"All": None, "Tagged": True, "Untagged": False}[status])


def get_tagged_image_count(call: Call) -> Any:
    """How many pictures get_tagged_images gives in all."""
    return _count(call, True)


def get_untagged_image_count(call: Call) -> Any:
    """How many pictures get_untagged_images gives in all."""
    return _count(call, False)


def get_images_by_ids(call: Call) -> Any:
    """Those of the pictures that are there."""
    project = calls.project(call)
    iteration = calls.snapshot(call, project)
    search = ImageSearch(
        project.id,
        iteration.id if iteration else None,
        image_ids=tuple(calls.ids(call, "imageIds", calls.IDS)),
    )
    found = {each["id"]: each for each in _shown(call, project, iteration, search, take=calls.IDS, skip=0)}
    return [found[image_id] for image_id in search.image_ids or () if image_id in found]


def create_images_from_data(call: Call) -> Any:
    """Pictures sent as they are, each with the tags of the address."""
    tag_ids = calls.ids(call, "tagIds", calls.TAGS)
    sources = [(part.filename, _constant(part.data), tag_ids) for part in calls.pictures(call)]
    return _created(call, calls.project(call), sources, {})


def create_images_from_files(call: Call) -> Any:
    """Pictures sent as base64 in JSON."""
    return _batch(call, lambda entry: (calls.told(entry, "name"), lambda: _decoded(calls.told(entry, "contents"))))


def create_images_from_urls(call: Call) -> Any:
    """Pictures fetched from the addresses given; one that cannot be fetched is an ErrorSource."""

    def source(entry: calls.Fields) -> tuple[str, Callable[[], bytes]]:
        url = calls.told(entry, "url")
        return url, lambda: fetched(call, url)

    return _batch(call, source)


def create_images_from_predictions(call: Call) -> Any:
    """Kept predictions' pictures; those that are stored leave the predictions."""
    project = calls.project(call)
    entries = [calls.as_fields(each, "images") for each in calls.listed(calls.fields(call), "images", calls.BATCH)]
    wanted = [calls.told(entry, "id").casefold() for entry in entries]
    kept = call.store.predictions.some(project.id, wanted)

    def source(entry: calls.Fields) -> tuple[str, Callable[[], bytes]]:
        name = calls.told(entry, "id").casefold()
        return name, lambda: _kept(call, kept.get(name), name)

    answer: Answer = _batch(call, source)
    stored = [each["sourceUrl"] for each in answer.body["images"] if each["image"]]
    history.forget(call.store, project, stored)
    return answer


def delete_images(call: Call) -> Any:
    """Pictures leave the workspace; iterations keep theirs, so that their numbers stay true.

    Raises:
        Refusal: allIterations is asked for. Delete the iterations, and what only they hold goes with them.
    """
    project = calls.project(call)
    if calls.flag(call, "allIterations"):
        raise Refusal(
            "BadRequestNotSupported",
            "an iteration keeps the pictures its numbers were made of: delete the iteration, and they go with it",
        )
    if calls.flag(call, "allImages"):
        everything = ImageSearch(project.id)
        found = call.store.searches.page(everything, take=calls.NUMBER_MAX)
        uploads.delete(call.store, [each.id for each in found])
        return Answer(202)
    wanted = calls.ids(call, "imageIds", calls.IDS)
    if not wanted:
        raise Refusal("BadRequestInvalidIds", "imageIds must name pictures, or allImages must be true")
    uploads.delete(call.store, [each.id for each in call.store.images.some(wanted) if each.project_id == project.id])
    return Answer(204)


def create_image_tags(call: Call) -> Any:
    """Tags put on pictures beside those they carry; in Multiclass a second one exceeds."""
    entries = calls.listed(calls.fields(call), "tags", calls.BATCH * calls.TAGS)
    pairs = []
    for entry in entries:
        given = calls.as_fields(entry, "tags")
        pairs.append((calls.told(given, "imageId").casefold(), calls.told(given, "tagId").casefold()))
    added = tagging.add(call.store, calls.project(call), pairs)
    return {
        "created": wire.pairs(added.created),
        "duplicated": wire.pairs(added.duplicated),
        "exceeded": wire.pairs(added.exceeded),
    }


def delete_image_tags(call: Call) -> Any:
    """These tags come off these pictures."""
    calls.required(call, "imageIds")
    calls.required(call, "tagIds")
    project = calls.project(call)
    there = call.store.images.some(calls.ids(call, "imageIds", calls.BATCH))
    mine = [each.id for each in there if each.project_id == project.id]
    tagging.take_off(call.store, project, mine, calls.ids(call, "tagIds", calls.TAGS))
    return Answer(204)


def update_image_metadata(call: Call) -> Any:
    """Keys and values put on pictures; keys that are not named keep theirs."""
    project = calls.project(call)
    calls.required(call, "imageIds")
    wanted = calls.ids(call, "imageIds", calls.IDS)
    values = checked_metadata(calls.document(call))
    there = {each.id for each in call.store.images.some(wanted) if each.project_id == project.id}
    call.store.metadata.put([image_id for image_id in wanted if image_id in there], values)
    results = [
        {
            "imageId": image_id,
            "status": "OK" if image_id in there else "ErrorImageNotFound",
            "metadata": values if image_id in there else {},
        }
        for image_id in wanted
    ]
    is_successful = len(there) == len(wanted)
    return Answer(200 if is_successful else 207, {"isBatchSuccessful": is_successful, "images": results})


def fetched(call: Call, url: str) -> bytes:
    """The picture at an address.

    Raises:
        UrlRefused, FetchFailed: as `fetching.fetch`.
    """
    return fetching.fetch(url, limit_bytes=call.told.limits.image_bytes, allow_private=call.told.fetch_private)


def checked_metadata(given: Any) -> dict[str, str]:
    """Keys and values that a picture may have: at most 10, of at most 128 and 256 letters.

    Raises:
        Refusal: they break a rule.

    >>> checked_metadata({"room": "12"})
    {'room': '12'}
    """
    if given is None:
        return {}
    if not isinstance(given, dict) or len(given) > METADATA_PAIRS:
        raise Refusal("BadRequestImageMetadataKey", f"metadata must be an object of at most {METADATA_PAIRS} texts")
    values = {}
    for key, value in given.items():
        if not 1 <= len(key) <= METADATA_KEY_LETTERS:
            raise Refusal("BadRequestImageMetadataKey", f"a key must have 1 to {METADATA_KEY_LETTERS} letters")
        if not isinstance(value, str) or len(value) > METADATA_VALUE_LETTERS:
            rule = f"a value must be a text of at most {METADATA_VALUE_LETTERS} letters"
            raise Refusal("BadRequestImageMetadataValue", f"{rule}, that of {key!r} is not")
        values[key.encode("utf-8", "ignore").decode()] = value.encode("utf-8", "ignore").decode()
    return values


def conditions(text: str) -> tuple[tuple[Condition, ...], ...]:
    """A metadata filter as alternatives of conditions; `and` binds closer than `or`, there are no brackets.

    Raises:
        Refusal: it is none.

    >>> conditions("metadata=room eq '12' and day ne 'Monday'")
    ((Condition(key='room', is_equal=True, value='12'), Condition(key='day', is_equal=False, value='Monday')),)
    """
    alternatives: list[list[Condition]] = [[]]
    position = 0
    while text.strip():
        found = _TERM.match(text, position)
        if found is None:
            example = "metadata=key1 eq 'value1' and key2 ne 'value2'"
            raise Refusal("BadRequestInvalid", f"$filter must be like {example}, got {text[:200]!r}")
        alternatives[-1].append(Condition(found[1], found[2].casefold() == "eq", found[3]))
        position = found.end()
        if position == len(text):
            break
        joined = re.compile(r"(and|or)\b", re.IGNORECASE).match(text, position)
        # Without and or or, the next term is not understood, which is what the message says.
        position = joined.end() if joined else len(text)
        if joined and joined[1].casefold() == "or":
            alternatives.append([])
    return tuple(map(tuple, alternatives)) if alternatives[0] else ()


Source = tuple[str, Callable[[], bytes], Sequence[str]]


def _page(call: Call, is_tagged: bool | None) -> Any:
    project = calls.project(call)
    iteration = calls.snapshot(call, project)
    take = calls.number(call, "take", calls.TAKE, calls.IDS)
    search = _search(call, project, iteration, is_tagged)
    return _shown(call, project, iteration, search, take=take, skip=calls.number(call, "skip", 0))


def _count(call: Call, is_tagged: bool | None) -> int:
    project = calls.project(call)
    return call.store.searches.count(_search(call, project, calls.snapshot(call, project), is_tagged))


def _search(call: Call, project: Project, iteration: Iteration | None, is_tagged: bool | None) -> ImageSearch:
    order = calls.choice(calls.text(call, "orderBy"), "orderBy", ("Newest", "Oldest"))
    return ImageSearch(
        project.id,
        iteration.id if iteration else None,
        tag_ids=tuple(calls.ids(call, "tagIds", calls.TAGS)),
        is_tagged=is_tagged,
        metadata=conditions(calls.text(call, "$filter")),
        oldest_first=order == "Oldest",
    )


def _shown(
    call: Call, project: Project, iteration: Iteration | None, search: ImageSearch, *, take: int, skip: int
) -> list[Any]:
    found = call.store.searches.page(search, take=take, skip=skip)
    names = tag_names(call, project, iteration)
    metadata = call.store.metadata.of_images([each.id for each in found])
    return [wire.image(each, names, server=call.server, metadata=metadata.get(each.id, {})) for each in found]


def tag_names(call: Call, project: Project, iteration: Iteration | None) -> dict[str, str]:
    """The tags' names by their ids: the workspace's, or those that the iteration knew."""
    if iteration is None:
        return {tag.id: tag.name for tag in call.store.tags.of_project(project.id)}
    return {tag.tag_id: tag.name for tag in call.store.iterations.tags(iteration.id)}


def _batch(call: Call, source: Callable[[calls.Fields], tuple[str, Callable[[], bytes]]]) -> Any:
    project = calls.project(call)
    given = calls.fields(call)
    entries = [calls.as_fields(each, "images") for each in calls.listed(given, "images", calls.BATCH)]
    if not entries:
        raise Refusal("BadRequestImageBatch", "images must name at least one picture")
    if any(entry.get("regions") for entry in entries):
        raise Refusal("BadRequestImageRegions", "Tagwise only classifies pictures: they have no regions")
    common = calls.listed_ids(given, "tagIds", calls.TAGS)

    def sources() -> Iterator[Source]:
        for entry in entries:
            own = calls.listed_ids(entry, "tagIds", call.told.limits.tags_per_image)
            yield (*source(entry), list(dict.fromkeys([*common, *own])))

    return _created(call, project, list(sources()), checked_metadata(given.get("metadata")))


def _created(call: Call, project: Project, sources: Sequence[Source], metadata: dict[str, str]) -> Answer:
    """What became of each picture: 200 when all are new, else 207.

    Where none could be read at all, and none was to be fetched, the call fails, as nobody reads statuses then.
    """
    results: list[Any] = []
    refusals: list[str] = []
    for name, read, tag_ids in sources:
        status, image, reason = _create(call, project, name, read, tag_ids)
        if image and metadata:
            call.store.metadata.put([image.id], metadata)
        names = tag_names(call, project, None)
        shown = wire.image(image, names, server=call.server, metadata=metadata) if image else None
        results.append({"sourceUrl": name, "status": status, "image": shown})
        if status in ("ErrorImageFormat", "ErrorImageSize", "ErrorImageDimensions"):
            refusals.append(reason)
    if len(refusals) == len(results):
        raise Refusal("BadRequestImageBatch", f"No valid image files: {refusals[0]}")
    training.embed_soon(call.store, project)
    summary = wire.creation(results)
    return Answer(200 if summary["isBatchSuccessful"] else 207, summary)


def _create(
    call: Call, project: Project, name: str, read: Callable[[], bytes], tag_ids: Sequence[str]
) -> tuple[str, Image | None, str]:
    """The status of one picture, the picture if it is stored, and why not."""
    try:
        data = read()
        tagging.check(call.store, project, tag_ids)
        pictures.check(data, call.told.limits)
    except ImageRefused as refusal:
        return STATUSES.get(refusal.reason, "ErrorImageFormat"), None, str(refusal)
    except (UrlRefused, FetchFailed, ImageNotFound) as refusal:
        return "ErrorSource", None, str(refusal)
    except TagsRefused as refusal:
        return TAG_STATUSES.get(refusal.reason, "ErrorTagLimitExceed"), None, str(refusal)
    except InvalidInput as refusal:
        return "ErrorInvalidTag", None, str(refusal)
    upload = uploads.add(call.store, project, name, data, tag_ids=tag_ids, limits=call.told.limits)
    if upload.image_id is None:
        return "ErrorImageFormat", None, upload.reason
    status = "OK" if upload.status == "stored" else "OKDuplicate"
    return status, call.store.images.get(upload.image_id), ""


def _decoded(contents: str) -> bytes:
    try:
        return base64.b64decode(contents)
    except (binascii.Error, ValueError) as error:
        raise ImageRefused("format", f"contents must be base64, and are not: {error}") from error


def _constant(data: bytes) -> Callable[[], bytes]:
    return lambda: data


def _kept(call: Call, kept: Any, name: str) -> bytes:
    if kept is None:
        raise ImageNotFound(f"there is no prediction {name[:80]!r}: it may have been deleted, or is older than 30 days")
    try:
        return history.picture(call.store, kept)
    except NotFound as error:
        raise ImageNotFound(str(error)) from error
