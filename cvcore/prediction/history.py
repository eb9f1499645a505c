"""Pictures that iterations were asked about, kept for 30 days, so that the telling ones can be tagged and trained."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cvcore.errors import InvalidInput
from cvcore.files import blobs
from cvcore.prediction import predictor
from cvcore.projects import uploads
from cvcore.records import Iteration, Project, StoredPrediction
from cvcore.settings import Limits
from cvcore.store import Store

DAYS = 30
APPLICATION_LETTERS = 128
QUICK_TEST = "Quick Test"


def ask(store: Store, iteration: Iteration, picture: bytes, *, application: str, limits: Limits) -> StoredPrediction:
    """What an iteration says of a picture, kept together with the picture and its embedding.

    Raises:
        ImageRefused, NotTrained, ModelDamaged: as `prediction.predict`.
        StorageFull, HomeUnusable: it cannot be kept.
        InvalidInput: the application's name is too long.
    """
    if len(application) > APPLICATION_LETTERS:
        raise InvalidInput(f"an application's name must have at most {APPLICATION_LETTERS} letters")
    embedding = predictor.embedding(store, iteration, picture, limits=limits)
    predictions = predictor.judge(store, iteration, embedding)
    digest = blobs.sha256(picture)
    try:
        with store.transaction():
            path = blobs.original_path(store.home, digest)
            if not path.exists():
                # It goes in 30 days anyway, so the answer does not wait for the disk.
                blobs.write(path, picture, durable=False)
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


def ask_once(
    store: Store, iteration: Iteration, picture: bytes, *, application: str, limits: Limits
) -> StoredPrediction | None:
    """As `ask`, but what is kept already is not kept twice, and a picture of the project's own not at all: None."""
    digest = blobs.sha256(picture)
    if store.images.has(iteration.project_id, digest):
        return None
    known = store.predictions.of_image(iteration.id, digest)
    return known or ask(store, iteration, picture, application=application, limits=limits)


def forget(store: Store, project: Project, prediction_ids: Sequence[str]) -> None:
    """Delete kept predictions, and the pictures that nothing else holds."""
    with store.transaction():
        uploads.forget(store, store.predictions.remove(project.id, prediction_ids))


def forget_pictures(store: Store, project: Project, digests: Sequence[str]) -> None:
    """Delete all that is kept of what a project's iterations said of pictures, and those that nothing else holds."""
    with store.transaction():
        store.predictions.remove_images(project.id, digests)
        uploads.forget(store, digests)


def oldest(now: datetime | None = None) -> datetime:
    """Since when what was asked is kept."""
    return (now or datetime.now(UTC)) - timedelta(days=DAYS)


def purge(store: Store, now: datetime | None = None) -> None:
    """Delete what has been kept for 30 days, of all projects, and the pictures that nothing else holds.

    The files go first: whoever is killed in between leaves rows without files, which go with the next purge, and
    never files that no row knows of.
    """
    with store.transaction():
        uploads.delete_unheld(store, store.predictions.remove_older(oldest(now)))


def picture(store: Store, kept: StoredPrediction) -> bytes:
    """The picture a kept prediction is of.

    Raises:
        NotFound: its file is gone.
    """
    return blobs.read(blobs.original_path(store.home, kept.sha256))
