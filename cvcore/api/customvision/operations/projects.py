"""Domains, projects and tags."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

from cvcore import domains, projects
from cvcore.api.customvision.protocol import request, schemas
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
    return [schemas.domain(each) for each in domains.DOMAINS]


def get_domain(call: Call) -> Any:
    """One domain."""
    try:
        return schemas.domain(domains.find(call.path["domainId"]))
    except DomainUnknown as error:
        raise Refusal("NotFoundDomain", str(error)) from error


def get_projects(call: Call) -> Any:
    """Every project."""
    return [shown(call, each) for each in call.store.projects.all()]


def create_project(call: Call) -> Any:
    """A new project; without a type it is Multilabel, as what Microsoft's quickstart prints shows."""
    domain_id = request.text(call, "domainId")
    _check_classifies(domain_id, "BadRequestNotSupported")
    project = projects.create(
        call.store,
        request.required(call, "name"),
        description=request.text(call, "description"),
        classification_type=request.text(call, "classificationType") or MULTILABEL,
        domain=domain_id,
        settings=ProjectSettings(
            tuple(_platform(each) for each in request.text(call, "targetExportPlatforms").split(",") if each.strip())
        ),
    )
    return shown(call, project)


def get_project(call: Call) -> Any:
    """One project."""
    return shown(call, request.project(call))


def delete_project(call: Call) -> Any:
    """A project goes with all it holds, published iterations too."""
    projects.delete(call.store, request.project(call))
    return Answer(204)


def update_project(call: Call) -> Any:
    """What the body names is changed, what it leaves out stays."""
    given = request.fields(call)
    settings = request.as_fields(given.get("settings"), "settings")
    with call.store.transaction():
        project = request.project(call)
        domain_id = request.text_field(settings, "domainId", project.domain_id)
        _check_classifies(domain_id, "BadRequestProjectUnsupportedDomainTypeChange")
        projects.update(
            call.store,
            dataclasses.replace(
                project,
                name=request.text_field(given, "name", project.name),
                description=request.text_field(given, "description", project.description),
                classification_type=projects.known_type(
                    request.text_field(settings, "classificationType", project.classification_type)
                ),
                domain_id=domain_id,
                settings=_settings(settings, project.settings),
            ),
        )
    return shown(call, call.store.projects.get(project.id))


def get_tags(call: Call) -> Any:
    """The workspace's tags by name, or an iteration's."""
    project = request.project(call)
    iteration = request.snapshot(call, project)
    if iteration is None:
        return [schemas.tag(each) for each in call.store.tags.of_project(project.id)]
    pictures = call.store.iterations.images(iteration.id)
    counts = Counter(column for picture in pictures for column in picture.columns)
    tags = call.store.iterations.tags(iteration.id)
    return sorted((schemas.snapshot_tag(tag, counts[at]) for at, tag in enumerate(tags)), key=lambda each: each["name"])


def get_tag(call: Call) -> Any:
    """One tag, of the workspace or of an iteration."""
    wanted = call.path["tagId"].casefold()
    for each in get_tags(call):
        if each["id"] == wanted:
            return each
    raise TagNotFound(f"there is no tag {wanted[:80]!r} here: it may have been deleted")


def create_tag(call: Call) -> Any:
    """A new tag."""
    made = tagging.create(
        call.store,
        request.project(call),
        request.required(call, "name"),
        limits=call.told.limits,
        kind=_kind(request.text(call, "type")),
        description=request.text(call, "description"),
    )
    return schemas.tag(made)


def delete_tag(call: Call) -> Any:
    """A tag goes, its pictures stay."""
    tagging.delete(call.store, _tag(call, request.project(call)))
    return Answer(204)


def update_tag(call: Call) -> Any:
    """What the body names is changed, what it leaves out stays."""
    given = request.fields(call)
    with call.store.transaction():
        project = request.project(call)
        tag = _tag(call, project)
        if name := request.text_field(given, "name"):
            tagging.rename(call.store, tag, name, limits=call.told.limits)
        if kind := request.text_field(given, "type"):
            tagging.set_kind(call.store, project, tag, _kind(kind))
        tagging.describe(call.store, tag, request.text_field(given, "description", tag.description))
    return schemas.tag(call.store.tags.get(tag.id))


def shown(call: Call, project: Project) -> Any:
    """A project with its newest picture."""
    return schemas.project(
        project,
        server=call.server,
        has_negative=any(tag.kind == "Negative" for tag in call.store.tags.of_project(project.id)),
        newest=next(iter(call.store.images.page(project.id, take=1)), None),
    )


def _settings(given: request.Fields, before: ProjectSettings) -> ProjectSettings:
    """What the body names in place of what was noted; what it leaves out stays."""
    platforms, methods = before.target_export_platforms, before.augmentation_methods
    if given.get("targetexportplatforms") is not None:
        listed = request.list_field(given, "targetExportPlatforms", projects.SETTINGS_MAX)
        platforms = tuple(_platform(request.text_field({"platform": each}, "platform")) for each in listed)
    processing = request.as_fields(given.get("imageprocessingsettings"), "imageProcessingSettings")
    if (wanted := processing.get("augmentationmethods")) is not None:
        if not isinstance(wanted, dict) or not all(isinstance(is_on, bool) for is_on in wanted.values()):
            raise Refusal(
                "BadRequestProjectImagePreprocessingSettings", "augmentationMethods must map names to true or false"
            )
        methods = tuple(wanted.items())
    return ProjectSettings(platforms, methods)


def _platform(given: str) -> str:
    return request.choice(
        given.strip(), "targetExportPlatforms", schemas.TARGETS, "BadRequestProjectUnsupportedExportPlatform"
    )


def _tag(call: Call, project: Project) -> Tag:
    tag = call.store.tags.get(call.path["tagId"].casefold())
    if tag.project_id != project.id:
        raise TagNotFound(f"there is no tag {tag.id!r} in {project.name!r}: it may have been deleted")
    return tag


def _kind(given: str) -> TagKind:
    if given.casefold() == "generalproduct":
        raise Refusal("BadRequestNotSupported", "Tagwise only classifies pictures: a tag is Regular or Negative")
    return (
        "Negative"
        if request.choice(given, "type", ("Regular", "Negative"), "BadRequestTagType") == "Negative"
        else "Regular"
    )


def _check_classifies(domain_id: str, code: str) -> None:
    if domain_id.strip().casefold() in DETECTION_DOMAINS:
        raise Refusal(code, "Tagwise only classifies pictures, that domain finds objects in them: choose another")
