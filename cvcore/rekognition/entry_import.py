"""Makes entries of datasets: a line's image is stored in the project, or the line is kept with the reason why not.

Each is one transaction with the deletion of the pending line: after a crash no line is lost, and none is read twice.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from cvcore import buckets
from cvcore.annotations import ground_truth
from cvcore.buckets import addresses
from cvcore.datasets import stand_ins
from cvcore.errors import Conflict, FetchFailed, InvalidInput, NotFound
from cvcore.projects import tagging, uploads
from cvcore.records import MULTICLASS, Image, Project
from cvcore.rekognition import entries
from cvcore.rekognition.entries import Line, LineRefused
from cvcore.settings import Limits, Settings
from cvcore.store import DatasetRow, Entry, Store

# How long to wait before an S3 service that does not answer is asked again.
PAUSES_S = (1.0, 3.0)
# So many images in turn may fail so; with the next one the service counts as away.
FAILURES = 3


def add_lines(store: Store, settings: Settings, dataset: DatasetRow, pending: Sequence[tuple[int, str]]) -> None:
    """Make an entry of each pending line: a new image, new labels of one that is there, or a refused line.

    Raises:
        FetchFailed: the S3 service does not answer, for several images in turn; the other lines are still pending.
        StorageFull, HomeUnusable: the line is still pending.
        NotFound: the project was deleted meanwhile.
    """
    failures = 0
    for line_id, text in pending:
        line = entries.parse(text)
        try:
            _add_line(store, settings, dataset, line_id, line, text)
            failures = 0
        except (LineRefused, FetchFailed) as refusal:
            # A service may refuse one object, or all.
            failures = failures + 1 if isinstance(refusal, FetchFailed) else 0
            if failures > FAILURES:
                raise
            error = refusal if isinstance(refusal, LineRefused) else LineRefused("ERROR_INVALID_IMAGE", str(refusal))
            with store.transaction():
                if store.rekognition_datasets.settle(line_id):
                    _refuse(store, dataset, line, text, [(error.code, str(error))])


def copy_entry(store: Store, dataset: DatasetRow, entry: Entry, labels: Sequence[str], work: str) -> None:
    """Make an entry of one of another dataset, with these labels; a stored image is not read again.

    work: what is still to be done after it, stored in the same transaction.

    Raises:
        NotFound: the project was deleted meanwhile.
    """
    line = Line(entry.source, tuple(labels))
    try:
        with store.transaction():
            store.rekognition_datasets.set_status(dataset, dataset.status, dataset.message, work=work)
            if entry.image:
                image_id, is_new = _copy_image(store, dataset.project_id, entry.image)
                _settle(store, dataset, store.images.get(image_id), is_new, line, entry.line, Limits())
            else:
                _refuse(store, dataset, line, entry.line, entry.errors)
    except LineRefused as refusal:
        with store.transaction():
            store.rekognition_datasets.set_status(dataset, dataset.status, dataset.message, work=work)
            text = entry.line
            if entry.image and not text:
                line = Line(buckets.image_address(entry.image.sha256, entry.image.name), line.labels)
                text = entries.listed("", line.source, line.labels, ground_truth.timestamp(entry.image.created_at))
            _refuse(store, dataset, line, text, [(refusal.code, str(refusal))])


def _known_image(store: Store, project_id: str, source: str) -> str | None:
    """The id of the project's image with that address, or None."""
    bucket, key = buckets.parse(source)
    if bucket == addresses.IMAGES:
        return store.rekognition_entries.image_of(project_id, key.partition("/")[0])
    return store.rekognition_entries.image_id(project_id, source)


def _add_line(store: Store, settings: Settings, dataset: DatasetRow, line_id: int, line: Line, text: str) -> None:
    if line.code:
        raise LineRefused(line.code, line.reason)
    with store.transaction():
        if known := _known_image(store, dataset.project_id, line.source):
            store.rekognition_datasets.settle(line_id)
            _relabel(store, settings, dataset, store.images.get(known), line, text)
            return
    _add_image(store, settings, dataset, line_id, line, text)


def _add_image(store: Store, settings: Settings, dataset: DatasetRow, line_id: int, line: Line, text: str) -> None:
    data = _read(settings, line.source)
    if reason := stand_ins.reason(data):
        raise LineRefused("ERROR_INVALID_IMAGE", reason)

    def settle(image_id: str, is_new: bool) -> None:
        store.rekognition_datasets.settle(line_id)
        _settle(store, dataset, store.images.get(image_id), is_new, line, text, settings.limits)

    project = store.projects.get(dataset.project_id)
    came = uploads.came("Rekognition API", buckets.parse(line.source)[1].rpartition("/")[0])
    upload = uploads.add(store, project, line.source, data, limits=settings.limits, came=came, on_stored=settle)
    if upload.status == "refused":
        raise LineRefused("ERROR_INVALID_IMAGE", upload.reason)


