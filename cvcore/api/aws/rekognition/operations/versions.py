"""Versions of projects: they are trained, described, started, stopped and deleted."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from cvcore.api.aws.rekognition.protocol import tokens, version_descriptions
from cvcore.api.aws.rekognition.protocol.call import Answer, Call
from cvcore.api.aws.rekognition.protocol.errors import Refusal
from cvcore.api.aws.rekognition.protocol.input import Input, Name, NextToken, ProjectArn, ProjectVersionArn, Tags
from cvcore.api.aws.rekognition.protocol.s3_objects import Bucket, GroundTruthManifest, place
from cvcore.rekognition import arns
from cvcore.rekognition.datasets import Manifest
from cvcore.rekognition.versions import copies, creation, descriptions, lifecycle
from cvcore.rekognition.versions.creation import Given
from cvcore.rekognition.versions.lifecycle import NewVersion

Prefix = Annotated[str, Meta(max_length=1024)]
Units = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Description = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[a-zA-Z0-9\-_. ()':,;?]+\Z")]
KmsKeyId = Annotated[str, Meta(min_length=1, max_length=2048, pattern=r"^[A-Za-z0-9][A-Za-z0-9:_/+=,@.\-]*\Z")]
PAGE = 100


class OutputConfig(Input):
    """Where a version's files shall be."""

    s3_bucket: Bucket | None = msgspec.field(name="S3Bucket", default=None)
    s3_key_prefix: Prefix | None = msgspec.field(name="S3KeyPrefix", default=None)


class Asset(Input):
    """A manifest to train or test with."""

    ground_truth_manifest: GroundTruthManifest | None = None


class TrainingData(Input):
    """The manifests to train with."""

    assets: tuple[Asset, ...] | None = None


class TestingData(Input):
    """The manifests to test with, or whether images for training are set aside instead."""

    assets: tuple[Asset, ...] | None = None
    auto_create: bool | None = None


class CreateProjectVersionInput(Input):
    """What to train, and where its results shall be."""

    project_arn: ProjectArn
    version_name: Name
    output_config: OutputConfig
    training_data: TrainingData | None = None
    testing_data: TestingData | None = None
    tags: Tags | None = None
    kms_key_id: KmsKeyId | None = None
    version_description: Description | None = None
    feature_config: dict[str, object] | None = None


class DescribeProjectVersionsInput(Input):
    """Which versions to describe."""

    project_arn: ProjectArn
    version_names: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=10)] | None = None
    next_token: NextToken | None = None
    max_results: Annotated[int, Meta(ge=1, le=PAGE)] | None = None


class CopyProjectVersionInput(Input):
    """Which version to copy, and into which project."""

    source_project_arn: ProjectArn
    source_project_version_arn: ProjectVersionArn
    destination_project_arn: ProjectArn
    version_name: Name
    output_config: OutputConfig
    tags: Tags | None = None
    kms_key_id: KmsKeyId | None = None


class StartProjectVersionInput(Input):
    """Which version to start; its units are told, and have no other effect."""

    project_version_arn: ProjectVersionArn
    min_inference_units: Units
    max_inference_units: Units | None = None


class StopProjectVersionInput(Input):
    """Which version to stop."""

    project_version_arn: ProjectVersionArn


class DeleteProjectVersionInput(Input):
    """Which version to delete."""

    project_version_arn: ProjectVersionArn


def create_project_version(call: Call[CreateProjectVersionInput]) -> Answer:
    """Start a training; describe_project_versions says when it has ended."""
    request = call.request
    if request.feature_config:
        raise Refusal("InvalidParameterException", "FeatureConfig is for content moderation, which Tagwise has not")
    project = arns.project(call.store, request.project_arn)
    new = NewVersion(
        request.version_name,
        *_output(request.output_config),
        description=request.version_description or "",
        kms_key_id=request.kms_key_id or "",
        tags=request.tags or {},
    )
    given = _given(request.training_data, request.testing_data)
    version = creation.create(call.store, call.settings, project, new, region=call.region, given=given)
    return {"ProjectVersionArn": version.arn}


