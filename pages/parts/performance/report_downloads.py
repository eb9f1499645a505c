"""Buttons to download an iteration's evaluation; each file is made when its button is pressed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

from cvcore import html_report
from cvcore.evaluation import report_files
from cvcore.html_report import glossary
from cvcore.languages import carried, t
from cvcore.records import Iteration, Project, Thresholds
from cvcore.store import Store
from pages.parts.shell import detail_level

# A button's label, the end of the file's name, its type, what makes it, and a line on its purpose.
File = tuple[str, str, str, Callable[[], str], str]


def show(store: Store, project: Project, iteration: Iteration, *, threshold: Thresholds) -> None:
    """Show a button per file, with a line on its purpose; those for Rekognition in full only.

    `threshold` is the report's.
    """
    for label, name, kind, make, words in _files(store, project, iteration, threshold):
        button, text = st.columns([1, 2], vertical_alignment="center")
        button.download_button(
            label,
            carried(make),
            file_name=f"{_file_name(project.name)}-{iteration.number}-{name}",
            mime=kind,
            icon=":material/download:",
            on_click="ignore",
            width="stretch",
            key=f"download-{name}-{iteration.id}",
        )
        text.caption(words)


def _files(store: Store, project: Project, iteration: Iteration, threshold: Thresholds) -> list[File]:
    files: list[File] = [
        (
            t("HTML report"),
            "report.html",
            "text/html",
            lambda: html_report.page(store, project, iteration, threshold, made_at=datetime.now(UTC)),
            t(
                "One page with numbers at {threshold}, charts and images. It opens and prints without a network.",
                threshold=glossary.in_words(threshold),
            ),
        ),
        (
            t("Probabilities"),
            "probabilities.csv",
            "text/csv",
            lambda: report_files.scores_csv(store, iteration),
            t("Every evaluated image and its probability for every tag, for a spreadsheet."),
        ),
    ]
    if detail_level.is_full():
        files += [
            (
                t("Summary in Rekognition's format"),
                "evaluation-summary.json",
                "application/json",
                lambda: report_files.summary_json(store, project, iteration),
                t("Amazon Rekognition's evaluation summary: labels at their assumed thresholds, and the matrix."),
            ),
            (
                t("Manifest in Rekognition's format"),
                "evaluation-manifest.jsonl",
                "application/jsonl",
                lambda: "\n".join([*report_files.manifest(store, iteration), ""]),
                t("Amazon Rekognition's evaluation manifest: one line of JSON per evaluated image."),
            ),
        ]
    return files


def _file_name(name: str) -> str:
    """A project's name as the beginning of a file name that every operating system accepts.

    >>> _file_name('a/b: "rose"'), _file_name("玫瑰"), _file_name("..")
    ('a-b-rose', '玫瑰', 'project')
    """
    return re.sub(r"[^\w]+", "-", name).strip("-")[:60] or "project"
