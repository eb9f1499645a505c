"""Tests pupils' iterations on their class's test set; the worker does so, once for each iteration that counts.

Of each pupil the newest iteration that they trained counts. The best of all would flatter whoever tries most often,
since the test set itself would choose it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cvcore import evaluation, prediction
from cvcore.array_types import Bools, Float32s
from cvcore.classroom import class_tests
from cvcore.classroom.class_tests import ClassTest, folded
from cvcore.errors import HomeUnusable, NotFound, StorageFull, TagwiseError
from cvcore.files import blobs
from cvcore.languages import t
from cvcore.networks import backbones, embedding_cache, stored_images
from cvcore.networks.backbones import Backbone
from cvcore.networks.keras_backend import Device
from cvcore.progress import Progress
from cvcore.records import Iteration
from cvcore.store import ClassResult, Pupil, Store

# In Multilabel an image has the tags of at least this probability; in Multiclass always the most probable tag.
THRESHOLD = 0.5

# The store of a pupil's home folder; None if it cannot be opened now.
OwnStore = Callable[[Path], Store | None]


def judge(store: Store, own_store: OwnStore, progress: Progress, device: Device = "cpu") -> int:
    """Test the iterations that count and were not tested yet, of all classes; returns how many.

    Raises:
        Stopped: `progress` asked to stop; what was done is kept.
        StorageFull, HomeUnusable: a result cannot be stored.
    """
    done = 0
    for school_class in store.classes.all():
        test = class_tests.find(store, school_class)
        if test is None:
            continue
        known = store.class_results.of_class(school_class.id)
        for pupil in store.pupils.of_class(school_class.id):
            own = own_store(blobs.pupil_home(store.home, pupil.class_id, pupil.id))
            iteration = counting(own, test) if own else None
            if own and iteration and not _is_known(known.get(pupil.id), iteration, test):
                store.class_results.put(_result(_Task(store, own, pupil, iteration, test), progress, device))
                done += 1
    return done


@dataclass(frozen=True)
class _Task:
    """An iteration to test: the teacher's store has the test images, the pupil's own the iteration."""

    store: Store
    own: Store
    pupil: Pupil
    iteration: Iteration
    test: ClassTest


def _is_known(result: ClassResult | None, iteration: Iteration, test: ClassTest) -> bool:
    return result is not None and (result.iteration_id, result.test_set) == (iteration.id, test.digest)


def _result(task: _Task, progress: Progress, device: Device) -> ClassResult:
    try:
        return _tested(task, progress, device)
    except (StorageFull, HomeUnusable):
        raise
    except TagwiseError as error:
        return ClassResult(task.pupil.id, task.iteration.id, task.test.digest, error=str(error))


def counting(own: Store, test: ClassTest) -> Iteration | None:
    """The iteration of a pupil that counts, of those with the tags of the test set, if there are any; or None."""
    ids = own.class_results.trained_here()
    if not ids:
        return None
    fitting = (each for each in ids if not _missing(own, each, test))
    return own.iterations.get(next(fitting, ids[0]))


def _missing(own: Store, iteration_id: str, test: ClassTest) -> tuple[str, ...]:
    names = {folded(tag.name) for tag in own.iterations.tags(iteration_id)}
    return tuple(name for name in test.tags if folded(name) not in names)


def _tested(task: _Task, progress: Progress, device: Device) -> ClassResult:
    own, iteration, test = task.own, task.iteration, task.test
    missing = _missing(own, iteration.id, test)
    trained_on = {image.sha256 for image in own.iterations.images(iteration.id) if not image.is_test}
    seen = len((trained_on | own.trainings.tuned_on(iteration.fingerprint)) & set(test.digests))
    if missing or seen:
        return ClassResult(task.pupil.id, iteration.id, test.digest, missing_tags=missing, seen_images=seen)
    backbone = backbones.find(iteration.fingerprint, blobs.backbones_folder(own.home))
    right = right_answers(own, iteration, _embeddings(task, backbone, progress, device), test)
    return ClassResult(task.pupil.id, iteration.id, test.digest, is_right=right.astype(np.uint8).tobytes())


def right_answers(own: Store, iteration: Iteration, embeddings: Float32s, test: ClassTest) -> Bools:
    """Which images of a test set an iteration answers with exactly their tags, (n,)."""
    out_of_fold = evaluation.load(own, iteration)
    # A negative tag says that an image has none of the others.
    names = [folded(tag.name) if tag.kind == "Regular" else "" for tag in evaluation.tags(own, iteration)]
    probabilities = prediction.probabilities(out_of_fold, embeddings)
    if out_of_fold.multilabel:
        answered = probabilities >= THRESHOLD
    else:
        answered = np.arange(len(names)) == probabilities.argmax(axis=1)[:, None]
    given = [{names[column] for column in np.flatnonzero(row)} - {""} for row in answered]
    return np.array([answer == truth for answer, truth in zip(given, test.truth, strict=True)])


def _embeddings(task: _Task, backbone: Backbone, progress: Progress, device: Device) -> Float32s:
    """The test images' embeddings, kept with the teacher's images, but for those of one pupil's fine-tuned network."""
    store, digests = task.store, task.test.digests
    stored_images.check(store, digests, progress)
    known = {} if backbone.is_tuned else store.embeddings.get(backbone.fingerprint, digests)
    missing = [digest for digest in digests if digest not in known]
    networks = blobs.backbones_folder(task.own.home)
    for new in embedding_cache.computed(store, backbone, missing, progress, device, networks=networks):
        known |= new
        if not backbone.is_tuned:
            store.embeddings.put(backbone.fingerprint, new)
    if len(known) < len(set(digests)):
        raise NotFound(t("every image of the test set must be in the home folder, some are missing or damaged"))
    return np.stack([known[digest] for digest in digests])
