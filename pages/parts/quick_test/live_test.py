"""A live camera whose frames an iteration answers one after another; a click keeps one under a tag."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime

import streamlit as st

from cvcore import datasets, evaluation, urls
from cvcore.errors import InvalidInput
from cvcore.languages import t, tn
from cvcore.prediction import frames
from cvcore.projects import imports, trash
from cvcore.projects.uploads import Upload
from cvcore.records import Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.shell import undo_toast
from pages.parts.shell.text import isolated, plain, refusals, sentence
from pages.parts.widgets import camera, live_camera
from pages.parts.widgets.live_camera import Bar, Frame

KEY = "live"


def show(
    store: Store,
    project: Project,
    iteration: Iteration,
    threshold: float | Mapping[str, float],
    *,
    limits: Limits | None,
) -> None:
    """Show the camera with the iteration's bars; without limits no frame can be kept, and it is for a projector.

    Raises:
        ModelDamaged: the iteration's network is gone.
    """
    key = f"{KEY}-{project.id}"
    turn = st.session_state.get(f"{key}-turn", 0)
    known = store.tags.names_and_kinds(project.id) if limits else {}
    if limits and (sent := live_camera.sent(key, turn)):
        turn = st.session_state[f"{key}-turn"] = turn + 1
        with refusals():
            refused = keep(store, project, sent, limits)
            for reason in refused:
                st.error(plain(sentence(reason)))
            if not refused:
                st.rerun()
    bars = [
        Bar(tag.name, _threshold_of(tag.name, threshold), tag.tag_id if tag.tag_id in known else "")
        for tag in evaluation.tags(store, iteration)
    ]
    live_camera.show(
        urls.live(iteration.id),
        bars,
        threshold=None if isinstance(threshold, Mapping) else threshold,
        side=frames.side(store, iteration),
        longest=frames.LIMITS.side_max_px,
        turn=turn,
        is_large=limits is None,
        key=key,
    )


def keep(store: Store, project: Project, sent: Sequence[Frame], limits: Limits) -> list[str]:
    """Store frames as images of the project, each under its tag, and say so; returns why others were refused.

    Raises:
        InvalidInput: a frame did not arrive completely.
        Locked, StorageFull, HomeUnusable, NotFound: as `uploads.add`.
    """
    names = {tag_id: name for tag_id, (name, _) in store.tags.names_and_kinds(project.id).items()}
    files = camera.names(len(sent), datetime.now())
    uploads = [_keep(store, project, name, frame, limits) for name, frame in zip(files, sent, strict=True)]
    stored = [upload.image_id for upload in uploads if upload.status == "stored" and upload.image_id]
    if stored:
        under = dict.fromkeys(names[frame.tag_id] for frame in sent if frame.tag_id in names)
        message = tn(
            len(stored),
            "{n} image kept under {tags}.",
            "{n} images kept under {tags}.",
            tags=", ".join(isolated(name) for name in under),
        )
        undo_toast.offer(project, message, lambda: trash.delete_images(store, project, stored).message)
    return list(dict.fromkeys(upload.reason for upload in uploads if upload.status != "stored"))


def _keep(store: Store, project: Project, name: str, frame: Frame, limits: Limits) -> Upload:
    try:
        data = b64decode(frame.image, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput(t("a frame must arrive completely, this one did not: keep another")) from None
    listing = datasets.entries_from_uploads([(name, data)])
    (upload,) = imports.import_images(
        store, project, listing, limits=limits, source="camera", tag_ids=[frame.tag_id]
    ).uploads
    return upload


def _threshold_of(tag: str, threshold: float | Mapping[str, float]) -> float:
    return threshold[tag] if isinstance(threshold, Mapping) else threshold
