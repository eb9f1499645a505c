"""Exports of an iteration: one row per format, with buttons to make and to download it."""

from __future__ import annotations

import streamlit as st

from cvcore import languages, urls
from cvcore.errors import Unavailable
from cvcore.exports import background, exporting, flavors, formats, messages
from cvcore.exports.background import ExportJob
from cvcore.languages import marked, t
from cvcore.records import Iteration
from cvcore.store import Store
from pages.parts.shell.text import plain, refusals, sentence

POLL_S = 1.0

WORDS = {
    "keras": ("Keras", marked("One .keras file, for Python with Keras.")),
    "savedmodel": (marked("TensorFlow SavedModel"), marked("A folder, for TensorFlow and TensorFlow Serving.")),
    "tensorflow": (
        marked("TensorFlow graph"),
        marked("One model.pb, for programs that were written for Custom Vision's."),
    ),
    "tflite": ("LiteRT (TFLite)", marked("For phones and small computers such as a Raspberry Pi.")),
    "tflite-fp16": (marked("LiteRT, 16 bits"), marked("Half the size; the answers almost never change.")),
    "tflite-int8": (
        marked("LiteRT, 8 bits"),
        marked("A quarter of the size, for the smallest devices; some answers may change."),
    ),
    "onnx": ("ONNX", marked("For ONNX Runtime, which most languages and systems have.")),
    "onnx-nchw": (marked("ONNX, channels first"), marked("For programs that were written for Custom Vision's ONNX.")),
    "onnx-fp16": (marked("ONNX, channels first, 16 bits"), marked("Half the size; the answers almost never change.")),
    "openvino": ("OpenVINO", marked("For Intel processors.")),
    "tfjs": ("TensorFlow.js", marked("For web pages and Node.js.")),
    "coreml": (
        marked("Core ML"),
        marked("For iPhones, iPads and Macs. Only a Mac can run it, so it is tested only there."),
    ),
    "container": (
        marked("Container"),
        marked("For Docker: a small server that answers Custom Vision's prediction routes."),
    ),
}


def show(store: Store, iteration: Iteration) -> None:
    """Show one row per format, updated every second while an export is running."""
    st.caption(
        t(
            "An export is a zip with the model, its labels and thresholds, and a program that runs without Tagwise. "
            "Before you can download it, it is tested on up to 50 of the project's images: its answers are compared "
            "with those on these pages."
        )
    )
    is_busy = any(job.status == "Exporting" for job in background.find(store, iteration))
    st.fragment(_board, run_every=POLL_S if is_busy else None)(store, iteration, is_busy)


def _board(store: Store, iteration: Iteration, was_busy: bool) -> None:
    jobs = {job.format: job for job in background.find(store, iteration)}
    for name in formats.NAMES:
        with st.container(border=True):
            words, action = st.columns([3, 1], vertical_alignment="center")
            title, purpose = WORDS[name]
            words.markdown(f"**{t(title)}** · {t(purpose)}")
            with words:
                if flavor := flavors.of_format(name):
                    names = ", ".join(filter(None, (flavor.platform, flavor.flavor)))
                    st.caption(t("In Custom Vision: {names}", names=names))
                _show_state(jobs.get(name))
                if obstacle := _obstacle(name):
                    st.caption(plain(obstacle))
            with action:
                _action(store, iteration, name, jobs.get(name), can_be_made=not obstacle)
    if was_busy != any(job.status == "Exporting" for job in jobs.values()):
        st.rerun()


def _show_state(job: ExportJob | None) -> None:
    if job is None:
        return
    if job.status == "Exporting":
        st.progress(
            min(job.progress, 1.0),
            text=plain(t("{stage}. This goes on when you leave the page.", stage=messages.said(job.stage))),
        )
    elif job.status == "Failed":
        st.error(plain(sentence(messages.said(job.error))))
    else:
        size = t("{size} MB", size=languages.decimal(job.size_bytes / 1e6))
        st.caption(plain(f"{size} · {sentence(tested)}" if (tested := _how_tested(job)) else size))
        if not job.is_current:
            st.warning(t("Other thresholds were saved after this export. Make it again to include them."))


def _how_tested(job: ExportJob) -> str:
    """How well an export agrees with the page, or why that is not known; empty if its zip does not say."""
    if job.agreement:
        return str(job.agreement)
    return "" if formats.by_name(job.format).can_be_tested else t(exporting.NOT_RUN)


def _obstacle(name: str) -> str:
    """Why a format cannot be made on this machine; empty if it can."""
    try:
        formats.find(name)
    except Unavailable as refusal:
        return sentence(str(refusal))
    return ""


def _action(store: Store, iteration: Iteration, name: str, job: ExportJob | None, *, can_be_made: bool) -> None:
    if job and job.status == "Done":
        st.link_button(t("Download"), urls.export(iteration.id, job.file), icon=":material/download:", width="stretch")
    is_wanted = job is None or job.status == "Failed" or not job.is_current
    label = t("Make") if job is None else t("Make again")
    if is_wanted and can_be_made and st.button(label, key=f"make-{name}-{iteration.id}", width="stretch"):
        with refusals():
            background.start(store, iteration, name)
            st.rerun()
