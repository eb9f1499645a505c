"""Handlers for domains, projects and tags."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

from cvcore import domains, projects
from cvcore.api.customvision.protocol import json_body, request, schemas
from cvcore.api.customvision.protocol.errors import Refusal
from cvcore.api.customvision.protocol.request import Answer, Call
from cvcore.errors import DomainUnknown, TagNotFound
from cvcore.projects import tagging
from cvcore.records import MULTILABEL, Project, ProjectSettings, Tag, TagKind

# https://learn.microsoft.com/azure/ai-services/custom-vision-service/select-domain
DETECTION_DOMAINS = (
    "da2e3a8a-40a5-4171-82f4-58522f70fbc1",
    "9c616dff-2e7d-ea11-af59-1866da359ce6",
    "1d8ffafe-ec40-4fb2-8f90-72b3b6cecea4",
    "3780a898-81c3-4516-81ae-3a139614e1f3",
    "a27d5ca5-bb19-49d8-a70a-fec086c47f5b",
    "7ec2ac80-887b-48a6-8df9-8b1357765430",
)


def get_domains(call: Call) -> Any:
    """Every domain."""
    return [schemas.domain(domain) for domain in (*domains.DOMAINS, *domains.RETIRED)]


def get_domain(call: Call) -> Any:
    """One domain."""
    try:
        return schemas.domain(domains.find(call.path["domainId"]))
    except DomainUnknown as error:
        raise Refusal("NotFoundDomain", str(error)) from error


def get_projects(call: Call) -> Any:
    """Every project."""
    return [shown(call, project) for project in call.store.projects.all()]


def create_project(call: Call) -> Any:
    """Create a project; without a type it is Multilabel, as the output of Microsoft's quickstart shows.

    Raises:
        Refusal: the domain is for object detection, or the body names an Azure storage account to write to.
    """
    options = json_body.fields(call)
    for name in ("exportModelContainerUri", "notificationQueueUri"):
        if json_body.text(options, name):
            raise Refusal("BadRequestNotSupported", f"Tagwise writes to no Azure storage account: leave {name} out")
    domain_id = request.text(call, "domainId")
    _check_classifies(domain_id, "BadRequestNotSupported")
    project = projects.create(
        call.store,
        request.required(call, "name"),
        description=request.text(call, "description"),
        classification_type=request.text(call, "classificationType") or MULTILABEL,
        domain=domain_id,
        settings=ProjectSettings(
            tuple(_platform(name) for name in request.text(call, "targetExportPlatforms").split(",") if name.strip())
        ),
    )
    return shown(call, project)


def get_project(call: Call) -> Any:
    """One project."""
    return shown(call, request.project(call))


def delete_project(call: Call) -> Any:
    """Delete a project with its images, tags and iterations, also published ones."""
    projects.delete(call.store, request.project(call))
    return Answer(204)


def update_project(call: Call) -> Any:
    """Change the fields that the body has; others keep their values."""
    fields = json_body.fields(call)
    settings = json_body.as_fields(fields.get("settings"), "settings")
    with call.store.transaction():
        project = request.project(call)
        domain_id = json_body.text(settings, "domainId", project.domain_id)
        _check_classifies(domain_id, "BadRequestProjectUnsupportedDomainTypeChange")
        projects.update(
            call.store,
            dataclasses.replace(
                project,
                name=json_body.text(fields, "name", project.name),
                description=json_body.text(fields, "description", project.description),
                classification_type=projects.known_type(
                    json_body.text(settings, "classificationType", project.classification_type)
                ),
                domain_id=domain_id,
                settings=_settings(settings, project.settings),
            ),
        )
    return shown(call, call.store.projects.get(project.id))


def get_tags(call: Call) -> Any:
    """The tags of the workspace or of an iteration, sorted by name."""
    project = request.project(call)
    iteration = request.snapshot(call, project)
    if iteration is None:
        return [schemas.tag(tag) for tag in call.store.tags.of_project(project.id)]
    images = call.store.iterations.images(iteration.id)
    counts = Counter(column for image in images for column in image.columns)
    tags = call.store.iterations.tags(iteration.id)
    return sorted(
        (schemas.snapshot_tag(tag, counts[at]) for at, tag in enumerate(tags)), key=lambda tag_json: tag_json["name"]
    )


def get_tag(call: Call) -> Any:
    """One tag, of the workspace or of an iteration."""
    wanted = call.path["tagId"].casefold()
    for tag in get_tags(call):
        if tag["id"] == wanted:
            return tag
    raise TagNotFound(f"there is no tag {wanted[:80]!r} here: it may have been deleted")


def create_tag(call: Call) -> Any:
    """Create a tag."""
    tag = tagging.create(
        call.store,
        request.project(call),
        request.required(call, "name"),
        limits=call.settings.limits,
        kind=_kind(request.text(call, "type")),
        description=request.text(call, "description"),
    )
    return schemas.tag(tag)


def delete_tag(call: Call) -> Any:
    """Delete a tag; its images stay."""
    tagging.delete(call.store, _tag(call, request.project(call)))
    return Answer(204)


def update_tag(call: Call) -> Any:
    """Change the fields that the body has; others keep their values."""
    fields = json_body.fields(call)
    with call.store.transaction():
        project = request.project(call)
        tag = _tag(call, project)
        if name := json_body.text(fields, "name"):
            tagging.rename(call.store, tag, name, limits=call.settings.limits)
        if kind := json_body.text(fields, "type"):
            tagging.set_kind(call.store, project, tag, _kind(kind))
        tagging.describe(call.store, tag, json_body.text(fields, "description", tag.description))
    return schemas.tag(call.store.tags.get(tag.id))


def shown(call: Call, project: Project) -> Any:
    """A project's JSON; its thumbnail is its newest image."""
    return schemas.project(
        project,
        server=call.server,
        has_negative=any(tag.kind == "Negative" for tag in call.store.tags.of_project(project.id)),
        newest=next(iter(call.store.images.page(project.id, take=1)), None),
    )


