"""Choice of one of the images tested last, which are kept under Predictions."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st
from streamlit_image_select import image_select

from cvcore import urls
from cvcore.languages import current, t
from cvcore.prediction import history
from cvcore.records import Project, StoredPrediction
from cvcore.store import Store
from pages.parts.shell.text import short

OFFERED = 8
LOOKED_AT = 200
CAPTION_LETTERS = 24

# The widget's images have no names, no keyboard reaches them, and the first looks chosen: a script mends all three.
_SCRIPT = Path(__file__).with_suffix(".js")


def kept(store: Store, project: Project) -> list[StoredPrediction]:
    """The predictions of the images tested last and kept, each image once, the newest first, at most 8."""
    stored = store.predictions.of_project(project.id, application=history.QUICK_TEST, take=LOOKED_AT)
    once: dict[str, StoredPrediction] = {}
    for prediction in stored:
        once.setdefault(prediction.sha256, prediction)
    return list(once.values())[:OFFERED]


def show(tested: list[StoredPrediction], project: Project, first: str) -> str:
    """Show the images; returns the SHA-256 of the chosen one, empty if there is none.

    first: the SHA-256 of the one chosen at first, or empty.
    """
    digests = [prediction.sha256 for prediction in tested]
    captions = [short(prediction.predictions[0].tag, CAPTION_LETTERS) for prediction in tested]
    # image_select keeps the first images under a key, so a changed list needs another key; -1 chooses none.
    key = f"quick-tested-{project.id}-{hash(tuple(digests))}"
    start = st.session_state.setdefault(f"{key}-first", digests.index(first) if first in digests else -1)
    place = image_select(
        t("Images tested last, with their most probable tags"),
        [urls.thumbnail(digest) for digest in digests],
        captions=captions,
        index=start,
        return_value="index",
        use_container_width=False,
        key=key,
    )
    script = _SCRIPT.read_text("utf-8")
    st.html(
        f"<script>({script})({_json(t('Images tested last'))}, {place}, {_json(current())});</script>",
        unsafe_allow_javascript=True,
    )
    return digests[place] if 0 <= place < len(digests) else ""


def _json(text: str) -> str:
    return json.dumps(text).replace("<", "\\u003c")
