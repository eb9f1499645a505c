"""Writes the report on an iteration: one HTML page to print or hand in.

This module collects the page's numbers and sentences; `report.html.j2` lays them out, `report.css` styles them. The
template escapes every text, because users choose the names. Images and charts are inside the file; its content security
policy forbids scripts and downloads.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cvcore import __version__, evaluation, languages, metrics, validation, wording
from cvcore.array_types import Bools, Float32s, Integers
from cvcore.evaluation import OutOfFold, report_files
from cvcore.html_report import (
    charts,
    example_images,
    image_map,
    learning_curve,
    next_steps,
    robustness,
    shortcuts,
    slices,
)
from cvcore.html_report.glossary import glossary, in_words
from cvcore.html_report.section import MakeSection, as_html
from cvcore.languages import marked, t, tn
from cvcore.metrics.reports import MEASURES, OverallReport, Rates, Report
from cvcore.records import K_FOLD, Evaluation, Iteration, Project, Thresholds
from cvcore.store import SnapshotImage, Store

if TYPE_CHECKING:
    import jinja2

MATRIX_TAGS = 12
PAIRS = 10
NO_ANSWER = marked("no answer")
TITLES = {
    "precision": marked("Precision"),
    "recall": marked("Recall"),
    "f1": marked("F1"),
    "average_precision": marked("Average precision"),
}

# A line for each analysis that has something to say, in the order of the page.
SECTIONS: tuple[MakeSection, ...] = (
    next_steps.section,
    image_map.section,
    learning_curve.section,
    shortcuts.section,
    robustness.section,
    slices.section,
)

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, eq=False)
class _Evaluated:
    """The evaluated images' rows of the arrays, with their answers."""

    names: Sequence[str]
    rows: Sequence[SnapshotImage]
    truth: Bools
    answered: Bools
    probabilities: Float32s
    report: Report
    multilabel: bool


def page(store: Store, project: Project, iteration: Iteration, threshold: Thresholds, *, made_at: datetime) -> str:
    """The HTML file as text; `made_at` is the date on it.

    Raises:
        Conflict, ModelDamaged: as `evaluation.load`.
        InvalidInput: the threshold is outside 0..1.
    """
    predictions = evaluation.load(store, iteration)
    evaluated = _evaluated(store, iteration, predictions, threshold)
    how = iteration.evaluation or Evaluation(K_FOLD, 0, 0)
    left_out = int(np.count_nonzero(~predictions.evaluated))
    explained = validation.explained(how, store.trainings.options(iteration.id).group_key)
    reason = str(report_files.not_evaluated(store, iteration))
    return _template().render(
        project=project.name,
        iteration=iteration.name,
        note=iteration.note,
        details=_details(iteration, how, threshold),
        made_at=wording.day(made_at),
        explanation=f"{explained} {_evaluated_count(how, len(evaluated.rows), left_out, reason)}",
        figures=_rates(evaluated.report.overall),
        charts=_charts(store, iteration, evaluated, threshold),
        titles=[t(TITLES[name]) for name in MEASURES],
        has_own_thresholds=isinstance(threshold, tuple),
        tags=_tags(evaluated, threshold),
        matrix=None if _is_list(evaluated) else _matrix(evaluated),
        pairs=_pairs(evaluated) if _is_list(evaluated) else [],
        strips=example_images.strips(
            store,
            evaluated.names,
            evaluated.rows,
            truth=evaluated.truth,
            answered=evaluated.answered,
            probabilities=evaluated.probabilities,
        ),
        sections=[section for make in SECTIONS if (section := make(store, iteration, threshold))],
        glossary=glossary(evaluated.report.tags, threshold),
        version=__version__,
        language=languages.current(),
        direction=languages.direction(),
    )


@functools.cache
def _template() -> jinja2.Template:
    # Imported here, because it adds a quarter of a second to the start of every command.
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["t"] = t
    environment.globals["style"] = (_FOLDER / "report.css").read_text(encoding="utf-8")
    return environment.get_template("report.html.j2")


def _evaluated(store: Store, iteration: Iteration, predictions: OutOfFold, threshold: Thresholds) -> _Evaluated:
    rows = np.flatnonzero(predictions.evaluated)
    snapshot = store.iterations.images(iteration.id)
    probabilities = predictions.probabilities[rows]
    return _Evaluated(
        [tag.name for tag in evaluation.tags(store, iteration)],
        [snapshot[row] for row in rows],
        predictions.truth[rows],
        metrics.answers(probabilities, np.asarray(threshold), multilabel=predictions.multilabel),
        probabilities,
        evaluation.report(store, iteration, threshold),
        predictions.multilabel,
    )


def _details(iteration: Iteration, how: Evaluation, threshold: Thresholds) -> list[str]:
    return [
        iteration.name,
        tn(iteration.image_count, "{n} image", "{n} images"),
        t(iteration.classification_type),
        t(iteration.backbone),
        t("evaluated by {method}", method=validation.named(how)),
        t("threshold {threshold}", threshold=in_words(threshold)),
        *([t("trained {when}", when=wording.day(iteration.trained_at))] if iteration.trained_at else []),
    ]


