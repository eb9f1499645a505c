"""The report's section on the learning curve."""

from __future__ import annotations

import numpy as np

from cvcore import evaluation, learning_curves
from cvcore.html_report import charts
from cvcore.html_report.section import Chart, Section
from cvcore.languages import t
from cvcore.learning_curves import Curve
from cvcore.metrics.reports import MEASURES
from cvcore.records import Iteration, Thresholds
from cvcore.store import Store

SENTENCES = 12


def section(store: Store, iteration: Iteration, thresholds: Thresholds) -> Section | None:
    """How the numbers grow with the images; None if that was not measured."""
    measurement = learning_curves.load(store, iteration)
    if measurement is None:
        return None
    predictions = evaluation.load(store, iteration)
    # Answers are known at whole percents only.
    nearest = np.round(np.asarray(thresholds, np.float64), 2)
    in_use = tuple(nearest.tolist()) if isinstance(thresholds, tuple) else float(nearest)
    curve = learning_curves.curve(measurement, predictions.truth, predictions.groups, in_use)
    names = [tag.name for tag in evaluation.tags(store, iteration)]
    order = learning_curves.by_gain(curve)
    left_out = len(order) - SENTENCES
    text = [
        t(
            "Classifiers trained on fewer of these images and evaluated on the same ones; dashed is what to expect if "
            "every tag gets as many images again, like those there are."
        )
    ]
    if not np.allclose(nearest, thresholds):
        text.append(t("The threshold is rounded to whole per cent here."))
    if left_out > 0:
        text.append(
            t(
                "The {listed} tags that gain most are listed, {others} others are not.",
                listed=SENTENCES,
                others=left_out,
            )
        )
    return Section(
        title=t("Would more images help?"),
        text=" ".join(text),
        charts=[
            _chart(curve, "precision", t("Precision against the number of images"), t("Precision, mean over the tags")),
            _chart(curve, "recall", t("Recall against the number of images"), t("Recall, mean over the tags")),
        ],
        sentences=[learning_curves.sentence(curve, -1, t("all tags"))]
        + [learning_curves.sentence(curve, tag, names[tag]) for tag in order[:SENTENCES]],
    )


def _chart(curve: Curve, measure: str, label: str, caption: str) -> Chart:
    row = MEASURES.index(measure)
    measured, ahead = curve.measured, curve.forecast
    across = np.concatenate([measured.images[:, -1], ahead.images[:, -1]])
    values, low, high = (
        np.concatenate([getattr(measured, part)[row, :, -1], getattr(ahead, part)[row, :, -1]])
        for part in ("values", "low", "high")
    )
    drawn = charts.band_chart(
        across,
        values,
        low,
        high,
        solid=len(measured.shares),
        across_title=t("images of a tag, on average"),
        label=label,
    )
    return Chart(drawn, caption)
