"""Choice whether Quick Test keeps the image under Predictions; it is kept once, however often the page runs."""

from __future__ import annotations

import streamlit as st

from cvcore.files import blobs
from cvcore.languages import t, tn
from cvcore.prediction import history
from cvcore.records import Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.shell import project_choice

# The id of the prediction that this session has kept, by iteration and image; None if it was not necessary.
_DONE = "quick-kept"


def show() -> bool:
    """Show the checkbox, on at first; returns its state, which stays when the user leaves the page and comes back."""
    return st.checkbox(
        tn(history.DAYS, "Keep for {n} day under Predictions", "Keep for {n} days under Predictions"),
        value=True,
        key="quick-keep",
        persist_state="session",
        help=t("Kept images can be tagged there and used for training. Off: nothing of your images is stored."),
    )


def settle(
    store: Store, project: Project, iteration: Iteration, image: bytes, *, is_wanted: bool, limits: Limits
) -> None:
    """Keep the image with its prediction, or delete it if it was kept here and is not wanted.

    An image that was added to the project or deleted in the meantime is not kept again.

    Raises:
        ImageRefused, NotTrained, ModelDamaged, StorageFull, HomeUnusable: see `history.predict_and_keep`.
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
            project_choice.link("predictions.py", t("Tag it under Predictions"), project)
    elif kept_id := handled.pop(place, None):
        history.delete(store, project, [kept_id])