def _evaluated_count(how: Evaluation, evaluated: int, left_out: int, reason: str) -> str:
    if left_out and how.method != K_FOLD:
        text = tn(
            evaluated,
            "{n} image was evaluated; the other {others} were not.",
            "{n} images were evaluated; the other {others} were not.",
            others=languages.number(left_out),
        )
    else:
        text = tn(evaluated, "{n} image was evaluated.", "{n} images were evaluated.")
    return f"{text} {reason}".rstrip() if left_out else text


def _charts(store: Store, iteration: Iteration, evaluated: _Evaluated, threshold: Thresholds) -> dict[str, str]:
    swept = evaluation.overview(store, iteration).sweep
    precision, recall = swept.precision.mean, swept.recall.mean
    overall = evaluated.report.overall
    chosen = None if isinstance(threshold, tuple) else threshold
    return {
        "thresholds": charts.threshold_chart(metrics.THRESHOLDS, precision, recall, chosen=chosen),
        "precision_recall": charts.precision_recall_chart(recall, precision, at=(overall.recall, overall.precision)),
    }


def _rates(row: Rates | OverallReport) -> list[dict[str, str]]:
    """Each measure's title, value, interval in words, and interval as a bar."""
    rates = []
    for name in MEASURES:
        value, (low, high) = getattr(row, name), getattr(row, f"{name}_interval")
        rates.append(
            {
                "title": t(TITLES[name]),
                "value": wording.percent(value),
                "interval": "" if np.isnan(low) else _interval(low, high),
                "bar": charts.interval_bar(value, low, high),
            }
        )
    return rates


def _interval(low: float, high: float) -> str:
    """Both ends in per cent; a line may end between them only."""
    least, most = (wording.percent(end).replace(" ", "\N{NO-BREAK SPACE}") for end in (low, high))
    return t("{least} to {most}", least=least, most=most)


def _tags(evaluated: _Evaluated, threshold: Thresholds) -> list[dict[str, Any]]:
    limits = threshold if isinstance(threshold, tuple) else (threshold,) * len(evaluated.names)
    return [
        {
            "name": name,
            "threshold": wording.whole_percent(limit),
            "counts": [languages.number(count) for count in (row.images, row.tp, row.fp, row.fn)],
            "rates": _rates(row),
        }
        for name, limit, row in zip(evaluated.names, limits, evaluated.report.tags, strict=True)
    ]


def _is_list(evaluated: _Evaluated) -> bool:
    """Whether confusions are listed: a matrix does not fit on paper or, in Multilabel, hides which are wrong."""
    return evaluated.multilabel or len(evaluated.names) > MATRIX_TAGS


def _together(evaluated: _Evaluated, answers: Bools) -> Integers:
    """How many images carry each tag (row) and got each answer (column; the last is no answer), as (k, k + 1)."""
    columns = np.column_stack([answers, ~evaluated.answered.any(axis=1)])
    # float32 multiplies fast and counts exactly up to 16 million images.
    return np.asarray(evaluated.truth.T.astype(np.float32) @ columns.astype(np.float32), np.int64)


def _matrix(evaluated: _Evaluated) -> dict[str, Any]:
    counts = _together(evaluated, evaluated.answered)
    shares = np.nan_to_num(metrics.ratio(counts, np.broadcast_to(counts.sum(axis=1, keepdims=True), counts.shape)))
    rows = [
        {
            "name": name,
            "cells": [
                {"count": int(count), "kind": "right" if column == row else "wrong", "share": f"{share:.2f}"}
                for column, (count, share) in enumerate(zip(counts[row], shares[row], strict=True))
            ],
        }
        for row, name in enumerate(evaluated.names)
    ]
    return {"columns": [*evaluated.names, t(NO_ANSWER)], "rows": rows}


def _pairs(evaluated: _Evaluated) -> list[str]:
    """The most frequent confusions, as HTML: how many images, their tag and the answer."""
    # An image can have two right answers, so only wrong answers count.
    mistakes = _together(evaluated, evaluated.answered & ~evaluated.truth)
    np.fill_diagonal(mistakes, 0)
    none = len(evaluated.names)
    order = np.argsort(-mistakes, axis=None, kind="stable")[:PAIRS]
    return [
        as_html(
            t("{images} of <b>{tag}</b> got no answer")
            if column == none
            else t("{images} of <b>{tag}</b> answered with <b>{answer}</b>"),
            images=tn(int(mistakes[row, column]), "{n} image", "{n} images"),
            tag=evaluated.names[row],
            answer="" if column == none else evaluated.names[column],
        )
        for row, column in (divmod(place, none + 1) for place in order.tolist())
        if mistakes[row, column]
    ]
