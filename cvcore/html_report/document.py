"""One page about an iteration to print or hand in: a single HTML file that needs nothing but a browser.

Pictures and charts are inside the file, and its own policy forbids it to fetch anything or to run a script. Names
are people's own text, so all of them are escaped.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

import numpy as np
from numpy.typing import NDArray

from cvcore import evaluation, imaging, metrics, validation, wording
from cvcore.errors import ImageRefused, NotFound
from cvcore.evaluation import OutOfFold
from cvcore.files import blobs
from cvcore.html_report import charts, styles
from cvcore.metrics.reports import OverallReport, Rates, Report
from cvcore.records import K_FOLD, Evaluation, Iteration, Project, Thresholds
from cvcore.store import SnapshotImage, Store

PICTURES = 6
PICTURE_PX = 160
MATRIX_TAGS = 12
PAIRS = 10
NO_TAG = "no tag"
MEASURES = ("precision", "recall", "f1", "average_precision")
TITLES = {"precision": "Precision", "recall": "Recall", "f1": "F1", "average_precision": "Average precision"}

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Facts:
    """What the page tells of: the evaluated pictures' rows alone, and what was answered of them."""

    names: Sequence[str]
    rows: Sequence[SnapshotImage]
    truth: Bools
    answered: Bools
    probabilities: NDArray[np.float32]
    report: Report
    multilabel: bool


def page(store: Store, project: Project, iteration: Iteration, threshold: Thresholds, *, made_at: datetime) -> str:
    """The whole file as text; `made_at` is the moment it is dated.

    Raises:
        Conflict, ModelDamaged: as `evaluation.load`.
        InvalidInput: the threshold is outside 0..1.
    """
    judged = evaluation.load(store, iteration)
    facts = _facts(store, iteration, judged, threshold)
    how = iteration.evaluation or Evaluation(K_FOLD, 0, 0)
    left_out = int(np.count_nonzero(~judged.evaluated))
    sections = [
        _heading(project, iteration, how, threshold, made_at),
        f"<p>{escape(validation.explained(how))} {_judged(how, len(facts.rows), left_out)}</p>",
        f'<p class="note">{escape(iteration.note)}</p>' if iteration.note else "",
        _figures(facts),
        _charts(store, iteration, facts, threshold),
        _table(facts, threshold),
        _confusions(facts),
        _pictures(store, facts),
        _glossary(facts, threshold),
    ]
    return styles.page(f"{project.name}, {iteration.name}", sections)


def _facts(store: Store, iteration: Iteration, judged: OutOfFold, threshold: Thresholds) -> _Facts:
    rows = np.flatnonzero(judged.evaluated)
    there = store.iterations.images(iteration.id)
    probabilities = judged.probabilities[rows]
    return _Facts(
        [tag.name for tag in evaluation.tags(store, iteration)],
        [there[row] for row in rows],
        judged.truth[rows],
        metrics.answers(probabilities, np.asarray(threshold), multilabel=judged.multilabel),
        probabilities,
        evaluation.report(store, iteration, threshold),
        judged.multilabel,
    )


def _heading(project: Project, iteration: Iteration, how: Evaluation, threshold: Thresholds, made_at: datetime) -> str:
    trained = f"trained {wording.day(iteration.trained_at)}" if iteration.trained_at else ""
    told = [
        wording.count(iteration.image_count, "picture"),
        iteration.classification_type,
        iteration.backbone,
        f"judged by {validation.named(how)}",
        f"threshold {in_words(threshold)}",
        trained,
    ]
    return (
        f"<header><h1>{escape(project.name)}</h1><p>{escape(iteration.name)} · "
        f"{escape(' · '.join(filter(None, told)))}</p><p>Name: <i></i> Page made {wording.day(made_at)}</p></header>"
    )


def _judged(how: Evaluation, judged: int, left_out: int) -> str:
    told = f"{wording.count(judged, 'picture')} {_were(judged)} judged"
    if not left_out:
        return f"{told}."
    if how.method == K_FOLD:
        return f"{told}; {left_out:,} could not be, as nothing else carries their tag."
    return f"{told}; the other {left_out:,} were not."


def _figures(facts: _Facts) -> str:
    overall = facts.report.overall
    cards = [
        f"<div><h2>{TITLES[name]}</h2><b>{wording.percent(getattr(overall, name))}</b>"
        f"<span>{_interval(overall, name)}</span></div>"
        for name in MEASURES
    ]
    return f'<section class="figures">{"".join(cards)}</section>'


