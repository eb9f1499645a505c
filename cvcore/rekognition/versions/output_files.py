"""The files that Rekognition writes into the output bucket at the end of a training."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from cvcore import buckets, evaluation
from cvcore.annotations import ground_truth
from cvcore.array_types import Bools
from cvcore.evaluation import rekognition, report_files
from cvcore.records import Iteration, Project
from cvcore.rekognition import background, datasets, entries, validation_results
from cvcore.rekognition.validation_results import NO_ANNOTATIONS, CheckedLine
from cvcore.settings import Settings
from cvcore.store import Entry, Purpose, SnapshotImage, Store, Version

ENTRIES = 1000
Line = TypeVar("Line", str, CheckedLine)
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
    trained, tested = report_files.trained_on(store, iteration), evaluation.load(store, iteration).evaluated
    labels = _labels(store, iteration, images)
    lines, unused = _given(store, project)
    date = ground_truth.timestamp(iteration.created_at)
    checked = [
        CheckedLine(entries.listed(lines.get(image.image_id, ""), source, own, date))
        for image, source, own in zip(images, sources, labels, strict=True)
    ]
    training = [*_rows(checked, trained), *unused["TRAIN"]]
    testing = [*_rows(checked, tested), *unused["TEST"]]
    used = [_text(rekognition.training_line(*each, date)) for each in zip(sources, labels, strict=True)]
    contents = {
        files.summary: (report_files.summary_json(store, project, iteration, version=version.arn), JSON),
        files.training: (_joined(_rows(used, trained)), LINES),
        files.testing: (_joined(report_files.manifest(store, iteration, sources)), LINES),
        files.training_validation: (_joined(map(validation_results.with_errors, training)), LINES),
        files.testing_validation: (_joined(map(validation_results.with_errors, testing)), LINES),
        files.manifest_summary: (_text(validation_results.summary(training, testing)), JSON),
    }
    for key, (text, content_type) in contents.items():
        buckets.write(settings, files.bucket, key, text.encode(), content_type)


def sources_of(store: Store, images: Sequence[SnapshotImage]) -> list[str]:
    """The address of each image: the one that a manifest gave it, else the one of the stored image."""
    given = store.rekognition_entries.sources([image.image_id for image in images])
    return [given.get(image.image_id) or buckets.image_address(image.sha256, image.name) for image in images]


def _labels(store: Store, iteration: Iteration, images: Sequence[SnapshotImage]) -> list[list[str]]:
    names = [tag.name for tag in store.iterations.tags(iteration.id)]
    return [[names[column] for column in image.columns] for image in images]


def _given(store: Store, project: Project) -> tuple[dict[str, str], dict[Purpose, list[CheckedLine]]]:
    """The lines that images came with, by the images' ids; and of each dataset the lines that no training uses.

    Those are of images without labels, and those that gave no image.
    """
    lines: dict[str, str] = {}
    unused: dict[Purpose, list[CheckedLine]] = {"TRAIN": [], "TEST": []}
    for purpose, checked in unused.items():
        for entry in _entries(store, project, purpose):
            if not entry.image:
                checked.append(CheckedLine(entry.line, entry.errors))
            elif entry.image.tag_ids:
                lines.setdefault(entry.image.id, entry.line)
            else:
                checked.append(CheckedLine(datasets.line_of(entry, entry.image, []), (NO_ANNOTATIONS,)))
    return lines, unused


def _entries(store: Store, project: Project, purpose: Purpose) -> Iterator[Entry]:
    after: tuple[str, ...] = ()
    while page := store.rekognition_entries.page(
        project.id, purpose, prefix=background.PREFIX, after=after, take=ENTRIES
    ):
        yield from page
        after = page[-1].position


def _rows(lines: Sequence[Line], rows: Bools) -> list[Line]:
    return [lines[row] for row in np.flatnonzero(rows).tolist()]


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False)


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
