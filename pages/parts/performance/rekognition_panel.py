"""Shows the evaluation in Amazon Rekognition's terms, and explains these."""

from __future__ import annotations

import streamlit as st

from cvcore import evaluation
from cvcore.languages import number, t
from cvcore.records import Iteration
from cvcore.store import Store
from cvcore.wording import percent
from pages.parts.shell.text import refusals
from pages.parts.widgets import number_table


def show(store: Store, iteration: Iteration) -> None:
    """Show Rekognition's three numbers, each label at its assumed threshold, and how they differ from ours."""
    with refusals():
        report = evaluation.overview(store, iteration).rekognition
        ours = evaluation.report(store, iteration).overall.average_precision
        names = [tag.name for tag in evaluation.tags(store, iteration)]
        for column, (title, value) in zip(
            st.columns(4),
            [
                (t("F1"), report.overall_f1),
                (t("Average precision, theirs"), report.average_precision),
                (t("Overall recall"), report.overall_recall),
                (t("Average precision, ours"), ours),
            ],
            strict=True,
        ):
            column.metric(title, percent(value))
        table = {
            t("Label"): names,
            t("Test images"): [number(round(images)) for images in report.images.tolist()],
            t("Assumed threshold"): list(map(percent, report.thresholds.tolist())),
            t("F1"): list(map(percent, report.f1.tolist())),
            t("Precision"): list(map(percent, report.precision.tolist())),
            t("Recall"): list(map(percent, report.recall.tolist())),
        }
        st.html(number_table.of(table, label=t("Labels at their assumed thresholds")))
        st.caption(
            t(
                "The assumed threshold of a label is the one with the best F1 **on these same images**. So the numbers "
                "in this table are too good; those at the slider are not. "
                "Rekognition's average precision is the mean of the labels' precisions at these thresholds; ours, and "
                "everyone else's, is the area under the precision-recall curve. In its matrix, which is in the summary "
                "file, each value is a share of the images that carry the row's label."
            )
        )
