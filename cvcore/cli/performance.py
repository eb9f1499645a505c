"""`tagwise performance`: an iteration's precision and recall, tag by tag."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from cvcore import evaluation, html_report, projects, training
from cvcore.cli import terminal
from cvcore.cli.terminal import _unwritable
from cvcore.evaluation import report_files
from cvcore.records import Iteration, Project
from cvcore.settings import Settings
from cvcore.store import Store


def performance(options: argparse.Namespace, told: Settings) -> int:
    """Print an iteration's precision and recall, tag by tag."""
    store = Store(told.home)
    project = projects.find(store, options.project)
    iteration = training.find_iteration(store, project, options.iteration)
    if options.scores:
        _write("--scores", options.scores, report_files.scores_csv(store, iteration))
    if options.report:
        threshold = evaluation.threshold_in_use(iteration, options.threshold)
        page = html_report.page(store, project, iteration, threshold, made_at=datetime.now(UTC))
        _write("--report", options.report, page)
    show_performance(options, store, project, iteration, options.threshold)
    return 0


def show_performance(
    options: argparse.Namespace,
    store: Store,
    project: Project,
    iteration: Iteration,
    asked: float | None = None,
) -> None:
    """Print an iteration's performance, at the threshold asked for or the one it answers at."""
    threshold = evaluation.threshold_in_use(iteration, asked)
    told = report_files.performance_json(store, project, iteration, threshold)
    if options.json:
        terminal.print_json(told)
        return
    at = "one threshold a tag" if isinstance(threshold, tuple) else f"threshold {threshold:.0%}"
    saved = ", as saved" if told["threshold_saved"] else ""
    print(f"{project.name}, {iteration.name}: {iteration.backbone}, {at}{saved}")
    if iteration.note:
        print(iteration.note)
    images = evaluation.report(store, iteration, threshold).overall.images
    width = max([len(tag["name"]) for tag in told["tags"]] + [len("overall")])
    print(f"{'tag':{width}}  images  precision  recall     F1     AP")
    for row in [*told["tags"], {"name": "overall", "images": images, **told["overall"]}]:
        rates = (row["precision"], row["recall"], row["f1"], row["average_precision"])
        shown = "".join(f"{terminal.percent(rate):>{space}}" for rate, space in zip(rates, (11, 8, 7, 7), strict=True))
        print(f"{row['name']:{width}}  {row['images']:>6}{shown}")


def _write(option: str, path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _unwritable(option, path, error) from error
