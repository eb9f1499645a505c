"""`tagwise performance` and `tagwise learning-curve`: an iteration's numbers per tag, and what more images bring."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cvcore import evaluation, html_report, learning_curves, projects, training
from cvcore.cli import terminal
from cvcore.cli.options import Subparsers, add_command, add_iteration, add_json, add_project, add_threshold
from cvcore.cli.terminal import unwritable
from cvcore.errors import TagwiseError
from cvcore.evaluation import report_files
from cvcore.records import Iteration, Project
from cvcore.settings import Settings
from cvcore.store import Store
from cvcore.training import worker
from cvcore.training.learning_curves import request


def add_performance(subparsers: Subparsers) -> None:
    """Add `tagwise performance`."""
    command = add_command(subparsers, "performance", performance, "print precision and recall per tag")
    add_project(command)
    add_iteration(command)
    add_threshold(command)
    add_json(command)
    command.add_argument(
        "--scores", type=Path, metavar="FILE.csv", help="write the probabilities of every evaluated image"
    )
    command.add_argument("--report", type=Path, metavar="FILE.html", help="write an HTML report with images and charts")


def add_learning_curve(subparsers: Subparsers) -> None:
    """Add `tagwise learning-curve`."""
    command = add_command(
        subparsers, "learning-curve", learning_curve, "print what more images of each tag would bring"
    )
    add_project(command)
    add_iteration(command)
    add_threshold(command)
    add_json(command)


def performance(options: argparse.Namespace, settings: Settings) -> int:
    """Print an iteration's precision and recall per tag."""
    store = Store(settings.home)
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


def learning_curve(options: argparse.Namespace, settings: Settings) -> int:
    """Print how an iteration's numbers grow with the images, measuring it first if that has not been done."""
    store = Store(settings.home)
    project = projects.find(store, options.project)
    iteration = training.find_iteration(store, project, options.iteration)
    measurement = learning_curves.load(store, iteration)
    if measurement is None:
        job = worker.finish_job(store, request(store, iteration), terminal.on_progress)
        terminal.show_progress("")
        measurement = learning_curves.load(store, iteration)
        if measurement is None:
            raise TagwiseError(f"the learning curve could not be measured: {job.error or 'it was cancelled'}")
    predictions = evaluation.load(store, iteration)
    in_use = evaluation.threshold_in_use(iteration, options.threshold)
    curve = learning_curves.curve(measurement, predictions.truth, predictions.groups, in_use)
    numbers = learning_curves.curve_json(curve, [tag.name for tag in evaluation.tags(store, iteration)])
    head = {"project": project.name, "iteration": iteration.number}
    if options.json:
        terminal.print_json(head | report_files.thresholds_json(store, iteration, in_use) | numbers)
    else:
        _print_curve(project, iteration, numbers)
    return 0


def _print_curve(project: Project, iteration: Iteration, numbers: dict[str, Any]) -> None:
    print(f"{project.name}, {iteration.name}: what more images bring, overall")
    print("images of a tag  precision  recall     F1     AP")
    for name in ("points", "forecast"):
        for point in numbers["overall"][name]:
            rates = (point["precision"], point["recall"], point["f1"], point["average_precision"])
            cells = (f"{terminal.percent(rate):>{space}}" for rate, space in zip(rates, (11, 8, 7, 7), strict=True))
            expected = "  expected" if name == "forecast" else ""
            print(f"{point['images']:>15,.0f}{''.join(cells)}{expected}")
    for each in [numbers["overall"], *numbers["tags"]]:
        print(each["sentence"])


def show_performance(
    options: argparse.Namespace,
    store: Store,
    project: Project,
    iteration: Iteration,
    threshold: float | None = None,
) -> None:
    """Print an iteration's performance at a threshold; if it is None, at the saved one or 0.5."""
    in_use = evaluation.threshold_in_use(iteration, threshold)
    numbers = report_files.performance_json(store, project, iteration, in_use)
    if options.json:
        terminal.print_json(numbers)
        return
    at = "one threshold per tag" if isinstance(in_use, tuple) else f"threshold {in_use:.0%}"
    saved = ", as saved" if numbers["threshold_saved"] else ""
    print(f"{project.name}, {iteration.name}: {iteration.backbone}, {at}{saved}")
    if iteration.note:
        print(iteration.note)
    images = evaluation.report(store, iteration, in_use).overall.images
    width = max([len(tag["name"]) for tag in numbers["tags"]] + [len("overall")])
    print(f"{'tag':{width}}  images  precision  recall     F1     AP")
    for row in [*numbers["tags"], {"name": "overall", "images": images, **numbers["overall"]}]:
        rates = (row["precision"], row["recall"], row["f1"], row["average_precision"])
        cells = "".join(f"{terminal.percent(rate):>{space}}" for rate, space in zip(rates, (11, 8, 7, 7), strict=True))
        print(f"{row['name']:{width}}  {row['images']:>6}{cells}")
    if left_out := str(report_files.not_evaluated(store, iteration)):
        print(left_out)


def _write(option: str, path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise unwritable(option, path, error) from error
