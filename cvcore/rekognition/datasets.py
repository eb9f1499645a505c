"""The two datasets of a project: its images for training, and its images for testing.

A dataset is there once it was created, or once the project has such images: those that came by the pages are entries,
too, and what the pages change is changed in the dataset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from cvcore import buckets
from cvcore.annotations import ground_truth
from cvcore.annotations.parsing import tables
from cvcore.errors import Conflict, InvalidInput, NotFound
from cvcore.projects import uploads
from cvcore.records import Image, Project
from cvcore.rekognition import arns, background, entries, validation_results
from cvcore.rekognition.validation_results import CheckedLine
from cvcore.settings import MEBIBYTE, Settings
from cvcore.store import (
    FOR_TESTING,
    DatasetRow,
    DatasetStatus,
    Entry,
    EntryFilter,
    EntryStats,
    ImageSearch,
    Purpose,
    Store,
)

PURPOSES: tuple[Purpose, Purpose] = ("TRAIN", "TEST")
# Amazon's limits are 1 GB and 250,000 images.
MANIFEST_BYTES = 256 * MEBIBYTE
LINES = 250_000
CREATED = "The dataset was successfully created."


@dataclass(frozen=True)
class Manifest:
    """Where a manifest is."""

    bucket: str
    key: str


@dataclass(frozen=True)
class ManifestText:
    """What a manifest says; or, if it cannot be read, why."""

    text: str = ""
    problem: str = ""


def of_project(store: Store, project: Project, region: str = arns.REGION) -> list[DatasetRow]:
    """The datasets that a project has, that for training first."""
    with store.transaction():
        found = [_find(store, project, purpose, region) for purpose in PURPOSES]
    return [dataset for dataset in found if dataset]


def find(store: Store, arn: str) -> tuple[Project, DatasetRow]:
    """The dataset with that ARN, and its project.

    Raises:
        InvalidInput: it is no ARN.
        NotFound: there is no such dataset.
    """
    project, purpose = arns.dataset(store, arn)
    dataset = store.rekognition_datasets.find(project.id, purpose)
    if not dataset:
        raise NotFound(f"there is no dataset {arn[:200]!r}: it may have been deleted")
    return project, dataset


def create(
    store: Store,
    settings: Settings,
    project: Project,
    purpose: Purpose,
    *,
    source: Manifest | ManifestText | DatasetRow | None = None,
    tags: Mapping[str, str] | None = None,
    region: str = arns.REGION,
) -> DatasetRow:
    """Create a dataset: an empty one, a copy of another, or from a manifest. The images come in the background.

    Raises:
        Conflict: the project has such a dataset.
        BucketNotFound, ObjectNotFound, FetchFailed: the manifest cannot be read.
        InvalidInput: the manifest is too large, or the dataset to be copied is not complete.
    """
    if isinstance(source, Manifest):
        source = read(settings, source)
    if isinstance(source, DatasetRow) and source.is_in_progress:
        raise InvalidInput(f"a dataset to be copied must be complete, {source.arn} is {source.status}: wait for it")
    with store.transaction():
        if known := _find(store, project, purpose, region):
            raise Conflict(
                f"a project has one {purpose} dataset at most, this one has {known.arn}: delete it first, or update it"
            )
        arn = arns.of_dataset(store, project, purpose, region)
        store.rekognition_arns.put_tags(arn, tags or {})
        work = background.CHECK if isinstance(source, ManifestText) else ""
        if isinstance(source, DatasetRow):
            work = background.copying(source.project_id, source.purpose)
        status: DatasetStatus = "CREATE_IN_PROGRESS" if source else "CREATE_COMPLETE"
        message = "The dataset is being created." if source else CREATED
        dataset = store.rekognition_datasets.add(project.id, purpose, arn, status=status, message=message, work=work)
        if isinstance(source, ManifestText):
            if source.problem:
                store.rekognition_datasets.set_status(dataset, "CREATE_FAILED", source.problem, code="CLIENT_ERROR")
            store.rekognition_datasets.add_pending(dataset, entries.lines(source.text))
        store.after_commit(partial(background.wake, store, settings))
    return dataset


def read(settings: Settings, manifest: Manifest) -> ManifestText:
    """The text of a manifest.

    Raises:
        InvalidInput: a name breaks its rule, or it is too large.
        BucketNotFound, ObjectNotFound, FetchFailed: it is not there.
    """
    data = buckets.read(settings, manifest.bucket, manifest.key, limit_bytes=MANIFEST_BYTES)
    try:
        text = tables.decoded(data, "a manifest")
    except InvalidInput as refusal:
        return ManifestText(problem=str(refusal))
    if text.count("\n") > LINES and sum(1 for _ in entries.lines(text)) > LINES:
        problem = f"A manifest must have at most {LINES:,} lines, this one has more: make several datasets."
        return ManifestText(problem=problem)
    return ManifestText(text)


def update(store: Store, settings: Settings, dataset: DatasetRow, changes: bytes) -> None:
    """Add entries to a dataset, and change the labels of those that it has, in the background.

    Raises:
        Conflict: the dataset is being created or updated.
        InvalidInput: the changes are not text, or there are none.
    """
    text = tables.decoded(changes, "the changes")
    with store.transaction():
        check_idle(store, dataset)
        store.rekognition_datasets.set_status(
            dataset, "UPDATE_IN_PROGRESS", "The dataset is being updated.", work=background.CHECK
        )
        store.rekognition_datasets.add_pending(dataset, entries.lines(text))
    background.wake(store, settings)


def delete(store: Store, project: Project, dataset: DatasetRow) -> None:
    """Delete a dataset with its images; those in iterations stay there.

    Raises:
        Conflict: it is being created or updated.
    """
    with store.transaction():
        check_idle(store, dataset)
        uploads.delete(store, _image_ids(store, project, dataset.purpose))
        store.rekognition_arns.delete(dataset.arn)
        store.projects.touch(project.id)


def distribute(store: Store, settings: Settings, training: DatasetRow, testing: DatasetRow) -> None:
    """Move one in five images from a project's training dataset to its test dataset, in the background.

    Raises:
        InvalidInput: the test dataset is not empty.
        NotFound: one of them was deleted meanwhile.
        Conflict: one of them is being created or updated.
    """
    with store.transaction():
        for dataset in (training, testing):
            check_idle(store, dataset)
        if stats(store, testing).total:
            raise InvalidInput("the test dataset must be empty, this one has entries: delete it, and create it again")
        for dataset, work in ((training, background.DISTRIBUTE), (testing, background.AWAIT)):
            message = "The training dataset is being distributed."
            store.rekognition_datasets.set_status(dataset, "UPDATE_IN_PROGRESS", message, work=work)
    background.wake(store, settings)


def stats(store: Store, dataset: DatasetRow) -> EntryStats:
    """How many entries and labels a dataset has."""
    return store.rekognition_entries.stats(dataset.project_id, dataset.purpose)


def page(
    store: Store,
    project: Project,
    dataset: DatasetRow,
    *,
    matching: EntryFilter,
    after: tuple[str, ...] = (),
    take: int,
) -> tuple[list[str], tuple[str, ...]]:
    """Lines of a dataset's entries, and where the next page begins, if there is one."""
    found = store.rekognition_entries.page(
        project.id, dataset.purpose, prefix=background.PREFIX, matching=matching, after=after, take=take + 1
    )
    names = {tag_id: name for tag_id, (name, _) in store.tags.names_and_kinds(project.id).items()}
    return [_listed(entry, names) for entry in found[:take]], found[take - 1].position if len(found) > take else ()


