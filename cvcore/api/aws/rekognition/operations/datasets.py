"""Datasets: created from manifests or from one another, described, updated, listed, distributed and deleted."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from cvcore.api.aws.rekognition.operations.projects import dataset_status
from cvcore.api.aws.rekognition.protocol import tokens
from cvcore.api.aws.rekognition.protocol.call import Answer, Call, seconds
from cvcore.api.aws.rekognition.protocol.errors import Refusal
from cvcore.api.aws.rekognition.protocol.input import DatasetArn, Input, NextToken, ProjectArn, Tags
from cvcore.api.aws.rekognition.protocol.s3_objects import GroundTruthManifest, place
from cvcore.errors import Conflict, InvalidInput
from cvcore.records import Project
from cvcore.rekognition import arns, background, datasets
from cvcore.rekognition.datasets import Manifest
from cvcore.settings import MEBIBYTE
from cvcore.store import DatasetRow, EntryFilter

PAGE = 100
PageSize = Annotated[int, Meta(ge=1, le=PAGE)]
Label = Annotated[str, Meta(min_length=1, max_length=255)]


class DatasetSource(Input):
    """Where a dataset's entries come from: a manifest, or another dataset."""

    ground_truth_manifest: GroundTruthManifest | None = None
    dataset_arn: DatasetArn | None = None


class CreateDatasetInput(Input):
    """A dataset to create, empty if it has no source."""

    project_arn: ProjectArn
    dataset_type: Literal["TRAIN", "TEST"]
    dataset_source: DatasetSource | None = None
    tags: Tags | None = None


class DatasetInput(Input):
    """A dataset to describe or delete."""

    dataset_arn: DatasetArn


class DatasetChanges(Input):
    """Lines as in a manifest."""

    ground_truth: Annotated[bytes, Meta(min_length=1, max_length=5 * MEBIBYTE)]


class UpdateDatasetEntriesInput(Input):
    """Entries to add to a dataset, or to change in it."""

    dataset_arn: DatasetArn
    changes: DatasetChanges


class ListDatasetEntriesInput(Input):
    """Which entries of a dataset."""

    dataset_arn: DatasetArn
    contains_labels: Annotated[list[Label], Meta(min_length=1, max_length=10)] | None = None
    labeled: bool | None = None
    source_ref_contains: Annotated[str, Meta(min_length=1, max_length=2048)] | None = None
    has_errors: bool | None = None
    next_token: NextToken | None = None
    max_results: PageSize | None = None


class ListDatasetLabelsInput(Input):
    """A dataset whose labels are listed."""

    dataset_arn: DatasetArn
    next_token: NextToken | None = None
    max_results: PageSize | None = None


class DistributeDataset(Input):
    """One of the two datasets."""

    arn: DatasetArn


class DistributeDatasetEntriesInput(Input):
    """A project's training dataset, and its empty test dataset, in any order."""

    datasets: Annotated[list[DistributeDataset], Meta(min_length=2, max_length=2)]


def create_dataset(call: Call[CreateDatasetInput]) -> Answer:
    """Create a dataset; its images come in the background."""
    request = call.request
    project = arns.project(call.store, request.project_arn)
    try:
        dataset = datasets.create(
            call.store,
            call.settings,
            project,
            request.dataset_type,
            source=_source(call),
            tags=request.tags,
            region=call.region,
        )
    except Conflict as conflict:
        raise Refusal("ResourceAlreadyExistsException", str(conflict)) from conflict
    return {"DatasetArn": dataset.arn}


def describe_dataset(call: Call[DatasetInput]) -> Answer:
    """A dataset's status and statistics."""
    background.wake(call.store, call.settings)
    _, dataset = datasets.find(call.store, call.request.dataset_arn)
    stats = datasets.stats(call.store, dataset)
    return {
        "DatasetDescription": {
            "CreationTimestamp": seconds(dataset.created_at),
            "LastUpdatedTimestamp": seconds(dataset.updated_at),
            **dataset_status(dataset),
            "DatasetStats": {
                "LabeledEntries": stats.labeled,
                "TotalEntries": stats.total,
                "TotalLabels": stats.labels,
                "ErrorEntries": stats.errors,
            },
        }
    }


