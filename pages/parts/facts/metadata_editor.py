"""The metadata of the selected images: what they have, and a form that sets or removes a key on all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from cvcore.projects import metadata
from cvcore.projects.changes import Change
from cvcore.records import Project
from cvcore.store import Store
from cvcore.wording import count
from pages.parts.shell import undo_toast, widget_resets
from pages.parts.shell.text import isolated, plain, refusals, short

SHOWN, LETTERS = 20, 80


@st.dialog("Metadata")
def show(store: Store, project: Project, image_ids: Sequence[str], *, key: str) -> None:
    """Show what the selected images have, and change it; afterwards nothing of `widget_resets` key is selected."""
    known = store.metadata.of_images(image_ids)
    found = summary([known.get(image_id, {}) for image_id in image_ids])
    st.caption(f"Of {count(len(image_ids), 'selected image')}. Facts such as camera or size are read, not edited.")
    if found:
        listed = [f"- {plain(isolated(name))}: {plain(isolated(short(told, LETTERS)))}" for name, told in found.items()]
        more = [f"- and {len(listed) - SHOWN:,} more"] if len(listed) > SHOWN else []
        st.markdown("\n".join([*listed[:SHOWN], *more]))
    name = st.selectbox(
        "Key",
        list(found),
        index=None,
        format_func=isolated,
        accept_new_options=True,
        placeholder="Choose a key, or type a new one and press Enter",
        key=f"{key}-metadata-key",
    )
    value = st.text_input("Value", key=f"{key}-metadata-value", placeholder="The same for all of them")
    with st.container(horizontal=True):
        if st.button("Set", type="primary", disabled=not (name and value.strip()), key=f"{key}-metadata-set"):
            with refusals():
                _done(project, metadata.put(store, project, image_ids, str(name), value), key)
        if st.button("Remove key", disabled=name not in found, key=f"{key}-metadata-remove"):
            with refusals():
                _done(project, metadata.remove(store, project, image_ids, str(name)), key)


def summary(known: Sequence[dict[str, str]]) -> dict[str, str]:
    """What images have of each key: the value, that there are several, or on how many images it is.

    >>> summary([{"room": "12", "day": "1"}, {"room": "12", "day": "2"}, {"room": "12"}])
    {'day': 'several: 1, 2; on 2 of 3', 'room': '12'}
    """
    told = {}
    for key in sorted({key for texts in known for key in texts}):
        values = Counter(texts[key] for texts in known if key in texts)
        listed = ", ".join(value for value, _ in values.most_common(3)) + (" …" if len(values) > 3 else "")
        of_all = "" if values.total() == len(known) else f"; on {values.total():,} of {len(known):,}"
        told[key] = (f"several: {listed}" if len(values) > 1 else listed) + of_all
    return told


def _done(project: Project, change: Change, key: str) -> None:
    undo_toast.offer(project, change.message, change.undo)
    widget_resets.rerun(key)