def describe_project_versions(call: Call[DescribeProjectVersionsInput]) -> Answer:
    """A page of a project's versions, the newest first."""
    request = call.request
    project = arns.project(call.store, request.project_arn)
    found, following = descriptions.described(
        call.store,
        call.settings,
        project,
        region=call.region,
        names=request.version_names or (),
        after=_number(request.next_token),
        take=request.max_results or PAGE,
    )
    return {
        "ProjectVersionDescriptions": [version_descriptions.description(each) for each in found],
        "NextToken": tokens.write(str(following)) if following else None,
    }


def is_training(call: Call[DescribeProjectVersionsInput]) -> bool:
    """Whether a version that a client asks for by its name is in training: the answer is worth waiting for."""
    project = arns.project(call.store, call.request.project_arn)
    return lifecycle.is_training(call.store, call.settings, project, call.request.version_names or ())


def copy_project_version(call: Call[CopyProjectVersionInput]) -> Answer:
    """Copy a trained version into another project; it is there at once."""
    request = call.request
    new = NewVersion(
        request.version_name,
        *_output(request.output_config),
        kms_key_id=request.kms_key_id or "",
        tags=request.tags or {},
    )
    version = copies.copy(
        call.store,
        call.settings,
        arns.project(call.store, request.source_project_arn),
        request.source_project_version_arn,
        arns.project(call.store, request.destination_project_arn),
        new,
        region=call.region,
    )
    return {"ProjectVersionArn": version.arn}


def start_project_version(call: Call[StartProjectVersionInput]) -> Answer:
    """Start a version; it runs at once, as the next description says."""
    request = call.request
    lifecycle.start(
        call.store,
        request.project_version_arn,
        region=call.region,
        min_units=request.min_inference_units,
        max_units=request.max_inference_units,
    )
    return {"Status": "STARTING"}


def stop_project_version(call: Call[StopProjectVersionInput]) -> Answer:
    """Stop a version that runs."""
    lifecycle.stop(call.store, call.request.project_version_arn, region=call.region)
    return {"Status": "STOPPING"}


def delete_project_version(call: Call[DeleteProjectVersionInput]) -> Answer:
    """Delete a version that neither runs nor is in training."""
    lifecycle.delete(call.store, call.request.project_version_arn, region=call.region)
    return {"Status": "DELETING"}


def _given(training: TrainingData | None, testing: TestingData | None) -> Given | None:
    """The manifests in a request; None if the project's datasets are used."""
    if not training and not testing:
        return None
    if not training or not testing:
        raise Refusal("InvalidParameterException", "TrainingData and TestingData must be given together: add the other")
    trained, tested = _manifest(training.assets), _manifest(testing.assets)
    if not trained:
        raise Refusal("InvalidParameterException", "TrainingData must have a GroundTruthManifest in Assets: add it")
    if bool(tested) == bool(testing.auto_create):
        raise Refusal(
            "InvalidParameterException", "TestingData must have either Assets or AutoCreate: give one of them"
        )
    return Given(trained, tested)


def _manifest(assets: tuple[Asset, ...] | None) -> Manifest | None:
    if not assets:
        return None
    if len(assets) > 1:
        raise Refusal("InvalidParameterException", f"Assets must have one manifest, got {len(assets)}: join them")
    named = assets[0].ground_truth_manifest
    return Manifest(*place(named.s3_object if named else None, "GroundTruthManifest"))


def _number(token: str | None) -> int | None:
    position = tokens.read(token)
    if position and not (len(position) == 1 and position[0].isdecimal()):
        raise Refusal("InvalidPaginationTokenException", "NextToken must be of this operation: leave it out")
    return int(position[0]) if position else None


def _output(config: OutputConfig) -> tuple[str, str]:
    if not config.s3_bucket:
        raise Refusal("InvalidParameterException", "OutputConfig must have S3Bucket, for the results: add it")
    return config.s3_bucket, config.s3_key_prefix or ""
