"""Add the images of kept predictions to their project with tags, and delete the predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cvcore.errors import NotFound
from cvcore.files import blobs
from cvcore.prediction import history
from cvcore.projects import tagging, uploads
from cvcore.projects.uploads import Upload
from cvcore.records import Project, StoredPrediction
from cvcore.settings import Limits
from cvcore.store import Store


def add(store: Store, project: Project, name: str, data: bytes, *, tag_ids: Sequence[str], limits: Limits) -> Upload:
    """Add an image as `uploads.add` does, then delete its kept predictions; returns the result of the upload."""
    with store.transaction():
        upload = uploads.add(store, project, name, data, tag_ids=tag_ids, limits=limits)
        if upload.image_id:
            store.predictions.remove_images(project.id, [blobs.sha256(data)])
    return upload


def promote(store: Store, project: Project, tagged: Mapping[str, Sequence[str]], *, limits: Limits) -> list[Upload]:
    """Add the images of kept predictions to the project, and delete these predictions; returns one result per image.

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
        for names in dict.fromkeys(tuple(tagged[prediction.id]) for prediction in kept):
            tag_ids[names] = tagging.ensure_ids(store, project, names, limits=limits)
            tagging.check(store, project, tag_ids[names])
    # One transaction per image: if one fails, the images before it are added, the others stay predictions.
    added = [_promote(store, project, prediction, tag_ids[tuple(tagged[prediction.id])], limits) for prediction in kept]
    if added:
        store.jobs.embed_soon(project.id)
    return added


def _promote(store: Store, project: Project, kept: StoredPrediction, tag_ids: Sequence[str], limits: Limits) -> Upload:
    # The name of its file is not stored.
    name = f"{kept.application or 'prediction'} {kept.created_at.astimezone():%Y-%m-%d %H.%M.%S}"
    try:
        return add(store, project, name, history.image_bytes(store, kept), tag_ids=tag_ids, limits=limits)
    except NotFound as error:
        return Upload(name, "refused", str(error))
