"""Kept predictions become training images: their pictures join the project with a tag, and leave the predictions."""

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
    """As `uploads.add`, of a picture that was kept: once it is the project's, it is no longer among the predictions."""
    with store.transaction():
        upload = uploads.add(store, project, name, data, tag_ids=tag_ids, limits=limits)
        if upload.image_id:
            store.predictions.remove_images(project.id, [blobs.sha256(data)])
    return upload


def promote(store: Store, project: Project, tagged: Mapping[str, Sequence[str]], *, limits: Limits) -> list[Upload]:
    """Add kept predictions' pictures, by the predictions' ids, each with the tags of these names; what became of each.

    Tags that are missing are made. Predictions that are gone are left out.

    Raises:
        InvalidInput, TagsRefused: names that cannot be tags', or not together on a picture; nothing is added or made.
        NotFound: the project was deleted meanwhile.
    """
    there = store.predictions.with_ids(project.id, list(tagged))
    kept = [there[each] for each in tagged if each in there]
    tag_ids: dict[tuple[str, ...], list[str]] = {}
    with store.transaction():
        for names in dict.fromkeys(tuple(tagged[each.id]) for each in kept):
            tag_ids[names] = [tag.id for tag in tagging.ensure(store, project, names, limits=limits)]
            tagging.check(store, project, tag_ids[names])
    # Each by itself: whoever stops in the middle has added some, and finds the others where they were.
    fates = [_promote(store, project, each, tag_ids[tuple(tagged[each.id])], limits) for each in kept]
    if fates:
        store.jobs.embed_soon(project.id)
    return fates


def _promote(store: Store, project: Project, kept: StoredPrediction, tag_ids: Sequence[str], limits: Limits) -> Upload:
    # What its file was called is not kept.
    name = f"{kept.application or 'prediction'} {kept.created_at.astimezone():%Y-%m-%d %H.%M.%S}"
    try:
        return add(store, project, name, history.picture(store, kept), tag_ids=tag_ids, limits=limits)
    except NotFound as error:
        return Upload(name, "refused", str(error))
