"""Exports of an iteration: each format is made on request, compared with the answers shown here, and downloaded."""

from __future__ import annotations

import streamlit as st

from cvcore import urls
from cvcore.errors import Unavailable
from cvcore.exports import background, formats
from cvcore.exports.background import ExportJob
from cvcore.records import Iteration
from cvcore.store import Store
from pages.parts.shell.text import plain, refusals, sentence

POLL_S = 1.0

WORDS = {
    "keras": ("Keras", "One .keras file, for Python with Keras."),
    "savedmodel": ("TensorFlow SavedModel", "A folder, for TensorFlow and TensorFlow Serving."),
    "tflite": ("LiteRT (TFLite)", "For phones and small computers such as a Raspberry Pi."),
    "tflite-fp16": ("LiteRT, 16 bits", "Half the size; the answers stay the same but for rare cases."),
    "tflite-int8": ("LiteRT, 8 bits", "A quarter of the size, for the smallest devices; some answers may change."),
    "onnx": ("ONNX", "For ONNX Runtime, which most languages and systems have."),
    "openvino": ("OpenVINO", "For Intel processors."),
    "container": ("Container", "For Docker: a small server that answers Custom Vision's prediction routes."),
}


def show(store: Store, iteration: Iteration) -> None:
    """A row for each format, asked after while one is being made."""
    st.caption(
        "Each is a folder in a zip with labels, thresholds and an example that runs without Tagwise. Before it is "
        "offered, it is run on up to 50 of the project's images, and its answers are compared with those shown here."
    )
    is_busy = any(each.status == "Exporting" for each in background.find(store, iteration))
    st.fragment(_board, run_every=POLL_S if is_busy else None)(store, iteration, is_busy)


def _board(store: Store, iteration: Iteration, was_busy: bool) -> None:
    there = {each.format: each for each in background.find(store, iteration)}
    for name in formats.NAMES:
        with st.container(border=True):
            words, action = st.columns([3, 1], vertical_alignment="center")
            title, purpose = WORDS[name]
            words.markdown(f"**{title}** · {purpose}")
            with words:
                _fate(there.get(name))
                if obstacle := _obstacle(name):
                    st.caption(plain(obstacle))
            with action:
                _action(store, iteration, name, there.get(name), can_be_made=not obstacle)
    if was_busy != any(each.status == "Exporting" for each in there.values()):
        st.rerun()


def _fate(each: ExportJob | None) -> None:
    if each is None:
        return
    if each.status == "Exporting":
        st.progress(min(each.progress, 1.0), text=plain(f"{each.stage}. This goes on when you leave the page."))
    elif each.status == "Failed":
        st.error(plain(sentence(each.error)))
    else:
        agreed = f" · {sentence(str(each.agreement))}" if each.agreement else ""
        st.caption(plain(f"{each.size_bytes / 1e6:.1f} MB{agreed}"))
        if not each.is_current:
            st.warning("Other thresholds were saved since this was made. Make it again to include them.")


def _obstacle(name: str) -> str:
    """Why a format cannot be made on this machine, or nothing."""
    try:
        formats.find(name)
    except Unavailable as refusal:
        return sentence(str(refusal))
    return ""


def _action(store: Store, iteration: Iteration, name: str, each: ExportJob | None, *, can_be_made: bool) -> None:
    if each and each.status == "Done":
        st.link_button("Download", urls.export(iteration.id, each.file), icon=":material/download:", width="stretch")
    is_wanted = each is None or each.status == "Failed" or not each.is_current
    label = "Make" if each is None else "Make again"
    if is_wanted and can_be_made and st.button(label, key=f"make-{name}-{iteration.id}", width="stretch"):
        with refusals():
            background.start(store, iteration, name)
            st.rerun()
