"""An iteration's performance as text: the JSON that commands print, and every probability as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from typing import Any

from cvcore import evaluation, reports
from cvcore.evaluation import none_for_nan
from cvcore.records import Iteration, Project, Scores, Thresholds
from cvcore.store import Store


def performance(store: Store, project: Project, iteration: Iteration, threshold: Thresholds) -> dict[str, Any]:
    """An iteration's performance as `tagwise performance --json` prints it; undefined numbers are None."""
    told = evaluation.report(store, iteration, threshold)
    judged = iteration.evaluation
    return {
        "project": project.name,
        "iteration": iteration.number,
        "iteration_name": iteration.name,
        "backbone": iteration.backbone,
        "note": iteration.note,
        "evaluation": {"method": judged.method, "folds": judged.folds, "seed": judged.seed} if judged else None,
        **told_thresholds(store, iteration, threshold),
        "overall": _rates(told.overall),
        "tags": [
            {"name": tag.name, "images": row.images, "tp": row.tp, "fp": row.fp, "fn": row.fn, **_rates(row)}
            for tag, row in zip(evaluation.tags(store, iteration), told.tags, strict=True)
        ],
        "seconds": iteration.seconds,
        "training": _training(store, iteration),
    }


def told_thresholds(store: Store, iteration: Iteration, threshold: Thresholds) -> dict[str, Any]:
    """Thresholds as the commands' JSON tells them.

    `threshold` is a number, or null where each tag has its own in `thresholds`; `threshold_saved` tells
    whether they are those saved with the iteration.
    """
    each = evaluation.thresholds_by_tag(store, iteration, threshold)
    told: dict[str, Any] = {"threshold": None, "thresholds": each} if isinstance(each, dict) else {"threshold": each}
    return told | {"threshold_saved": threshold == iteration.thresholds}


def scores_csv(store: Store, iteration: Iteration, *, for_spreadsheet: bool = False) -> str:
    """One row per evaluated picture: image, fold, truth and every tag's out-of-fold probability.

    Names stand as they are, for scripts. A spreadsheet would run one that begins like a formula, so
    `for_spreadsheet` puts an apostrophe before it, as spreadsheets themselves mark text.
    """
    text_of = inert if for_spreadsheet else str
    judged = evaluation.load(store, iteration)
    names = [tag.name for tag in evaluation.tags(store, iteration)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["image", "fold", "truth", *map(text_of, names)])
    for row, image in enumerate(store.iterations.images(iteration.id)):
        if judged.evaluated[row]:
            truth = "|".join(name for name, carried in zip(names, judged.truth[row], strict=True) if carried)
            probabilities = (f"{value:.9g}" for value in judged.probabilities[row])
            writer.writerow([text_of(image.name), judged.folds[row], text_of(truth), *probabilities])
    return text.getvalue()


def inert(text: str) -> str:
    """Text that a spreadsheet does not take for a formula.

    Source: https://owasp.org/www-community/attacks/CSV_Injection.

    >>> inert("=1+1"), inert("rose")
    ("'=1+1", 'rose')
    """
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _rates(row: reports.TagReport | reports.OverallReport) -> dict[str, Any]:
    rates: dict[str, Any] = {}
    for name in Scores.__dataclass_fields__:
        rates[name] = none_for_nan(getattr(row, name))
        rates[f"{name}_interval"] = [none_for_nan(end) for end in getattr(row, f"{name}_interval")]
    return rates


def _training(store: Store, iteration: Iteration) -> dict[str, Any]:
    options, outcome = store.trainings.options(iteration.id), store.trainings.outcome(iteration.id)
    return {
        "advanced": options.is_advanced,
        "budget_minutes": options.budget_minutes if options.is_advanced else None,
        "outcome": asdict(outcome) if outcome else None,
    }
