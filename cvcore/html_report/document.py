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

from cvcore import __version__, evaluation, metrics, validation, wording
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
from cvcore.html_report.section import MakeSection
from cvcore.metrics.reports import MEASURES, OverallReport, Rates, Report
from cvcore.records import K_FOLD, Evaluation, Iteration, Project, Thresholds
from cvcore.store import SnapshotImage, Store

if TYPE_CHECKING:
    import jinja2

MATRIX_TAGS = 12
PAIRS = 10
NO_ANSWER = "no answer"
TITLES = {"precision": "Precision", "recall": "Recall", "f1": "F1", "average_precision": "Average precision"}

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
    reason = str(report_files.not_evaluated(store, iteration))
    return _template().render(
        project=project.name,
        iteration=iteration.name,
        note=iteration.note,
        details=_details(iteration, how, threshold),
        made_at=wording.day(made_at),
        explanation=f"{validation.explained(how)} {_evaluated_count(how, len(evaluated.rows), left_out, reason)}",
        figures=_rates(evaluated.report.overall),
        charts=_charts(store, iteration, evaluated, threshold),
        titles=[TITLES[name] for name in MEASURES],
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
        glossary=_glossary(evaluated, threshold),
        version=__version__,
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
        wording.count(iteration.image_count, "image"),
        iteration.classification_type,
        iteration.backbone,
        f"evaluated by {validation.named(how)}",
        f"threshold {in_words(threshold)}",
        *([f"trained {wording.day(iteration.trained_at)}"] if iteration.trained_at else []),
    ]


def _evaluated_count(how: Evaluation, evaluated: int, left_out: int, reason: str) -> str:
    text = f"{wording.count(evaluated, 'image')} {_were(evaluated)} evaluated"
    if not left_out:
        return f"{text}."
    text = f"{text}." if how.method == K_FOLD else f"{text}; the other {left_out:,} were not."
    return f"{text} {reason}".rstrip()


def _charts(store: Store, iteration: Iteration, evaluated: _Evaluated, threshold: Thresholds) -> dict[str, str]:
    swept = evaluation.overview(store, iteration).sweep
    precision, recall = swept.precision.mean, swept.recall.mean
    overall = evaluated.report.overall
    chosen = None if isinstance(threshold, tuple) else threshold
    return {
        "thresholds": charts.threshold_chart(metrics.THRESHOLDS, precision, recall, chosen=chosen),
        "precision_recall": charts.precision_recall_chart(recall, precision, at=(overall.recall, overall.precision)),
    }


def in_words(threshold: Thresholds) -> str:
    """The threshold in words; a range if each tag has its own.

    >>> in_words(0.5), in_words((0.2, 0.75))
    ('50 %', '20 % to 75 %, each tag its own')
    """
    if not isinstance(threshold, tuple):
        return _whole(threshold)
    return f"{_whole(min(threshold))} to {_whole(max(threshold))}, each tag its own"


def _whole(share: float) -> str:
    return f"{100 * share:.0f} %"


def _rates(row: Rates | OverallReport) -> list[dict[str, str]]:
    """Each measure's title, value, interval in words, and interval as a bar."""
    rates = []
    for name in MEASURES:
        value, (low, high) = getattr(row, name), getattr(row, f"{name}_interval")
        rates.append(
            {
                "title": TITLES[name],
                "value": wording.percent(value),
                "interval": "" if np.isnan(low) else _interval(low, high),
                "bar": charts.interval_bar(value, low, high),
            }
        )
    return rates


def _interval(low: float, high: float) -> str:
    """Both ends in per cent; a line may end between them only."""
    return " to ".join(wording.percent(end).replace(" ", "\N{NO-BREAK SPACE}") for end in (low, high))


def _tags(evaluated: _Evaluated, threshold: Thresholds) -> list[dict[str, Any]]:
    limits = threshold if isinstance(threshold, tuple) else (threshold,) * len(evaluated.names)
    return [
        {
            "name": name,
            "threshold": _whole(limit),
            "counts": [f"{count:,}" for count in (row.images, row.tp, row.fp, row.fn)],
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
    return {"columns": [*evaluated.names, NO_ANSWER], "rows": rows}


def _pairs(evaluated: _Evaluated) -> list[dict[str, str]]:
    """The most frequent confusions: how many images, their tag and the answer."""
    # An image can have two right answers, so only wrong answers count.
    mistakes = _together(evaluated, evaluated.answered & ~evaluated.truth)
    np.fill_diagonal(mistakes, 0)
    names = [*evaluated.names, NO_ANSWER]
    order = np.argsort(-mistakes, axis=None, kind="stable")[:PAIRS]
    return [
        {
            "images": wording.count(int(mistakes[row, column]), "image"),
            "tag": names[row],
            "got": "got" if column == len(evaluated.names) else "answered with",
            "answer": names[column],
        }
        for row, column in (divmod(place, len(names)) for place in order.tolist())
        if mistakes[row, column]
    ]


def _glossary(evaluated: _Evaluated, threshold: Thresholds) -> list[tuple[str, str]]:
    tags = evaluated.report.tags
    tp, fp, fn = (sum(getattr(tag, name) for tag in tags) for name in ("tp", "fp", "fn"))
    answers, carried = wording.count(tp + fp, "answer"), wording.count(tp + fn, "tag")
    return [
        ("Threshold", f"The least probability of an answer, here {in_words(threshold)}; below it there is no answer."),
        ("Precision", f"How many answers are right: of {answers} in all, {tp:,} {_were(tp)} right."),
        ("Recall", f"How many tags are found: of {carried} that the images carry, {tp:,} {_were(tp)} found."),
        ("F1", "Precision and recall in one number, which is high only where both are."),
        ("Average precision", "How well right answers are ranked before wrong ones, whatever the threshold."),
        (
            "Overall",
            f"The mean over the tags for which the number is defined, {wording.count(len(tags), 'tag')} here, each "
            "with equal weight. A dash means there was nothing to count.",
        ),
        (
            "From … to …",
            "The 95 % interval: how far the true value may lie from the number, with so few images. Intervals "
            "computed in this way contain it 95 times in 100.",
        ),
    ]


def _were(number: int) -> str:
    return "was" if number == 1 else "were"
