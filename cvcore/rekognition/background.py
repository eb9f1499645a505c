"""Creates and updates datasets in the background: one thread for a home folder, whatever process it is in.

What is still to be done stands in the database: after a crash it goes on at the next start.
"""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from typing import Any

import filelock
import numpy as np

from cvcore import projects
from cvcore.buckets import addresses
from cvcore.errors import InvalidInput, NotFound, Unavailable
from cvcore.projects import tagging
from cvcore.records import MULTILABEL, Project
from cvcore.rekognition import entries, entry_import, waiting_trainings
from cvcore.settings import Settings
from cvcore.store import DatasetRow, DatasetStatus, ImageSearch, Purpose, StatusCode, Store
from cvcore.validation import near_duplicates, splits
from cvcore.wording import count

log = logging.getLogger("tagwise.rekognition")

# So many lines of each dataset in turn, so that a large one does not hold up the others.
BATCH = 20
CHECKED = 1000
PREFIX = addresses.address(addresses.IMAGES, "")
CHECK = json.dumps({"check": True})
DISTRIBUTE, AWAIT = json.dumps({"distribute": True}), json.dumps({"await": True})
SEED = 0
BOXES = "boxes around objects: Tagwise tags whole images, give each line image-level labels"

_threads: dict[Path, threading.Thread] = {}
_starting = threading.Lock()


def copying(project_id: str, purpose: Purpose, after: tuple[str, ...] = ()) -> str:
    """The work of copying a dataset's entries after that position."""
    return json.dumps({"copy": [project_id, purpose], "after": after})


def wake(store: Store, settings: Settings) -> None:
    """Begin or go on with what is still to be done, unless that is so already."""
    with _starting:
        if store.home not in _threads and store.rekognition_datasets.in_progress():
            thread = threading.Thread(target=_run, args=(store, settings), name="rekognition", daemon=True)
            _threads[store.home] = thread
            thread.start()


def work(store: Store, settings: Settings) -> bool:
    """Do a part of what is still to be done, for each dataset in turn; returns whether there was anything."""
    datasets = store.rekognition_datasets.in_progress()
    for dataset in datasets:
        try:
            _part(store, settings, dataset)
        except NotFound as error:
            if store.rekognition_datasets.find(dataset.project_id, dataset.purpose):
                _fail(store, dataset, str(error), "SERVICE_ERROR")
        except InvalidInput as error:
            _fail(store, dataset, str(error), "CLIENT_ERROR")
        except Unavailable as error:
            _fail(store, dataset, f"{error}. What was not read has to be sent again.", "SERVICE_ERROR")
        except Exception:
            log.exception("dataset %s", dataset.arn)
            _fail(store, dataset, "An unexpected error: details are in the server's log.", "SERVICE_ERROR")
    return bool(datasets)


def _run(store: Store, settings: Settings) -> None:
    try:
        is_done = False
        while not is_done:
            with filelock.FileLock(store.home / "rekognition.lock", timeout=0):
                while work(store, settings):
                    pass
            # Who adds work now either finds this thread at it, or none and begins another.
            with _starting:
                is_done = not store.rekognition_datasets.in_progress()
                if is_done:
                    del _threads[store.home]
    except BaseException as error:
        with _starting:
            _threads.pop(store.home, None)
        # Another process may do it.
        if not isinstance(error, filelock.Timeout):
            raise
    finally:
        store.close()


def _part(store: Store, settings: Settings, dataset: DatasetRow) -> None:
    todo: dict[str, Any] = json.loads(dataset.work or "{}")
    if "check" in todo:
        _check(store, dataset)
    elif "copy" in todo:
        _copy(store, dataset, *todo["copy"], after=tuple(todo["after"]))
    elif "distribute" in todo:
        _distribute(store, dataset)
    elif "await" in todo:
        _check_distribution(store, dataset)
    elif lines := store.rekognition_datasets.pending(dataset, BATCH):
        entry_import.add_lines(store, settings, dataset, lines)
    else:
        _finish(store, dataset)


def _check(store: Store, dataset: DatasetRow) -> None:
    """Look at all lines before the first is read: whether they can be read, and which type the project has to be.

    Raises:
        InvalidInput: they have boxes around objects, or none can be read.
    """
    readable, number, after, has_several = 0, 0, 0, False
    while lines := store.rekognition_datasets.pending(dataset, CHECKED, after=after):
        after = lines[-1][0]
        for _, text in lines:
            line, number = entries.parse(text), number + 1
            if line.has_boxes:
                raise InvalidInput(f"The manifest has {BOXES} (line {number:,}).")
            readable += bool(line.source)
            has_several = has_several or len(line.labels) > 1
    if not readable:
        raise InvalidInput(
            "A manifest must have one JSON object a line, with the image's s3://BUCKET/KEY in source-ref; "
            f"none of {count(number, 'line')} is so."
        )
    with store.transaction():
        if has_several:
            _make_multilabel(store, dataset)
        store.rekognition_datasets.set_status(dataset, dataset.status, dataset.message)


