"""What each `tagwise` command does: it reads its options, calls a use-case, says what came of it.

Each returns the exit status.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import itertools
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from cvcore import azure, datasets, domains, evaluation, exports, html_report, metrics, projects, training
from cvcore.cli import terminal
from cvcore.cli.terminal import _unwritable
from cvcore.errors import ArchiveRefused, InvalidInput
from cvcore.evaluation import report_files
from cvcore.exports import formats
from cvcore.prediction import batches
from cvcore.prediction.batches import ImageAnswer
from cvcore.projects import imports, samples
from cvcore.records import MULTICLASS, MULTILABEL, Iteration, Project
from cvcore.settings import Settings
from cvcore.store import Store


def sample(options: argparse.Namespace, told: Settings) -> int:
    """Make the sample project."""
    store = Store(told.home)
    project = samples.make_sample(store, limits=told.limits)
    terminal.tell(
        _project(store, project), f"made {project.name!r}: now `tagwise train {project.name!r}`", as_json=options.json
    )
    return 0


def list_projects(options: argparse.Namespace, told: Settings) -> int:
    """Every project at a glance."""
    store = Store(told.home)
    found = [_project(store, project) for project in store.projects.all()]
    lines = [f"{each['name']}: {each['images']} images, {each['tags']} tags, {each['type']}" for each in found]
    terminal.tell(found, "\n".join(lines) or "no projects yet: `tagwise sample` makes one", as_json=options.json)
    return 0


def import_images(options: argparse.Namespace, told: Settings) -> int:
    """Bring a folder or zip of labelled pictures into a project."""
    store = Store(told.home)
    listing = datasets.entries(options.path, told.limits)
    project = _project_to_fill(store, options, listing)

    total = len(listing.entries) + len(listing.skipped)
    done = itertools.count(1)

    def on_file(_: object) -> None:
        terminal.progress(f"{next(done)} of {total} files")

    result = imports.import_images(store, project, listing, limits=told.limits, on_file=on_file)
    terminal.progress("")
    counts = {status: result.count(status) for status in ("stored", "duplicate", "refused")}
    if not counts["stored"] and not counts["duplicate"]:
        reason = next((upload.reason for upload in result.uploads if upload.reason), "there are none")
        raise InvalidInput(f"{options.path} must hold pictures, nothing could be stored: {reason}")
    notes = [
        {"name": each.name, "status": each.status, "reason": each.reason} for each in result.uploads if each.reason
    ]
    text = ", ".join(f"{count} {status}" for status, count in counts.items())
    terminal.tell(
        {**_project(store, project), **counts, "notes": notes}, f"{project.name}: {text}", as_json=options.json
    )
    if not options.json:
        for note in notes:
            print(f"  {note['name']}: {note['reason']}", file=sys.stderr)
    return 0


def migrate(options: argparse.Namespace, told: Settings) -> int:
    """Move in from Azure Custom Vision; the exit status is 1 when something of it is not here."""
    store = Store(told.home)
    moved = azure.migrate(
        store,
        options.endpoint,
        options.training_key,
        project_id=options.project,
        limits=told.limits,
        progress=terminal.progress_of,
    )
    terminal.progress("")
    results = [
        {**dataclasses.asdict(each), "project": each.project and _project(store, each.project)} for each in moved
    ]
    lines = [
        f"{each.project.name}: {each.here.images} images and {each.here.tags} tags here, "
        f"{each.azure.images} and {each.azure.tags} in Azure, {'complete' if each.complete else 'incomplete'}"
        for each in moved
        if each.project
    ]
    terminal.tell(results, "\n".join(lines) or "there is no project to move in", as_json=options.json)
    if not options.json:
        for each in moved:
            for note in each.notes:
                print(f"  {each.project.name + ': ' if each.project else ''}{note}", file=sys.stderr)
    return int(not all(each.complete for each in moved))


def _project_to_fill(store: Store, options: argparse.Namespace, listing: datasets.Listing) -> Project:
    project = store.projects.find(options.project)
    if project is None:
        several = any(len(entry.tags) > 1 for entry in listing.entries)
        kind = options.type or (MULTILABEL if several else MULTICLASS)
        return projects.create(store, options.project, classification_type=kind, domain=options.domain or "")
    return projects.change(store, project, classification_type=options.type, domain=options.domain)


def _project(store: Store, project: Project) -> dict[str, Any]:
    last = store.iterations.newest_trained(project.id)
    return {
        "name": project.name,
        "id": project.id,
        "type": project.classification_type,
        "domain": domains.find(project.domain_id).name,
        "images": store.images.count(project.id),
        "tags": len(store.tags.of_project(project.id)),
        "iteration": last.name if last else None,
    }


# Every address that this machine has.
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with, and only listened on when asked to


def serve(options: argparse.Namespace, told: Settings) -> int:
    """Start the web app and the API in this process' place."""
    Store(told.home).close()
    app = _app()
    flags = [f"--server.port={options.port}", f"--server.address={options.address}"]
    if options.address in ANY_ADDRESS:
        # Or Streamlit would ask a service on the internet how this machine looks from outside.
        flags.append("--browser.serverAddress=localhost")
    os.environ["TAGWISE_HOME"] = str(told.home)
    os.chdir(app.parent)
    command = [sys.executable, "-m", "streamlit", "run", str(app), *flags]
    print(end="", flush=True)
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter and arguments, no shell