def update_dataset_entries(call: Call[UpdateDatasetEntriesInput]) -> Answer:
    """Add or change entries in the background."""
    _, dataset = datasets.find(call.store, call.request.dataset_arn)
    datasets.update(call.store, call.settings, dataset, call.request.changes.ground_truth)
    return {}


def list_dataset_entries(call: Call[ListDatasetEntriesInput]) -> Answer:
    """A page of a dataset's entries: images from the oldest on, then lines that gave no image."""
    request = call.request
    project, dataset = _listed(call)
    # The vendor's own script says False for "all": only True is a filter.
    matching = EntryFilter(
        tuple(request.contains_labels or ()),
        request.labeled,
        request.has_errors or None,
        request.source_ref_contains or "",
    )
    after = tokens.read(request.next_token)
    if len(after) not in (0, 1, 3):
        raise tokens.refused(request.next_token)
    lines, following = datasets.page(
        call.store, project, dataset, matching=matching, after=after, take=request.max_results or PAGE
    )
    return {"DatasetEntries": lines, "NextToken": tokens.write(*following) if following else None}


def list_dataset_labels(call: Call[ListDatasetLabelsInput]) -> Answer:
    """A page of a dataset's labels, by name, each with its number of entries."""
    request = call.request
    project, dataset = _listed(call)
    after = tokens.read(request.next_token)
    if len(after) > 1:
        raise tokens.refused(request.next_token)
    counts = call.store.rekognition_entries.label_counts(project.id, dataset.purpose)
    left = [label for label in counts if not after or label > after[0]]
    page = left[: request.max_results or PAGE]
    return {
        "DatasetLabelDescriptions": [
            {"LabelName": label, "LabelStats": {"EntryCount": counts[label], "BoundingBoxCount": 0}} for label in page
        ],
        "NextToken": tokens.write(page[-1]) if len(left) > len(page) else None,
    }


def distribute_dataset_entries(call: Call[DistributeDatasetEntriesInput]) -> Answer:
    """Move one in five images of a training dataset to the project's empty test dataset, in the background."""
    found = [datasets.find(call.store, each.arn) for each in call.request.datasets]
    by_purpose = {dataset.purpose: dataset for _, dataset in found}
    if len(by_purpose) < 2 or found[0][0].id != found[1][0].id:
        raise InvalidInput("Datasets must be the training dataset and the test dataset of one project")
    try:
        datasets.distribute(call.store, call.settings, by_purpose["TRAIN"], by_purpose["TEST"])
    except Conflict as conflict:
        raise Refusal("ResourceNotReadyException", str(conflict)) from conflict
    return {}


def delete_dataset(call: Call[DatasetInput]) -> Answer:
    """Delete a dataset and its images."""
    project, dataset = datasets.find(call.store, call.request.dataset_arn)
    datasets.delete(call.store, project, dataset)
    return {}


def _source(call: Call[CreateDatasetInput]) -> Manifest | DatasetRow | None:
    """What a dataset is made from."""
    source = call.request.dataset_source
    if not source or (source.ground_truth_manifest is None and source.dataset_arn is None):
        return None
    if source.ground_truth_manifest is not None and source.dataset_arn is not None:
        raise InvalidInput("DatasetSource must have a GroundTruthManifest or a DatasetArn, not both: leave one out")
    if source.dataset_arn is not None:
        return datasets.find(call.store, source.dataset_arn)[1]
    manifest = source.ground_truth_manifest
    return Manifest(*place(manifest.s3_object if manifest else None, "a manifest"))


def _listed(call: Call[ListDatasetEntriesInput] | Call[ListDatasetLabelsInput]) -> tuple[Project, DatasetRow]:
    """The dataset that is listed, and its project; it must have been created."""
    background.wake(call.store, call.settings)
    project, dataset = datasets.find(call.store, call.request.dataset_arn)
    if dataset.status == "CREATE_IN_PROGRESS":
        raise Refusal("ResourceNotReadyException", "the dataset is being created: wait until its Status says so")
    return project, dataset