def _read(settings: Settings, source: str) -> bytes:
    """The bytes of an image; one byte too many if it is too large."""
    bucket, key = buckets.parse(source)
    for pause_s in (*PAUSES_S, None):
        try:
            return buckets.read(settings, bucket, key, limit_bytes=settings.limits.photo_bytes)
        except (InvalidInput, NotFound) as refusal:
            raise LineRefused("ERROR_INVALID_IMAGE", str(refusal)) from refusal
        except FetchFailed:
            if pause_s is None:
                raise
            time.sleep(pause_s)
    raise AssertionError


def _copy_image(store: Store, project_id: str, image: Image) -> tuple[str, bool]:
    return store.images.add(
        project_id,
        image.sha256,
        name=image.name,
        width=image.width,
        height=image.height,
        size_bytes=image.size_bytes,
        signature=store.rekognition_entries.signatures([image.id])[image.id],
    )


def _settle(
    store: Store, dataset: DatasetRow, image: Image, is_new: bool, line: Line, text: str, limits: Limits
) -> None:
    """Give an image that is stored its purpose, labels and source.

    Raises:
        LineRefused: the image was there, for the other purpose or with other labels, or it cannot have these.
    """
    project = store.projects.get(dataset.project_id)
    tag_ids = _tag_ids(store, project, image if not is_new else None, line.labels, limits)
    if is_new:
        store.rekognition_entries.forget_sources(image.id)
        tagging.mark_for_testing(store, project, [image.id], dataset.purpose == "TEST")
    else:
        _check_purpose(dataset, image)
        is_other = set(tag_ids) != set(image.tag_ids)
        if project.classification_type == MULTICLASS and tag_ids and image.tag_ids and is_other:
            raise LineRefused("ERROR_DUPLICATE_IMAGE", f"It is {image.name!r}, with another label.")
    store.tags.attach([image.id], tag_ids)
    _put_source(store, dataset, image, line, text)


def _relabel(store: Store, settings: Settings, dataset: DatasetRow, image: Image, line: Line, text: str) -> None:
    """Give an image of the dataset the labels of a new line in place of those that it has."""
    project = store.projects.get(dataset.project_id)
    _check_purpose(dataset, image)
    tag_ids = _tag_ids(store, project, None, line.labels, settings.limits)
    store.tags.detach([image.id])
    store.tags.attach([image.id], tag_ids)
    store.projects.touch(project.id)
    _put_source(store, dataset, image, line, text)


def _tag_ids(store: Store, project: Project, image: Image | None, labels: Sequence[str], limits: Limits) -> list[str]:
    """The ids of the tags with these names, made if need be, which an image may have beside those that it has."""
    try:
        tag_ids = tagging.ensure_ids(store, project, labels, limits=limits)
        has_others = image is not None and project.classification_type != MULTICLASS
        tagging.check(store, project, (*image.tag_ids, *tag_ids) if image and has_others else tag_ids)
    except (InvalidInput, Conflict) as refusal:
        raise LineRefused("ERROR_INVALID_LABELS", str(refusal)) from refusal
    return tag_ids


def _check_purpose(dataset: DatasetRow, image: Image) -> None:
    if image.is_test != (dataset.purpose == "TEST"):
        other = "test" if image.is_test else "training"
        raise LineRefused("ERROR_DUPLICATE_IMAGE", f"It is {image.name!r}, in the project's {other} dataset.")


def _put_source(store: Store, dataset: DatasetRow, image: Image, line: Line, text: str) -> None:
    if line.source:
        store.rekognition_entries.put_source(dataset.project_id, line.source, image.id, text)
        store.rekognition_entries.forget_refused(dataset.project_id, dataset.purpose, line.source)


def _refuse(store: Store, dataset: DatasetRow, line: Line, text: str, errors: Sequence[tuple[str, str]]) -> None:
    # Longer ones can be no labels, and would not fit into Rekognition's answers.
    labels = [label for label in line.labels if len(label) <= Limits.tag_letters]
    store.rekognition_entries.refuse(
        dataset.project_id, dataset.purpose, text, source=line.source, labels=labels, errors=errors
    )
