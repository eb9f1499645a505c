"""`tagwise performance`: an iteration's numbers per tag."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from cvcore import evaluation, html_report, projects, slices, training
from cvcore.cli.console import terminal
from cvcore.cli.console.options import Subparsers, add_command, add_iteration, add_json, add_project, add_threshold
from cvcore.cli.console.terminal import unwritable
from cvcore.evaluation import report_files
from cvcore.records import Iteration, Project
from cvcore.settings import Settings
from cvcore.slices import SliceNumbers
from cvcore.store import Store
from cvcore.wording import none_for_nan


def add_performance(subparsers: Subparsers) -> None:
    """Add `tagwise performance`."""
    command = add_command(subparsers, "performance", performance, "print precision and recall per tag")
    add_project(command)
    add_iteration(command)
    add_threshold(command)
    add_json(command)
    command.add_argument(
        "--slice",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="print the numbers of the images with this value of a key; repeat it for images with all of them",
    )
    command.add_argument(
        "--scores", type=Path, metavar="FILE.csv", help="write the probabilities of every evaluated image"
    )
    command.add_argument("--report", type=Path, metavar="FILE.html", help="write an HTML report with images and charts")


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


def show_performance(
    options: argparse.Namespace,
    store: Store,
    project: Project,
    iteration: Iteration,
    threshold: float | None = None,
) -> None:
    """Print an iteration's performance at a threshold; if it is None, at the saved one or 0.5."""
    in_use = evaluation.threshold_in_use(iteration, threshold)
    # `tagwise train` prints numbers too, and has no slices.
    wanted = slices.parse(store, iteration, getattr(options, "slice", []))
    found = slices.numbers(store, iteration, in_use, wanted) if wanted else None
    report = found.report if found else evaluation.report(store, iteration, in_use)
    numbers = report_files.performance_json(store, project, iteration, in_use, report=report)
    if options.json:
        estimates = slices.estimates(store, iteration, in_use)
        groups = {"group_key": slices.estimates_json(estimates)} if estimates else {}
        terminal.print_json(numbers | groups | ({"slice": slices.slice_json(found)} if found else {}))
        return
    at = "one threshold per tag" if isinstance(in_use, tuple) else f"threshold {in_use:.0%}"
    saved = ", as saved" if numbers["threshold_saved"] else ""
    print(f"{project.name}, {iteration.name}: {iteration.backbone}, {at}{saved}")
    if iteration.note:
        print(iteration.note)
    if found:
        print(f"Only images with {slices.heading_of(found.conditions)}.")
    width = max([len(tag["name"]) for tag in numbers["tags"]] + [len("overall")])
    print(f"{'tag':{width}}  images  precision  recall     F1     AP")
    total = {"name": "overall", "images": report.overall.images, **numbers["overall"]}
    for row in [*numbers["tags"], total]:
        rates = (row["precision"], row["recall"], row["f1"], row["average_precision"])
        cells = "".join(f"{terminal.percent(rate):>{space}}" for rate, space in zip(rates, (11, 8, 7, 7), strict=True))
        print(f"{row['name']:{width}}  {row['images']:>6}{cells}")
    if not found and (estimates := slices.estimates(store, iteration, in_use)):
        print(slices.estimates_sentence(estimates))
    if found:
        _show_rest(found)
    elif left_out := str(report_files.not_evaluated(store, iteration)):
        print(left_out)


def _show_rest(found: SliceNumbers) -> None:
    for name, report, wrong in (
        ("These images", found.report, found.wrong),
        ("The other images", found.rest, found.rest_wrong),
    ):
        overall = report.overall
        means = ", ".join(
            f"{rate} {terminal.percent(none_for_nan(getattr(overall, rate)))}" for rate in ("precision", "recall")
        )
        print(f"{name}: {wrong:,} of {overall.images:,} answers wrong; {means}")


def _write(option: str, path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise unwritable(option, path, error) from error
