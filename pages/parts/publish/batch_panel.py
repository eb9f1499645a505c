"""Predictions for many uploaded images or zips, with a table of the answers to download.

A thread predicts, so that the work continues when the page is left or reloaded.
"""

from __future__ import annotations

import base64
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from cvcore import evaluation, languages
from cvcore.languages import marked, t, tn
from cvcore.prediction import batch_images, batches
from cvcore.prediction.batches import ImageAnswer
from cvcore.projects.uploads import Upload
from cvcore.records import Iteration, Project
from cvcore.settings import MEBIBYTE, Limits
from cvcore.store import Store
from cvcore.wording import percent
from pages.parts.images import upload_panel
from pages.parts.quick_test import answer_threshold
from pages.parts.shell import background_runs, detail_level, text, widget_resets
from pages.parts.shell.text import plain, sentence
from pages.parts.widgets import number_table

KEPT_S = 3600.0
KEY = "batch"
ROWS = 200
THUMBNAIL_PX = 96
NO_ANSWER = marked("no answer")

_one_at_a_time = threading.Lock()


@dataclass
class Run(background_runs.Run):
    """A batch of predictions: which iteration predicts, and the answers so far as lines of a CSV file."""

    what: str = marked("Predictions")
    stage: str = marked("Waiting for its turn")
    iteration: str = ""
    total: int = 0
    done: int = 0
    lines: list[str] = field(default_factory=list)
    first: list[ImageAnswer] = field(default_factory=list)
    unread: list[Upload] = field(default_factory=list)
    answers: Counter[str | None] = field(default_factory=Counter)

    def add(self, answer: ImageAnswer, tags: Sequence[str]) -> None:
        """Record an image's answer, or the reason why it has none."""
        self.done += 1
        stage = tn(self.total, "{done} of {n} image", "{done} of {n} images", done=languages.number(self.done))
        self.report(stage, self.done / max(self.total, 1))
        if answer.refusal:
            self.unread.append(Upload(answer.image, "refused", answer.refusal))
            return
        self.lines.append(batches.csv_row(answer, tags))
        self.answers.update(answer.answer or (None,))
        if len(self.first) < ROWS:
            self.first.append(answer)


def show(store: Store, project: Project, iteration: Iteration, limits: Limits) -> None:
    """Show the form or, while a batch is running, its progress; then the result of the last batch."""
    run = _recent(project)
    if run and not run.is_done:
        background_runs.watch(run)
        return
    st.caption(
        t(
            "Choose images of up to {size} MB each, or zips of them. Their answers stay here for an hour; the images "
            "are not stored.",
            size=f"{(limits.read_bytes - 1) / MEBIBYTE:g}",
        )
        + (f" {t('For folders use the command *tagwise predict*.')}" if detail_level.is_full() else "")
    )
    threshold = answer_threshold.show(store, iteration)
    with st.container(key="uploader"):
        files = st.file_uploader(
            t("Images"),
            accept_multiple_files=True,
            key=f"batch-{project.id}-{widget_resets.current(KEY)}",
            label_visibility="collapsed",
        )
    label = tn(len(files), "Predict {n} file", "Predict {n} files") if files else t("Predict")
    if st.button(label, type="primary", disabled=not files, key=f"predict-{project.id}"):
        start(store, project, iteration, files, threshold, limits)
        widget_resets.rerun(KEY)
    if run:
        _result(project, run)


def start(
    store: Store,
    project: Project,
    iteration: Iteration,
    files: Sequence[Any],
    threshold: float | Mapping[str, float],
    limits: Limits,
) -> Run:
    """Start to predict uploaded files in a thread; one batch runs at a time, the others wait."""
    run = _latest()[project.id] = Run(iteration=iteration.name)

    def work(run: Run) -> str:
        with _one_at_a_time:
            tags = [tag.name for tag in evaluation.tags(store, iteration)]
            run.lines.append(batches.csv_header(tags))
            images = batch_images.images_uploaded([(file.name, file) for file in files], limits)
            run.total = len(images)
            for answer in batches.predict(
                store, iteration, images, threshold, limits=limits, thumbnail_px=THUMBNAIL_PX
            ):
                run.add(answer, tags)
        return ""

    return background_runs.begin(run, work, thread="batch", release=background_runs.releaser(files))


@st.cache_resource(show_spinner=False)
def _latest() -> dict[str, Run]:
    """The last batch of each project, by the project's id, whoever started it."""
    return {}


def _recent(project: Project) -> Run | None:
    run = _latest().get(project.id)
    if run and run.is_older_than(KEPT_S):
        _latest().pop(project.id, None)
        return None
    return run


def _result(project: Project, run: Run) -> None:
    if run.stopped:
        st.error(plain(sentence(run.stopped)))
    read = run.done - len(run.unread)
    if read:
        numbers = ", ".join(
            f"{t(NO_ANSWER) if tag is None else plain(tag)} {languages.number(number)}"
            for tag, number in run.answers.most_common(20)
        )
        box = st.warning if run.stopped else st.success
        box(
            tn(
                read,
                "{n} image predicted by {iteration}: {numbers}.",
                "{n} images predicted by {iteration}: {numbers}.",
                iteration=plain(run.iteration),
                numbers=numbers,
            )
        )
        st.download_button(
            t("Download the table"),
            lambda: "".join(run.lines),
            file_name="answers.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"batch-table-{project.id}",
        )
        st.html(_table(run.first))
        if read > len(run.first):
            shown = languages.number(len(run.first))
            st.caption(
                tn(
                    read,
                    "The first {shown} of {n} image; the table to download has them all.",
                    "The first {shown} of {n} images; the table to download has them all.",
                    shown=shown,
                )
            )
    if run.unread:
        st.warning(tn(len(run.unread), "{n} file could not be read.", "{n} files could not be read."))
        st.html(text.table(run.unread[: upload_panel.ROWS]))


def _table(answers: Sequence[ImageAnswer]) -> str:
    """Each image with its thumbnail, name and answer, as escaped HTML."""
    tops = [answer.predictions[0] for answer in answers]
    columns = {
        t("Image"): [answer.image for answer in answers],
        t("Answer"): [", ".join(answer.answer) or t(NO_ANSWER) for answer in answers],
        t("Most probable"): [top.tag for top in tops],
        t("Probability"): [percent(top.probability) for top in tops],
    }
    images = [f"data:image/webp;base64,{base64.b64encode(answer.thumbnail).decode()}" for answer in answers]
    return number_table.of(
        columns, label=t("Answers"), texts=(t("Image"), t("Answer"), t("Most probable")), images=images
    )