def _settings(fields: json_body.Fields, before: ProjectSettings) -> ProjectSettings:
    """The project's settings, changed where the body has a value."""
    platforms, methods = before.target_export_platforms, before.augmentation_methods
    if fields.get("targetexportplatforms") is not None:
        listed = json_body.items(fields, "targetExportPlatforms", projects.SETTINGS_MAX)
        platforms = tuple(_platform(json_body.text({"platform": name}, "platform")) for name in listed)
    processing = json_body.as_fields(fields.get("imageprocessingsettings"), "imageProcessingSettings")
    if (wanted := processing.get("augmentationmethods")) is not None:
        if not isinstance(wanted, dict) or not all(isinstance(is_on, bool) for is_on in wanted.values()):
            raise Refusal(
                "BadRequestProjectImagePreprocessingSettings", "augmentationMethods must map names to true or false"
            )
        methods = tuple(wanted.items())
    return ProjectSettings(platforms, methods)


def _platform(name: str) -> str:
    return request.choice(
        name.strip(), "targetExportPlatforms", schemas.TARGETS, "BadRequestProjectUnsupportedExportPlatform"
    )


def _tag(call: Call, project: Project) -> Tag:
    tag = call.store.tags.get(call.path["tagId"].casefold())
    if tag.project_id != project.id:
        raise TagNotFound(f"there is no tag {tag.id!r} in {project.name!r}: it may have been deleted")
    return tag


def _kind(name: str) -> TagKind:
    if name.casefold() == "generalproduct":
        raise Refusal("BadRequestNotSupported", "Tagwise only classifies images: a tag is Regular or Negative")
    return (
        "Negative"
        if request.choice(name, "type", ("Regular", "Negative"), "BadRequestTagType") == "Negative"
        else "Regular"
    )


def _check_classifies(domain_id: str, code: str) -> None:
    if domain_id.strip().casefold() in DETECTION_DOMAINS:
        raise Refusal(code, "Tagwise only classifies images, that domain is for object detection: choose another")
