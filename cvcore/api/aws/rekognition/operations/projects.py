"""Projects: created, described and deleted."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from cvcore import projects
from cvcore.api.aws.rekognition.protocol import tokens
from cvcore.api.aws.rekognition.protocol.call import Answer, Call, seconds
from cvcore.api.aws.rekognition.protocol.errors import Refusal
from cvcore.api.aws.rekognition.protocol.input import Input, Name, NextToken, ProjectArn, Tags
from cvcore.errors import Conflict
from cvcore.records import Project
from cvcore.rekognition import arns, background, datasets
from cvcore.store import DatasetRow
from cvcore.wording import count

Feature = Literal["CUSTOM_LABELS", "CONTENT_MODERATION"]
PAGE = 100


class CreateProjectInput(Input):
    """A project to create; `auto_update` is for content moderation."""

    project_name: Name
    feature: Feature = "CUSTOM_LABELS"
    auto_update: Literal["ENABLED", "DISABLED"] = "DISABLED"
    tags: Tags | None = None


class DescribeProjectsInput(Input):
    """Which projects: those with these names, or all."""

    next_token: NextToken | None = None
    max_results: Annotated[int, Meta(ge=1, le=PAGE)] | None = None
    project_names: Annotated[list[Name], Meta(min_length=1, max_length=10)] | None = None
    features: Annotated[list[Feature], Meta(min_length=1, max_length=2)] | None = None


class DeleteProjectInput(Input):
    """A project to delete."""

    project_arn: ProjectArn


def create_project(call: Call[CreateProjectInput]) -> Answer:
    """Create a project, which is Multiclass until an image has several labels."""
    request, store = call.request, call.store
    if request.feature != "CUSTOM_LABELS" or request.auto_update == "ENABLED":
        raise Refusal(
            "InvalidParameterException",
            "Tagwise has the feature CUSTOM_LABELS, whose models are not updated automatically: "
            "leave Feature and AutoUpdate out",
        )
    with store.transaction():
        arn = arns.of_project(store, projects.create(store, request.project_name), call.region)
        store.rekognition_arns.put_tags(arn, request.tags or {})
    return {"ProjectArn": arn}


def describe_projects(call: Call[DescribeProjectsInput]) -> Answer:
    """A page of the projects, the newest first; those made on the pages are among them."""
    request = call.request
    background.wake(call.store, call.settings)
    before = _created_ms(request.next_token)
    if request.features is not None and "CUSTOM_LABELS" not in request.features:
        return {"ProjectDescriptions": []}
    with call.store.transaction():
        numbered = sorted(
            (
                (arns.parse(arns.of_project(call.store, project, call.region)).created_ms, project)
                for project in _named(call)
            ),
            key=lambda pair: -pair[0],
        )
    left = [(number, project) for number, project in numbered if before is None or number < before]
    page = left[: request.max_results or PAGE]
    return {
        "ProjectDescriptions": [_described(call, project) for _, project in page],
        "NextToken": tokens.write(str(page[-1][0])) if len(left) > len(page) else None,
    }


def delete_project(call: Call[DeleteProjectInput]) -> Answer:
    """Delete a project, once it has no versions and no datasets any more."""
    with call.store.transaction():
        project = arns.project(call.store, call.request.project_arn)
        versions = len(call.store.iterations.of_project(project.id))
        own = len(datasets.of_project(call.store, project, call.region))
        if versions or own:
            raise Conflict(
                "a project to be deleted must have no versions and no datasets, this one has "
                f"{count(versions, 'version')} and {count(own, 'dataset')}: delete them first"
            )
        projects.delete(call.store, project)
    return {"Status": "DELETING"}


def dataset_status(dataset: DatasetRow) -> dict[str, str]:
    """A dataset's status, as DescribeProjects and DescribeDataset tell it."""
    return {"Status": dataset.status, "StatusMessage": dataset.message, "StatusMessageCode": dataset.code}


def _named(call: Call[DescribeProjectsInput]) -> list[Project]:
    """The projects that are asked for; a name that no project has any more is looked for in their ARNs."""
    every = call.store.projects.all()
    if call.request.project_names is None:
        return every
    wanted = set(call.request.project_names)
    found = [project for project in every if arns.name(project.name) in wanted]
    missing = wanted - {arns.name(project.name) for project in found}
    renamed = [each for each in every if arns.of_project(call.store, each, call.region).split("/")[1] in missing]
    return found + [project for project in renamed if project not in found]


def _described(call: Call[DescribeProjectsInput], project: Project) -> dict[str, Any]:
    return {
        "ProjectArn": arns.of_project(call.store, project, call.region),
        "CreationTimestamp": seconds(project.created_at),
        "Status": "CREATED",
        "Feature": "CUSTOM_LABELS",
        "Datasets": [
            {
                "CreationTimestamp": seconds(dataset.created_at),
                "DatasetType": dataset.purpose,
                "DatasetArn": dataset.arn,
                **dataset_status(dataset),
            }
            for dataset in datasets.of_project(call.store, project, call.region)
        ],
    }


def _created_ms(token: str | None) -> int | None:
    """The number of the last project on the page before, or None."""
    position = tokens.read(token)
    if position and not (len(position) == 1 and position[0].isdecimal()):
        raise tokens.refused(token)
    return int(position[0]) if position else None