def line_of(entry: Entry, image: Image, labels: Sequence[str]) -> str:
    """The line of an entry's image with these labels: at the address that a manifest gave it, else at ours."""
    source = entry.source or buckets.image_address(image.sha256, image.name)
    return entries.listed(entry.line, source, labels, ground_truth.timestamp(image.created_at))


def check_idle(store: Store, dataset: DatasetRow) -> None:
    """Raise Conflict if the dataset is being created or updated, NotFound if it was deleted meanwhile."""
    current = store.rekognition_datasets.find(dataset.project_id, dataset.purpose)
    if not current or current.arn != dataset.arn:
        raise NotFound(f"there is no dataset {dataset.arn!r}: it was deleted meanwhile")
    if current.is_in_progress:
        raise Conflict(f"the dataset is being changed, its status is {current.status}: wait until that has ended")


def _find(store: Store, project: Project, purpose: Purpose, region: str) -> DatasetRow | None:
    """The dataset, made now if the project has such images."""
    if known := store.rekognition_datasets.find(project.id, purpose):
        return known
    tests = store.images.count(project.id, FOR_TESTING)
    if not (tests if purpose == "TEST" else store.images.count(project.id) - tests):
        return None
    arn = arns.of_dataset(store, project, purpose, region)
    return store.rekognition_datasets.add(project.id, purpose, arn, status="CREATE_COMPLETE", message=CREATED)


def _image_ids(store: Store, project: Project, purpose: Purpose) -> list[str]:
    return store.searches.ids(ImageSearch(project.id, is_test=purpose == "TEST"))


def _listed(entry: Entry, names: Mapping[str, str]) -> str:
    if not entry.image:
        return validation_results.with_errors(CheckedLine(entry.line, entry.errors))
    return line_of(entry, entry.image, [names[tag_id] for tag_id in entry.image.tag_ids if tag_id in names])
