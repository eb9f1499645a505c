"""The button from an image to those that look most like it, which the Images page shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from cvcore import imaging, similar_images
from cvcore.array_types import Float32s
from cvcore.files import blobs
from cvcore.languages import marked, t
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.store import Store

PARAMETER = "like"
LABEL, ICON = marked("More like this"), ":material/image_search:"

_PAGE = Path(__file__).resolve().parents[2] / "images.py"
_SENT = "like-sent"
_SENT_MOST = 8
_SHOWN_PX = 256


@dataclass(frozen=True, eq=False)
class SentImage:
    """An image that is not stored, as long as the window is open: its name, its embedding, and a small WebP of it."""

    name: str
    embedding: Float32s
    shown: bytes


def show(project: Project, like: str, *, key: str, close: Callable[[], None]) -> None:
    """Show the button for an image that is stored, given by its id or, if it is not the project's, its SHA-256.

    `close` closes the large view that the button is in.
    """
    if st.button(t(LABEL), icon=ICON, type="tertiary", key=key):
        close()
        open_page(project, like)


def show_for_bytes(store: Store, project: Project, data: bytes, name: str, *, limits: Limits, key: str) -> None:
    """Show the button for an image that may not be stored.

    Raises:
        ImageRefused, ModelDamaged: it was pressed, and the image or the network cannot be read.
        StorageFull, HomeUnusable: it was pressed, and the network cannot be written into the home folder.
    """
    if not st.button(t(LABEL), icon=ICON, type="tertiary", key=key):
        return
    digest = blobs.sha256(data)
    known = store.images.find(project.id, digest)
    if known is None:
        sent: dict[str, SentImage] = st.session_state.setdefault(_SENT, {})
        embedding = similar_images.embedding_of(store, project, data, limits=limits)
        sent.pop(digest, None)
        sent[digest] = SentImage(name, embedding, imaging.rendition(data, _SHOWN_PX))
        while len(sent) > _SENT_MOST:
            del sent[next(iter(sent))]
    open_page(project, known.id if known else digest)


def sent_image(like: str) -> SentImage | None:
    """The image with that SHA-256 for which `show_for_bytes` was pressed in this window."""
    sent: dict[str, SentImage] = st.session_state.get(_SENT, {})
    return sent.get(like)


def open_page(project: Project, like: str) -> None:
    """Open the Images page with the images most like one."""
    st.session_state["project"] = project.id
    st.switch_page(_PAGE, query_params={"project": project.id, PARAMETER: like})