def _app() -> Path:
    # A checkout has app.py at its top level, an installed package carries it inside.
    package = Path(__file__).resolve().parents[1]
    return next(path for path in (package.parent / "app.py", package / "web" / "app.py") if path.exists())


def predict(options: argparse.Namespace, told: Settings) -> int:
    """Say what an iteration sees in pictures, each as it is known; the exit status is 1 when one could not be read."""
    store = Store(told.home)
    project = projects.find(store, options.project)
    iteration = training.find_iteration(store, project, options.iteration)
    threshold = evaluation.threshold_in_use(iteration, options.threshold)
    metrics.checked_thresholds(np.asarray(threshold))
    by_tag = evaluation.thresholds_by_tag(store, iteration, threshold)
    pictures = [picture for path in options.paths for picture in _images_at(path, told)]
    found = batches.predict(store, iteration, pictures, by_tag, limits=told.limits)
    unread: list[str] = []
    with contextlib.ExitStack() as stack:
        answers = _readable(found, len(pictures), unread)
        if options.csv:
            names = [tag.name for tag in evaluation.tags(store, iteration)]
            answers = _also_as_csv(answers, stack.enter_context(_csv_file(options.csv)), names)
        if options.json:
            at = report_files.thresholds_json(store, iteration, threshold)
            terminal.print_json_list({"iteration": iteration.number, **at}, "images", map(_answer_json, answers))
        else:
            for each in answers:
                best = ", ".join(f"{one.tag} {one.probability:.1%}" for one in each.predictions[:3])
                print(f"{each.image}: {', '.join(each.answer) or 'no tag'} ({best})", flush=True)
    return int(bool(unread))


def _images_at(path: Path, told: Settings) -> list[batches.BatchImage]:
    try:
        return batches.images_at(path, told.limits)
    except ArchiveRefused as refusal:
        raise InvalidInput(f"{path}: {refusal}") from refusal


def _readable(found: Iterable[ImageAnswer], total: int, unread: list[str]) -> Iterator[ImageAnswer]:
    """Those that could be read; each of the others has its line on standard error, and its name among `unread`."""
    for number, each in enumerate(found, 1):
        if each.refusal:
            terminal.complain(f"{each.image}: {each.refusal}")
            unread.append(each.image)
        else:
            yield each
        # Where the answers go to the terminal they say themselves how far it is.
        if not sys.stdout.isatty():
            terminal.progress(f"{number:,} of {total:,} pictures")
    terminal.progress("")


def _also_as_csv(answers: Iterable[ImageAnswer], file: TextIO, tags: Sequence[str]) -> Iterator[ImageAnswer]:
    file.write(batches.csv_header(tags))
    for each in answers:
        file.write(batches.csv_row(each, tags))
        file.flush()
        yield each


def _csv_file(path: Path) -> TextIO:
    try:
        # A file's name need not be text.
        return path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        raise _unwritable("--csv", path, error) from error


def _answer_json(each: ImageAnswer) -> dict[str, Any]:
    return {
        "image": each.image,
        "answer": list(each.answer),
        "predictions": [{"tag": one.tag, "probability": one.probability} for one in each.predictions],
    }


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


def export(options: argparse.Namespace, told: Settings) -> int:
    """Write an iteration as a folder that runs without Tagwise."""
    store = Store(told.home)
    project = projects.find(store, options.project)
    iteration = training.find_iteration(store, project, options.iteration)
    made = exports.export(
        store,
        iteration,
        formats.find(options.format),
        options.folder,
        progress=terminal.progress_of,
    )
    terminal.progress("")
    print(f"{project.name}, {iteration.name} in {made.folder}, {made.size_bytes / 1e6:.1f} MB: {made.agreement}")
    return 0
