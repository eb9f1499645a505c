"""Handlers that list, count, tag and delete the images of a project."""

from __future__ import annotations

from typing import Any

from cvcore.api.customvision.operations import metadata
from cvcore.api.customvision.protocol import json_body, request, schemas
from cvcore.api.customvision.protocol.errors import Refusal
from cvcore.api.customvision.protocol.request import Answer, Call
from cvcore.projects import tagging, uploads
from cvcore.records import Iteration, Project
from cvcore.store import ImageSearch


def get_images(call: Call) -> Any:
    """A page of images, the newest first unless orderBy is Oldest."""
    status = request.choice(request.text(call, "taggingStatus"), "taggingStatus", ("All", "Tagged", "Untagged"))
    return _page(call, {"All": None, "Tagged": True, "Untagged": False}[status])


def get_tagged_images(call: Call) -> Any:
    """A page of tagged images."""
    return _page(call, True)


def get_untagged_images(call: Call) -> Any:
    """A page of untagged images; an iteration has none."""
    return _page(call, False)


def get_image_count(call: Call) -> Any:
    """The number of images that get_images lists."""
    status = request.choice(request.text(call, "taggingStatus"), "taggingStatus", ("All", "Tagged", "Untagged"))
    return _count(call, {"All": None, "Tagged": True, "Untagged": False}[status])


def get_tagged_image_count(call: Call) -> Any:
    """The number of images that get_tagged_images lists."""
    return _count(call, True)


def get_untagged_image_count(call: Call) -> Any:
    """The number of images that get_untagged_images lists."""
    return _count(call, False)


def get_images_by_ids(call: Call) -> Any:
    """The images with these ids; unknown ids are ignored."""
    project = request.project(call)
    iteration = request.snapshot(call, project)
    search = ImageSearch(
        project.id,
        iteration.id if iteration else None,
        image_ids=tuple(request.ids(call, "imageIds", request.IDS)),
    )
    by_id = {image["id"]: image for image in _shown(call, project, iteration, search, take=request.IDS, skip=0)}
    return [by_id[image_id] for image_id in search.image_ids or () if image_id in by_id]


def delete_images(call: Call) -> Any:
    """Delete images from the workspace; with allIterations also from all iterations, whose numbers do not change."""
    project = request.project(call)
    delete = uploads.erase if request.flag(call, "allIterations") else uploads.delete
    if request.flag(call, "allImages"):
        images = call.store.searches.page(ImageSearch(project.id), take=request.NUMBER_MAX)
        delete(call.store, [image.id for image in images])
        return Answer(202)
    wanted = request.ids(call, "imageIds", request.IDS)
    if not wanted:
        raise Refusal("BadRequestInvalidIds", "imageIds must have an id, or allImages must be true: add one of them")
    delete(call.store, [image.id for image in call.store.images.with_ids(wanted) if image.project_id == project.id])
    return Answer(204)


def create_image_tags(call: Call) -> Any:
    """Add tags to images; in a Multiclass project a second tag for an image is listed as exceeded."""
    entries = json_body.items(json_body.fields(call), "tags", request.BATCH * request.TAGS)
    pairs = []
    for entry in entries:
        fields = json_body.as_fields(entry, "tags")
        pairs.append((json_body.text(fields, "imageId").casefold(), json_body.text(fields, "tagId").casefold()))
    added = tagging.add_pairs(call.store, request.project(call), pairs)
    return {
        "created": schemas.pairs(added.created),
        "duplicated": schemas.pairs(added.duplicated),
        "exceeded": schemas.pairs(added.exceeded),
    }


def delete_image_tags(call: Call) -> Any:
    """Remove tags from images."""
    request.required(call, "imageIds")
    request.required(call, "tagIds")
    project = request.project(call)
    images = call.store.images.with_ids(request.ids(call, "imageIds", request.BATCH))
    image_ids = [image.id for image in images if image.project_id == project.id]
    tagging.remove_tags(call.store, project, image_ids, request.ids(call, "tagIds", request.TAGS))
    return Answer(204)


def _page(call: Call, is_tagged: bool | None) -> Any:
    project = request.project(call)
    iteration = request.snapshot(call, project)
    take = request.number(call, "take", request.TAKE, request.IDS)
    search = _search(call, project, iteration, is_tagged)
    return _shown(call, project, iteration, search, take=take, skip=request.number(call, "skip", 0))


def _count(call: Call, is_tagged: bool | None) -> int:
    project = request.project(call)
    return call.store.searches.count(_search(call, project, request.snapshot(call, project), is_tagged))


def _search(call: Call, project: Project, iteration: Iteration | None, is_tagged: bool | None) -> ImageSearch:
    order = request.choice(request.text(call, "orderBy"), "orderBy", ("Newest", "Oldest"))
    return ImageSearch(
        project.id,
        iteration.id if iteration else None,
        tag_ids=tuple(request.ids(call, "tagIds", request.TAGS)),
        is_tagged=is_tagged,
        metadata=metadata.conditions(request.text(call, "$filter")),
        oldest_first=order == "Oldest",
    )


def _shown(
    call: Call, project: Project, iteration: Iteration | None, search: ImageSearch, *, take: int, skip: int
) -> list[Any]:
    images = call.store.searches.page(search, take=take, skip=skip)
    names = tag_names(call, project, iteration)
    pairs = call.store.metadata.of_images([image.id for image in images])
    return [schemas.image(image, names, server=call.server, metadata=pairs.get(image.id, {})) for image in images]


def tag_names(call: Call, project: Project, iteration: Iteration | None) -> dict[str, str]:
    """Tag names by id: those of the workspace, or of an iteration."""
    if iteration is None:
        return {tag.id: tag.name for tag in call.store.tags.of_project(project.id)}
    return {tag.tag_id: tag.name for tag in call.store.iterations.tags(iteration.id)}
