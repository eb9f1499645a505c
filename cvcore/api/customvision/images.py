"""Pictures of a project: listed, counted, tagged and taken out."""

from __future__ import annotations

from typing import Any

from cvcore import tagging, uploads
from cvcore.api.customvision import calls, metadata, wire
from cvcore.api.customvision.calls import Answer, Call
from cvcore.api.customvision.refusals import Refusal
from cvcore.records import Iteration, Project
from cvcore.store import ImageSearch


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


def delete_images(call: Call) -> Any:
    """Pictures leave the workspace; with allIterations every iteration too, whose numbers stay."""
    project = calls.project(call)
    delete = uploads.erase if calls.flag(call, "allIterations") else uploads.delete
    if calls.flag(call, "allImages"):
        everything = ImageSearch(project.id)
        found = call.store.searches.page(everything, take=calls.NUMBER_MAX)
        delete(call.store, [each.id for each in found])
        return Answer(202)
    wanted = calls.ids(call, "imageIds", calls.IDS)
    if not wanted:
        raise Refusal("BadRequestInvalidIds", "imageIds must name pictures, or allImages must be true")
    delete(call.store, [each.id for each in call.store.images.some(wanted) if each.project_id == project.id])
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
        metadata=metadata.conditions(calls.text(call, "$filter")),
        oldest_first=order == "Oldest",
    )


def _shown(
    call: Call, project: Project, iteration: Iteration | None, search: ImageSearch, *, take: int, skip: int
) -> list[Any]:
    found = call.store.searches.page(search, take=take, skip=skip)
    names = tag_names(call, project, iteration)
    noted = call.store.metadata.of_images([each.id for each in found])
    return [wire.image(each, names, server=call.server, metadata=noted.get(each.id, {})) for each in found]


def tag_names(call: Call, project: Project, iteration: Iteration | None) -> dict[str, str]:
    """The tags' names by their ids: the workspace's, or those that the iteration knew."""
    if iteration is None:
        return {tag.id: tag.name for tag in call.store.tags.of_project(project.id)}
    return {tag.tag_id: tag.name for tag in call.store.iterations.tags(iteration.id)}
