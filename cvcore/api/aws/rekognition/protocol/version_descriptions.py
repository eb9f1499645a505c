"""Versions as Rekognition describes them."""

from __future__ import annotations

import math
from typing import Any

from cvcore.api.aws.rekognition.protocol import s3_objects
from cvcore.api.aws.rekognition.protocol.call import seconds
from cvcore.records import HOLD_OUT
from cvcore.rekognition.versions import output_files
from cvcore.rekognition.versions.creation import INPUT
from cvcore.rekognition.versions.descriptions import Described

Json = dict[str, Any]


def description(described: Described) -> Json:
    """A `ProjectVersionDescription`."""
    version, iteration = described.version, described.iteration
    content: Json = {
        "ProjectVersionArn": version.arn,
        "CreationTimestamp": seconds(version.created_at or iteration.created_at),
        "Status": described.status,
        "StatusMessage": described.message,
        "OutputConfig": {"S3Bucket": version.output_bucket, "S3KeyPrefix": version.output_prefix},
        "Feature": "CUSTOM_LABELS",
        "MinInferenceUnits": version.min_units,
        "MaxInferenceUnits": version.max_units,
        "KmsKeyId": version.kms_key_id,
        "SourceProjectVersionArn": version.source_arn,
        "VersionDescription": version.description,
        **_data(described),
    }
    if iteration.status == "Completed":
        content["BillableTrainingTimeInSeconds"] = math.ceil(iteration.seconds.get("total", 0))
    if iteration.trained_at:
        content["TrainingEndTimestamp"] = seconds(iteration.trained_at)
    if described.f1 is not None:
        content["EvaluationResult"] = {"F1Score": described.f1}
    if described.has_files:
        files = output_files.of_version(version)
        content["ManifestSummary"] = s3_objects.json(files.bucket, files.manifest_summary)
        content.setdefault("EvaluationResult", {})["Summary"] = s3_objects.json(files.bucket, files.summary)
    return {name: value for name, value in content.items() if value not in (None, "")}


def _data(described: Described) -> Json:
    """What the version was trained and tested with: given, used, and checked."""
    given = described.version.details.get(INPUT, {})
    how = described.iteration.evaluation
    is_split = how is not None and how.method == HOLD_OUT
    training: Json = {"Input": _assets(given.get("training"))}
    testing: Json = {"Input": {**_assets(given.get("testing")), "AutoCreate": is_split}}
    if described.has_files:
        files = output_files.of_version(described.version)
        training["Output"] = _file(files.bucket, files.training)
        training["Validation"] = _file(files.bucket, files.training_validation)
        testing["Output"] = {**_file(files.bucket, files.testing), "AutoCreate": is_split}
        testing["Validation"] = _file(files.bucket, files.testing_validation)
    return {"TrainingDataResult": training, "TestingDataResult": testing}


def _assets(manifests: list[Json] | None) -> Json:
    return {"Assets": [{"GroundTruthManifest": {"S3Object": each}} for each in manifests]} if manifests else {}


def _file(bucket: str, key: str) -> Json:
    return {"Assets": [{"GroundTruthManifest": s3_objects.json(bucket, key)}]}
