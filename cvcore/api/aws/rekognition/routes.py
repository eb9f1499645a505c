"""Every operation of Rekognition Custom Labels, in the order of its reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cvcore.api.aws.rekognition.operations import datasets, detection, policies, projects, tags, versions
from cvcore.api.aws.rekognition.protocol.call import Answer, Call
from cvcore.api.aws.rekognition.protocol.input import Input


@dataclass(frozen=True)
class Operation:
    """One operation; `exceptions` are those it has beside the ones of every operation, without "Exception".

    While `hold` says True, the answer is held back, for 45 seconds at most.
    """

    name: str
    input: type[Input]
    handler: Callable[[Call[Any]], Answer]
    exceptions: str = ""
    note: str = ""
    hold: Callable[[Call[Any]], bool] | None = None

    @property
    def own(self) -> tuple[str, ...]:
        """The names of its own exceptions."""
        return tuple(f"{name}Exception" for name in self.exceptions.split())


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "CreateProject",
        projects.CreateProjectInput,
        projects.create_project,
        "LimitExceeded ResourceInUse",
        "Custom Labels only",
    ),
    Operation(
        "DescribeProjects",
        projects.DescribeProjectsInput,
        projects.describe_projects,
        "InvalidPaginationToken",
        "those made elsewhere are among them",
    ),
    Operation(
        "DeleteProject",
        projects.DeleteProjectInput,
        projects.delete_project,
        "ResourceInUse ResourceNotFound",
        "at once",
    ),
    Operation(
        "CreateDataset",
        datasets.CreateDatasetInput,
        datasets.create_dataset,
        "InvalidS3Object LimitExceeded ResourceAlreadyExists ResourceNotFound",
        "image-level labels only",
    ),
    Operation(
        "DescribeDataset",
        datasets.DatasetInput,
        datasets.describe_dataset,
        "ResourceNotFound",
    ),
    Operation(
        "UpdateDatasetEntries",
        datasets.UpdateDatasetEntriesInput,
        datasets.update_dataset_entries,
        "LimitExceeded ResourceInUse ResourceNotFound",
    ),
    Operation(
        "ListDatasetEntries",
        datasets.ListDatasetEntriesInput,
        datasets.list_dataset_entries,
        "InvalidPaginationToken ResourceInUse ResourceNotFound ResourceNotReady",
    ),
    Operation(
        "ListDatasetLabels",
        datasets.ListDatasetLabelsInput,
        datasets.list_dataset_labels,
        "InvalidPaginationToken ResourceInUse ResourceNotFound ResourceNotReady",
    ),
    Operation(
        "DistributeDatasetEntries",
        datasets.DistributeDatasetEntriesInput,
        datasets.distribute_dataset_entries,
        "ResourceNotFound ResourceNotReady",
        "one in five of each label; near duplicates stay together",
    ),
    Operation(
        "DeleteDataset",
        datasets.DatasetInput,
        datasets.delete_dataset,
        "LimitExceeded ResourceInUse ResourceNotFound",
        "at once, with its images",
    ),
    Operation(
        "CopyProjectVersion",
        versions.CopyProjectVersionInput,
        versions.copy_project_version,
        "LimitExceeded ResourceInUse ResourceNotFound ServiceQuotaExceeded",
        "at once, whatever the source project's policies say",
    ),
    Operation(
        "CreateProjectVersion",
        versions.CreateProjectVersionInput,
        versions.create_project_version,
        "LimitExceeded ResourceInUse ResourceNotFound ServiceQuotaExceeded",
    ),
    Operation(
        "DeleteProjectVersion",
        versions.DeleteProjectVersionInput,
        versions.delete_project_version,
        "ResourceInUse ResourceNotFound",
    ),
    Operation(
        "DescribeProjectVersions",
        versions.DescribeProjectVersionsInput,
        versions.describe_project_versions,
        "InvalidPaginationToken ResourceNotFound",
        "answered at the end of the training, after 45 seconds at most, if versions are named",
        hold=versions.is_training,
    ),
    Operation(
        "DetectCustomLabels",
        detection.DetectCustomLabelsInput,
        detection.detect_custom_labels,
        "ImageTooLarge InvalidImageFormat InvalidS3Object LimitExceeded ResourceNotFound ResourceNotReady",
    ),
    Operation(
        "StartProjectVersion",
        versions.StartProjectVersionInput,
        versions.start_project_version,
        "LimitExceeded ResourceInUse ResourceNotFound",
        "at once; inference units are told, and have no other effect",
    ),
    Operation(
        "StopProjectVersion",
        versions.StopProjectVersionInput,
        versions.stop_project_version,
        "ResourceInUse ResourceNotFound",
        "at once",
    ),
    Operation(
        "PutProjectPolicy",
        policies.PutProjectPolicyInput,
        policies.put_project_policy,
        "InvalidPolicyRevisionId LimitExceeded MalformedPolicyDocument ResourceAlreadyExists ResourceNotFound"
        " ServiceQuotaExceeded",
        "kept and told, not enforced",
    ),
    Operation(
        "ListProjectPolicies",
        policies.ListProjectPoliciesInput,
        policies.list_project_policies,
        "InvalidPaginationToken ResourceNotFound",
    ),
    Operation(
        "DeleteProjectPolicy",
        policies.DeleteProjectPolicyInput,
        policies.delete_project_policy,
        "InvalidPolicyRevisionId ResourceNotFound",
    ),
    Operation(
        "TagResource",
        tags.TagResourceInput,
        tags.tag_resource,
        "ResourceNotFound ServiceQuotaExceeded",
        "projects, datasets and versions",
    ),
    Operation("UntagResource", tags.UntagResourceInput, tags.untag_resource, "ResourceNotFound"),
    Operation("ListTagsForResource", tags.ListTagsForResourceInput, tags.list_tags_for_resource, "ResourceNotFound"),
)


def find(name: str) -> Operation | None:
    """The operation of that name, None if there is none.

    >>> find("PutProjectPolicy").name, find("DetectFaces")
    ('PutProjectPolicy', None)
    """
    return next((operation for operation in OPERATIONS if operation.name == name), None)