def _charts(store: Store, iteration: Iteration, facts: _Facts, threshold: Thresholds) -> str:
    swept = evaluation.overview(store, iteration).sweep
    precision, recall = swept.precision.mean, swept.recall.mean
    overall = facts.report.overall
    first = charts.threshold_chart(
        metrics.THRESHOLDS, precision, recall, chosen=None if isinstance(threshold, tuple) else threshold
    )
    second = charts.precision_recall_chart(recall, precision, at=(overall.recall, overall.precision))
    return (
        '<section class="charts">'
        f'<figure>{first}<figcaption><span class="key precision"></span>precision '
        '<span class="key recall"></span>recall, means over the tags</figcaption></figure>'
        f"<figure>{second}<figcaption>Precision against recall; the dot is what was chosen</figcaption></figure>"
        "</section>"
    )


def in_words(threshold: Thresholds) -> str:
    """The threshold in words; where each tag has its own, the table has them.

    >>> in_words(0.5), in_words((0.2, 0.75))
    ('50%', '20% to 75%, each tag its own')
    """
    if not isinstance(threshold, tuple):
        return f"{threshold:.0%}"
    return f"{min(threshold):.0%} to {max(threshold):.0%}, each tag its own"


def _table(facts: _Facts, threshold: Thresholds) -> str:
    own = [f"<td>{each:.0%}</td>" for each in threshold] if isinstance(threshold, tuple) else [""] * len(facts.names)
    head = "".join(f"<th scope=col>{TITLES[name]}</th>" for name in MEASURES)
    body = "".join(
        f"<tr><th scope=row>{escape(name)}</th>{limit}<td>{row.images:,}</td><td>{row.tp:,}</td><td>{row.fp:,}</td>"
        f"<td>{row.fn:,}</td>{_rates(row)}</tr>"
        for name, limit, row in zip(facts.names, own, facts.report.tags, strict=True)
    )
    limits = "<th scope=col>Threshold</th>" if isinstance(threshold, tuple) else ""
    return (
        f"<section><h2>Tag by tag</h2><table><thead><tr><th scope=col>Tag</th>{limits}<th scope=col>Pictures</th>"
        f"<th scope=col>Found</th><th scope=col>False</th><th scope=col>Missed</th>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></section>"
    )


def _rates(row: Rates) -> str:
    return "".join(
        f'<td class="rate">{wording.percent(getattr(row, name))}'
        f"{charts.interval_bar(getattr(row, name), *getattr(row, f'{name}_interval'))}"
        f"<span>{_interval(row, name)}</span></td>"
        for name in MEASURES
    )


def _confusions(facts: _Facts) -> str:
    """Which tag was given for which: a matrix where it fits on paper, else the commonest mistakes."""
    answered = np.column_stack([facts.answered, ~facts.answered.any(axis=1)])
    wrong = facts.truth.T.astype(np.float32) @ answered.astype(np.float32)
    told = [*facts.names, NO_TAG]
    if facts.multilabel or len(facts.names) > MATRIX_TAGS:
        return _pairs(facts, wrong, told)
    columns = "".join(f"<th scope=col>{escape(name)}</th>" for name in told)
    body = ""
    for row, name in enumerate(facts.names):
        shares = metrics.ratio(wrong[row], np.full(len(told), wrong[row].sum()))
        cells = "".join(
            f'<td class="{"right" if column == row else "wrong"}" style="--share:{np.nan_to_num(share):.2f}">'
            f"{int(wrong[row, column])}</td>"
            for column, share in enumerate(shares)
        )
        body += f"<tr><th scope=row>{escape(name)}</th>{cells}</tr>"
    return (
        "<section><h2>What was taken for what</h2><p>Each row is a tag that pictures carry, each column an answer; "
        "the diagonal is right.</p>"
        f'<table class="matrix"><thead><tr><td></td>{columns}</tr></thead><tbody>{body}</tbody></table></section>'
    )


