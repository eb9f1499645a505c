"""Predictions kept for 30 days with their images, so that useful ones can be tagged and trained on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cvcore import imaging
from cvcore.errors import InvalidInput
from cvcore.files import blobs
from cvcore.languages import t
from cvcore.prediction import predictor
from cvcore.projects import trash, uploads
from cvcore.projects.undoing import Change
from cvcore.records import Iteration, Project, StoredPrediction
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.wording import count

DAYS = 30
APPLICATION_LETTERS = 128
QUICK_TEST = "Quick Test"


def predict_and_keep(
    store: Store, iteration: Iteration, data: bytes, *, application: str, limits: Limits
) -> StoredPrediction:
    """Predict an image's tags, and keep the prediction together with the image and its embedding; HEIC becomes JPEG.

    Raises:
        ImageRefused, NotTrained, ModelDamaged: as `prediction.predict`.
        StorageFull, HomeUnusable: the prediction cannot be stored.
        InvalidInput: the application's name is too long.
    """
    if len(application) > APPLICATION_LETTERS:
        raise InvalidInput(
            t(
                "an application's name must have at most {most} letters, got {number}: shorten it",
                most=APPLICATION_LETTERS,
                number=len(application),
            )
        )
    data = imaging.fitted(data, limits, shrinks=False).data
    embedding = predictor.embedding(store, iteration, data, limits=limits)
    predictions = predictor.predict_embedding(store, iteration, embedding)
    digest = blobs.sha256(data)
    try:
        with store.transaction():
            path = blobs.original_path(store.home, digest)
            if not path.exists():
                # It is deleted after 30 days anyway, so the answer need not wait for the disk.
                blobs.write(path, data, durable=False)
            store.embeddings.put(iteration.fingerprint, {digest: embedding})
            return store.predictions.add(
                iteration.project_id,
                iteration.id,
                application=application,
                sha256=digest,
                predictions=predictions,
            )
    except BaseException:
        uploads.forget(store, [digest])
        raise


def predict_and_keep_once(
    store: Store, iteration: Iteration, data: bytes, *, application: str, limits: Limits
) -> StoredPrediction | None:
    """Like `predict_and_keep`, but an image is kept once: returns the earlier prediction if there is one.

    Returns None, and keeps nothing, if the project has the image.
    """
    data = imaging.fitted(data, limits, shrinks=False).data
    digest = blobs.sha256(data)
    if store.images.has(iteration.project_id, digest):
        return None
    known = store.predictions.of_image(iteration.id, digest)
    return known or predict_and_keep(store, iteration, data, application=application, limits=limits)


def delete(store: Store, project: Project, prediction_ids: Sequence[str]) -> None:
    """Delete kept predictions, and their images if nothing else uses them."""
    with store.transaction():
        uploads.forget(store, store.predictions.remove(project.id, prediction_ids))


def delete_images(store: Store, project: Project, digests: Sequence[str]) -> Change:
    """Move all of a project's kept predictions for images, by SHA-256, to the trash: see `projects.trash`."""
    moved = store.predictions.trash_images(project.id, digests)
    return Change(f"{count(len(digests), 'image')} deleted.", lambda: restore(store, project, moved))


def restore(store: Store, project: Project, prediction_ids: Sequence[str]) -> str:
    """Bring predictions back from the trash; returns a sentence that says how many images.

    Raises:
        NotFound: the project was deleted meanwhile.
    """
    with store.transaction():
        store.projects.get(project.id)
        digests = store.predictions.restore(project.id, prediction_ids, trash.kept_since())
    message = f"{count(len(set(digests)), 'image')} restored."
    if gone := len(prediction_ids) - len(digests):
        message += f" {count(gone, 'prediction')} can no longer be restored."
    return message


def kept_since(now: datetime | None = None) -> datetime:
    """The time from which on predictions are kept: 30 days before now."""
    return (now or datetime.now(UTC)) - timedelta(days=DAYS)


def purge(store: Store, now: datetime | None = None) -> None:
    """Delete predictions older than 30 days, of all projects, and their images if nothing else uses them.

    Files are deleted before rows: if the process is killed in between, rows without files remain, which the next purge
    deletes, and never files without rows.
    """
    with store.transaction():
        uploads.delete_unheld(store, store.predictions.remove_older(kept_since(now)))


def image_bytes(store: Store, kept: StoredPrediction) -> bytes:
    """The bytes of a kept prediction's image.

    Raises:
        NotFound: its file is gone.
    """
    return blobs.read(blobs.original_path(store.home, kept.sha256))
