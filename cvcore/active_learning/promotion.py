"""Add the images of kept predictions to their project with tags; their predictions go, until that is undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from cvcore.errors import NotFound
from cvcore.files import blobs
from cvcore.languages import tn
from cvcore.prediction import history
from cvcore.projects import changes, retagging, tagging, trash, undoing, uploads
from cvcore.projects.retagging import Retagging
from cvcore.projects.uploads import Upload
from cvcore.records import Project, StoredPrediction
from cvcore.settings import Limits
from cvcore.store import Store


@dataclass(frozen=True)
class Promotion:
    """One result per image, and the function that undoes all of them and says what that did."""

    uploads: tuple[Upload, ...]
    undo: Callable[[], str]


@dataclass(frozen=True)
class _Promoted:
    """A result with what undoing needs: the tags that the image got, and the predictions that were deleted."""

    upload: Upload
    tags: retagging.Change | None = None
    predictions: tuple[str, ...] = ()


def add(store: Store, project: Project, name: str, data: bytes, *, tag_ids: Sequence[str], limits: Limits) -> Upload:
    """Add an image as `uploads.add` does, then delete its kept predictions; returns the result of the upload."""
    with store.transaction():
        came = uploads.came("predictions")
        upload = uploads.add(store, project, name, data, tag_ids=tag_ids, limits=limits, came=came)
        if upload.image_id:
            store.predictions.remove_images(project.id, [blobs.sha256(data)])
    return upload


def promote(store: Store, project: Project, tagged: Mapping[str, Sequence[str]], *, limits: Limits) -> Promotion:
    """Add the images of kept predictions to the project, and move these predictions to the trash.

    `tagged` maps a prediction's id to the names of its tags. Missing tags are created. Ids of deleted predictions are
    ignored.

    Raises:
        InvalidInput, TagsRefused: a name cannot be a tag's, or the tags exclude each other; nothing is added.
        NotFound: the project was deleted meanwhile.
    """
    stored = store.predictions.with_ids(project.id, list(tagged))
    kept = [stored[prediction_id] for prediction_id in tagged if prediction_id in stored]
    tag_ids: dict[tuple[str, ...], list[str]] = {}
    with store.transaction():
        known = store.tags.names_and_kinds(project.id)
        for names in dict.fromkeys(tuple(tagged[prediction.id]) for prediction in kept):
            tag_ids[names] = tagging.ensure_ids(store, project, names, limits=limits)
            tagging.check(store, project, tag_ids[names])
    new = {tag_id for ids in tag_ids.values() for tag_id in ids if tag_id not in known}
    # One transaction per image: if one fails, the images before it are added, the others stay predictions.
    added = [_promote(store, project, prediction, tag_ids[tuple(tagged[prediction.id])], limits) for prediction in kept]
    if added:
        store.jobs.embed_soon(project.id)
    uploaded = tuple(promoted.upload for promoted in added)
    return Promotion(uploaded, partial(_undo, store, project, added, sorted(new)))


def _promote(
    store: Store, project: Project, kept: StoredPrediction, tag_ids: Sequence[str], limits: Limits
) -> _Promoted:
    # The name of its file is not stored.
    name = f"{kept.application or 'prediction'} {kept.created_at.astimezone():%Y-%m-%d %H.%M.%S}"
    try:
        data = history.image_bytes(store, kept)
        with store.transaction():
            before = store.images.find(project.id, kept.sha256)
            came = uploads.came("predictions")
            upload = uploads.add(store, project, name, data, tag_ids=tag_ids, limits=limits, came=came)
            if upload.image_id is None:
                return _Promoted(upload)
            after = store.images.get(upload.image_id).tag_ids
            tags = retagging.Change(upload.image_id, before.tag_ids if before else (), after)
            predictions = store.predictions.trash_images(project.id, [kept.sha256])
            return _Promoted(upload, tags, tuple(predictions))
    except NotFound as error:
        return _Promoted(Upload(name, "refused", str(error)))


def _undo(store: Store, project: Project, added: Sequence[_Promoted], new_tag_ids: Sequence[str]) -> str:
    """Undo all promotions whose image is still tagged as they left it, and delete new tags that no image has then."""
    undone, left = 0, 0
    with store.transaction():
        for promoted in added:
            if promoted.tags is None:
                continue
            image = next(iter(store.images.with_ids([promoted.tags.image_id])), None)
            if image is None or set(image.tag_ids) != set(promoted.tags.after):
                left += 1
                continue
            if promoted.upload.status == "stored":
                trash.delete_images(store, project, [image.id])
            else:
                retagging.undo(store, project, Retagging((promoted.tags,), (), ()))
            undone += bool(store.predictions.restore(project.id, promoted.predictions, trash.kept_since()))
        changes.delete_unused(store, project, new_tag_ids)
    return undoing.told(
        tn(undone, "{n} image back among the predictions.", "{n} images back among the predictions."), left
    )