def _pairs(facts: _Facts, together: NDArray[np.float32], told: Sequence[str]) -> str:
    mistakes = together.copy()
    if facts.multilabel:
        # Two tags of one picture may both be right, so only answers that are not are mistakes.
        false = np.column_stack([facts.answered & ~facts.truth, ~facts.answered.any(axis=1)])
        mistakes = facts.truth.T.astype(np.float32) @ false.astype(np.float32)
    np.fill_diagonal(mistakes, 0)
    order = np.argsort(-mistakes, axis=None, kind="stable")[:PAIRS]
    lines = [
        f"<li>{wording.count(int(mistakes.flat[place]), 'image')} of <b>{escape(facts.names[place // len(told)])}</b> "
        f"answered with <b>{escape(told[place % len(told)])}</b></li>"
        for place in order.tolist()
        if mistakes.flat[place]
    ]
    listed = f"<ol>{''.join(lines)}</ol>" if lines else "<p>No picture was answered wrongly.</p>"
    return f"<section><h2>What was taken for what</h2>{listed}</section>"


def _pictures(store: Store, facts: _Facts) -> str:
    false = facts.answered & ~facts.truth
    wrongly = _most_certain(false, facts.probabilities)
    rightly = _most_certain(facts.answered & facts.truth & ~false.any(axis=1, keepdims=True), facts.probabilities)
    return _strip(store, facts, wrongly, "Most certain and wrong", "No answer was wrong.") + _strip(
        store, facts, rightly, "Most certain and right", "No answer was right."
    )


def _most_certain(cells: Bools, probabilities: NDArray[np.float32]) -> list[tuple[int, int]]:
    """The (row, tag) of the most probable of the cells, one a row, the first few."""
    values = np.where(cells, probabilities, -1.0)
    best = values.max(axis=1, initial=-1.0)
    rows = np.argsort(-best, kind="stable")[:PICTURES]
    return [(int(row), int(values[row].argmax())) for row in rows if best[row] >= 0]


def _strip(store: Store, facts: _Facts, chosen: Sequence[tuple[int, int]], title: str, nothing: str) -> str:
    shown = []
    for row, tag in chosen:
        image = facts.rows[row]
        carried = ", ".join(np.array(facts.names, object)[facts.truth[row]]) or NO_TAG
        shown.append(
            f"<figure>{_picture(store, image)}<figcaption>answer <b>{escape(facts.names[tag])}</b> "
            f"{wording.percent(float(facts.probabilities[row, tag]))}<br>tag {escape(carried)}<br>"
            f"<small>{escape(image.name)}</small></figcaption></figure>"
        )
    inside = f'<div class="strip">{"".join(shown)}</div>' if shown else f"<p>{nothing}</p>"
    return f"<section><h2>{title}</h2>{inside}</section>"


def _picture(store: Store, image: SnapshotImage) -> str:
    try:
        data = imaging.rendition(blobs.read(blobs.thumbnail_path(store.home, image.sha256)), PICTURE_PX)
    except (NotFound, ImageRefused):
        return '<div class="gone">picture missing</div>'
    return f'<img alt="" src="data:image/webp;base64,{base64.b64encode(data).decode()}">'


def _glossary(facts: _Facts, threshold: Thresholds) -> str:
    tags = facts.report.tags
    tp, fp, fn = (sum(getattr(tag, name) for tag in tags) for name in ("tp", "fp", "fn"))
    lines = [
        (
            "Threshold",
            f"An answer counts from a probability of {in_words(threshold)} on; below it the model says nothing.",
        ),
        (
            "Precision",
            f"How often an answer is right: of {wording.count(tp + fp, 'answer')} in all, {tp:,} {_were(tp)} right.",
        ),
        (
            "Recall",
            f"How much is found: of {wording.count(tp + fn, 'tag')} that the pictures carry, {tp:,} {_were(tp)} found.",
        ),
        ("F1", "Precision and recall in one number, which is high only where both are."),
        ("Average precision", "How well right answers are ranked before wrong ones, whatever the threshold."),
        (
            "Overall",
            f"The mean over the tags that have the number, {wording.count(len(tags), 'tag')} here, each counting "
            "alike. A dash means there was nothing to count.",
        ),
        (
            "From … to …",
            "How far the truth may lie from the number, with so few pictures: ranges made in this way hold it "
            "95 times in 100.",
        ),
    ]
    told = "".join(f"<dt>{term}</dt><dd>{text}</dd>" for term, text in lines)
    return f"<section><h2>What the numbers mean</h2><dl>{told}</dl></section>"


def _interval(row: Rates | OverallReport, name: str) -> str:
    low, high = getattr(row, f"{name}_interval")
    return "" if np.isnan(low) else f"{wording.percent(low)} to {wording.percent(high)}"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"