def _copy(store: Store, dataset: DatasetRow, project_id: str, purpose: Purpose, *, after: tuple[str, ...]) -> None:
    if store.projects.get(project_id).classification_type == MULTILABEL:
        _make_multilabel(store, dataset)
    names = store.tags.names_and_kinds(project_id)
    page = store.rekognition_entries.page(project_id, purpose, prefix=PREFIX, after=after, take=BATCH)
    for entry in page:
        labels = (
            [names[tag_id][0] for tag_id in entry.image.tag_ids if tag_id in names]
            if entry.image
            else entries.parse(entry.line).labels
        )
        entry_import.copy_entry(store, dataset, entry, labels, copying(project_id, purpose, entry.position))
    if len(page) < BATCH:
        store.rekognition_datasets.set_status(dataset, dataset.status, dataset.message)


def _distribute(store: Store, training: DatasetRow) -> None:
    """Move one in five images to the test dataset, of each label as many; near duplicates stay together.

    Raises:
        InvalidInput: there are too few.
    """
    project = store.projects.get(training.project_id)
    moved = _fifth(store, project)
    if not moved:
        raise InvalidInput("The training dataset has too few images to move one in five: add images first.")
    message = f"The dataset was successfully updated: {count(len(moved), 'image')} of the training dataset moved."
    with store.transaction():
        tagging.mark_for_testing(store, project, moved, True)
        for dataset in (training, store.rekognition_datasets.find(project.id, "TEST")):
            if dataset:
                store.rekognition_datasets.set_status(dataset, "UPDATE_COMPLETE", message)
    waiting_trainings.start_waiting(store, project.id)


def _check_distribution(store: Store, testing: DatasetRow) -> None:
    """Raise InvalidInput if the training dataset, which would have completed the test dataset too, has failed."""
    training = store.rekognition_datasets.find(testing.project_id, "TRAIN")
    current = store.rekognition_datasets.find(testing.project_id, "TEST")
    if current and current.work == AWAIT and not (training and training.work == DISTRIBUTE):
        raise InvalidInput("The training dataset could not be distributed.")


def _fifth(store: Store, project: Project) -> list[str]:
    """The ids of the training images that become test images."""
    wanted = store.searches.ids(ImageSearch(project.id, is_test=False))
    images = sorted(store.images.with_ids(wanted), key=lambda image: image.sha256)
    if not images:
        return []
    tag_ids = sorted({tag_id for image in images for tag_id in image.tag_ids})
    columns = {tag_id: column for column, tag_id in enumerate(tag_ids)}
    truth = np.zeros((len(images), len(columns)), bool)
    for row, image in enumerate(images):
        truth[row, [columns[tag_id] for tag_id in image.tag_ids]] = True
    stored = store.rekognition_entries.signatures([image.id for image in images])
    signatures = np.stack([np.frombuffer(stored[image.id], np.uint8) for image in images])
    folds = splits.hold_out(truth, near_duplicates.groups(signatures), seed=SEED)
    return [image.id for image, fold in zip(images, folds, strict=True) if fold == 0]


def _make_multilabel(store: Store, dataset: DatasetRow) -> None:
    projects.change(store, store.projects.get(dataset.project_id), classification_type=MULTILABEL)


def _finish(store: Store, dataset: DatasetRow) -> None:
    project = store.projects.get(dataset.project_id)
    verb = "created" if dataset.status.startswith("CREATE") else "updated"
    store.rekognition_datasets.set_status(
        dataset, _ended(dataset, "COMPLETE"), f"The dataset was successfully {verb}.{_told(store, dataset, project)}"
    )
    store.jobs.embed_soon(project.id)
    waiting_trainings.start_waiting(store, project.id)


def _told(store: Store, dataset: DatasetRow, project: Project) -> str:
    refused = store.rekognition_entries.stats(project.id, dataset.purpose).errors
    told = " The project is Multilabel: an image may have several labels." * (project.classification_type == MULTILABEL)
    if refused:
        told += f" {count(refused, 'line')} gave no image: ListDatasetEntries with HasErrors says why."
    return told


def _fail(store: Store, dataset: DatasetRow, message: str, code: StatusCode) -> None:
    with store.transaction():
        store.rekognition_datasets.drop_pending(dataset)
        store.rekognition_datasets.set_status(dataset, _ended(dataset, "FAILED"), message, code=code)
    waiting_trainings.start_waiting(store, dataset.project_id)


def _ended(dataset: DatasetRow, end: str) -> DatasetStatus:
    statuses: dict[str, DatasetStatus] = {
        "CREATE_COMPLETE": "CREATE_COMPLETE",
        "CREATE_FAILED": "CREATE_FAILED",
        "UPDATE_COMPLETE": "UPDATE_COMPLETE",
        "UPDATE_FAILED": "UPDATE_FAILED",
    }
    return statuses[f"{dataset.status.partition('_')[0]}_{end}"]
