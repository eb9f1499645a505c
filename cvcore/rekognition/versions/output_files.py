"""The files that Rekognition writes into the output bucket at the end of a training."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cvcore import buckets, evaluation
from cvcore.annotations import ground_truth
from cvcore.array_types import Bools
from cvcore.buckets import addresses
from cvcore.evaluation import report_files
from cvcore.records import Iteration, Project
from cvcore.rekognition import validation_results
from cvcore.rekognition.validation_results import NO_ANNOTATIONS, CheckedLine
from cvcore.settings import Settings
from cvcore.store import EntryFilter, Purpose, SnapshotImage, Store, Version

ENTRIES = 1000
JSON, LINES = "application/json", "application/x-ndjson"


@dataclass(frozen=True)
class OutputFiles:
    """The keys of a version's files in its output bucket.

    https://docs.aws.amazon.com/rekognition/latest/APIReference/API_DescribeProjectVersions.html has the names in its
    example.
    """

    bucket: str
    summary: str
    manifest_summary: str
    training: str
    testing: str
    training_validation: str
    testing_validation: str


def of_version(version: Version) -> OutputFiles:
    """The files of a version, whether they are written or not."""
    return named(version.output_bucket, version.output_prefix, project_name(version), version.name)


def project_name(version: Version) -> str:
    """The project's name when the version got its ARN, with the letters that an ARN may have."""
    return version.arn.split("/")[1]


def named(bucket: str, prefix: str, project: str, version: str) -> OutputFiles:
    """The files of a version by the names of its project and its own.

    >>> named("my-bucket", "my-model-output/", "my-project", "1").summary
    'my-model-output/EvaluationResultSummary-my-project-1.json'
    """
    folder = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""

    def key(kind: str) -> str:
        return f"{folder}{kind}-{project}-{version}.json"

    return OutputFiles(
        bucket,
        summary=key("EvaluationResultSummary"),
        manifest_summary=key("ManifestSummary"),
        training=key("TrainingGroundTruth"),
        testing=key("TestingGroundTruth"),
        training_validation=key("TrainingManifestWithValidation"),
        testing_validation=key("TestingManifestWithValidation"),
    )


def write(store: Store, settings: Settings, project: Project, iteration: Iteration, version: Version) -> None:
    """Write a trained iteration's files; those that are there are replaced by equal ones.

    Raises:
        Conflict, ModelDamaged: as `evaluation.load`.
        InvalidInput, BucketNotFound, FetchFailed, StorageFull, HomeUnusable: as `buckets.write`.
    """
    files = of_version(version)
    images = store.iterations.images(iteration.id)
    sources = sources_of(store, images)
    trained = report_files.trained_on(store, iteration)
    lines = _labeled(store, iteration, images, sources)
    training = [*_kept(lines, trained), *_unused(store, project, "TRAIN")]
    testing = [*_kept(lines, evaluation.load(store, iteration).evaluated), *_unused(store, project, "TEST")]
    summary = report_files.summary_json(store, project, iteration, version=version.arn)
    contents = {
        files.summary: (summary, JSON),
        files.training: (_joined(line.line for line in _kept(lines, trained)), LINES),
        files.testing: (_joined(report_files.manifest(store, iteration, sources)), LINES),
        files.training_validation: (_joined(map(validation_results.with_errors, training)), LINES),
        files.testing_validation: (_joined(map(validation_results.with_errors, testing)), LINES),
        files.manifest_summary: (json.dumps(validation_results.summary(training, testing), indent=2), JSON),
    }
    for key, (text, content_type) in contents.items():
        buckets.write(settings, files.bucket, key, text.encode(), content_type)


def sources_of(store: Store, images: Sequence[SnapshotImage]) -> list[str]:
    """The address of each image: the one that a manifest gave it, else the one of the stored image."""
    given = store.rekognition_entries.sources([image.image_id for image in images])
    return [given.get(image.image_id) or buckets.image_address(image.sha256, image.name) for image in images]


def _labeled(
    store: Store, iteration: Iteration, images: Sequence[SnapshotImage], sources: Sequence[str]
) -> list[CheckedLine]:
    """A line for each of an iteration's images, with its labels."""
    names = [tag.name for tag in store.iterations.tags(iteration.id)]
    date = ground_truth.timestamp(iteration.created_at)
    return [
        CheckedLine(ground_truth.line(source, [names[column] for column in image.columns], date))
        for image, source in zip(images, sources, strict=True)
    ]


def _kept(lines: Sequence[CheckedLine], rows: Bools) -> list[CheckedLine]:
    return [lines[row] for row in np.flatnonzero(rows).tolist()]


def _unused(store: Store, project: Project, purpose: Purpose) -> Iterator[CheckedLine]:
    """The lines of a dataset that no training uses: images without labels, and lines that gave no image."""
    prefix = buckets.address(addresses.IMAGES, "")
    for matching in (EntryFilter(is_labeled=False, has_errors=False), EntryFilter(has_errors=True)):
        after: tuple[str, ...] = ()
        while page := store.rekognition_entries.page(
            project.id, purpose, prefix=prefix, matching=matching, after=after, take=ENTRIES
        ):
            for entry in page:
                image = entry.image
                source = entry.source or (buckets.image_address(image.sha256, image.name) if image else "")
                line = entry.line or ground_truth.line(source, [], "")
                yield CheckedLine(line, entry.errors or (NO_ANNOTATIONS,))
            after = page[-1].position


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
