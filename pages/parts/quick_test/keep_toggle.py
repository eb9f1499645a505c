"""Whether what Quick Test is asked is kept under Predictions, each image once, however often the page runs."""

from __future__ import annotations

import streamlit as st

from cvcore.files import blobs
from cvcore.prediction import history
from cvcore.records import Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.shell import project_choice

# By iteration and image, the prediction that this window has kept; None where there was no need to.
_DONE = "quick-kept"


def show() -> bool:
    """A checkbox, on at first, that stays as it is put when another page is opened and this one again."""
    return st.checkbox(
        f"Keep for {history.DAYS} days under Predictions",
        value=True,
        key="quick-keep",
        persist_state="session",
        help="Kept images can be tagged there and trained with. Off: this image and the next ones leave no trace.",
    )


def settle(
    store: Store, project: Project, iteration: Iteration, image: bytes, *, is_wanted: bool, limits: Limits
) -> None:
    """Keep the image with its prediction, or delete it if it was kept here and is not wanted.

    One that was added to the project or deleted meanwhile is not kept again.

    Raises:
        ImageRefused, NotTrained, ModelDamaged, StorageFull, HomeUnusable: as `history.predict_and_keep`.
    """
    handled = st.session_state.setdefault(_DONE, {})
    place = iteration.id, blobs.sha256(image)
    if is_wanted:
        if place not in handled:
            stored = history.predict_and_keep_once(
                store, iteration, image, application=history.QUICK_TEST, limits=limits
            )
            handled[place] = stored and stored.id
        if handled[place]:
            project_choice.link("predictions.py", "Tag it under Predictions", project)
    elif kept_id := handled.pop(place, None):
        history.delete(store, project, [kept_id])
