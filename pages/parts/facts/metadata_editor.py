"""The metadata of the selected images: what they have, and a form that sets or removes a key on all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from cvcore.languages import number, t, tn
from cvcore.projects import metadata
from cvcore.projects.undoing import Change
from cvcore.records import Project
from cvcore.store import Store
from pages.parts.shell import undo_toast, widget_resets
from pages.parts.shell.text import isolated, plain, refusals, short

SHOWN, LETTERS = 20, 80


def show(store: Store, project: Project, image_ids: Sequence[str], *, key: str) -> None:
    """Open a dialog on what the selected images have; after a change nothing of `widget_resets` key is selected."""
    st.dialog(t("Metadata"))(_edit)(store, project, image_ids, key=key)


def _edit(store: Store, project: Project, image_ids: Sequence[str], *, key: str) -> None:
    known = store.metadata.of_images(image_ids)
    found = summary([known.get(image_id, {}) for image_id in image_ids])
    st.caption(
        tn(
            len(image_ids),
            "Of {n} selected image. Facts such as camera or size are read, not edited.",
            "Of {n} selected images. Facts such as camera or size are read, not edited.",
        )
    )
    if found:
        listed = [_line(name, told) for name, told in found.items()]
        more = [f"- {tn(left_out, 'and {n} more', 'and {n} more')}"] if (left_out := len(listed) - SHOWN) > 0 else []
        st.markdown("\n".join([*listed[:SHOWN], *more]))
    name = st.selectbox(
        t("Key"),
        list(found),
        index=None,
        format_func=isolated,
        accept_new_options=True,
        placeholder=t("Choose a key, or type a new one and press Enter"),
        key=f"{key}-metadata-key",
    )
    value = st.text_input(t("Value"), key=f"{key}-metadata-value", placeholder=t("The same for all of them"))
    with st.container(horizontal=True):
        if st.button(t("Set"), type="primary", disabled=not (name and value.strip()), key=f"{key}-metadata-set"):
            with refusals():
                _done(project, metadata.put(store, project, image_ids, str(name), value), key)
        if st.button(t("Remove key"), disabled=name not in found, key=f"{key}-metadata-remove"):
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
        said = t("several: {values}", values=listed) if len(values) > 1 else listed
        on, whole = number(values.total()), number(len(known))
        told[key] = said if on == whole else t("{value}; on {part} of {whole}", value=said, part=on, whole=whole)
    return told


def _line(name: str, told: str) -> str:
    said = t("{key}: {value}", key=plain(isolated(name)), value=plain(isolated(short(told, LETTERS))))
    return f"- {said}"


def _done(project: Project, change: Change, key: str) -> None:
    undo_toast.offer(project, change.message, change.undo)
    widget_resets.rerun(key)
