"""Whether what Quick Test is asked is kept under Predictions, each picture once, however often the page runs."""

from __future__ import annotations

import streamlit as st

from cvcore.files import blobs
from cvcore.prediction import history
from cvcore.records import Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.shell import project_choice

# By iteration and picture, the prediction that this window has kept; None where there was no need to.
_DONE = "quick-kept"


def show() -> bool:
    """A checkbox, on at first, that stays as it is put when another page is opened and this one again."""
    return st.checkbox(
        f"Keep for {history.DAYS} days under Predictions",
        value=True,
        key="quick-keep",
        persist_state="session",
        help="Kept pictures can be tagged there and trained with. Off: this picture and the next ones leave no trace.",
    )


def settle(
    store: Store, project: Project, iteration: Iteration, picture: bytes, *, is_wanted: bool, limits: Limits
) -> None:
    """Keep the picture with what the iteration says of it, or let go of it if it was kept here and is not wanted.

    One that was added to the project or deleted meanwhile is not kept again.

    Raises:
        ImageRefused, NotTrained, ModelDamaged, StorageFull, HomeUnusable: as `history.ask`.
    """
    done = st.session_state.setdefault(_DONE, {})
    place = iteration.id, blobs.sha256(picture)
    if is_wanted:
        if place not in done:
            kept = history.ask_once(store, iteration, picture, application=history.QUICK_TEST, limits=limits)
            done[place] = kept and kept.id
        if done[place]:
            project_choice.link("predictions.py", "Tag it under Predictions", project)
    elif kept_id := done.pop(place, None):
        history.forget(store, project, [kept_id])
