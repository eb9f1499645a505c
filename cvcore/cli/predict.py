"""`tagwise predict`: what an iteration predicts for images."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from cvcore import cluster, evaluation, metrics, projects, training
from cvcore.cli.console import terminal
from cvcore.cli.console.options import Subparsers, add_command, add_iteration, add_json, add_project, add_threshold
from cvcore.cli.console.terminal import unwritable
from cvcore.cluster import Machine
from cvcore.errors import ArchiveRefused, InvalidInput
from cvcore.evaluation import report_files
from cvcore.prediction import batch_images, batches
from cvcore.prediction.batches import ImageAnswer
from cvcore.settings import Settings
from cvcore.store import Store


def add_predict(subparsers: Subparsers) -> None:
    """Add `tagwise predict`."""
    command = add_command(subparsers, "predict", predict, "predict the tags of new images")
    add_project(command)
    command.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="an image, or a folder or zip of images")
    add_iteration(command)
    add_threshold(command)
    add_json(command)
    command.add_argument(
        "--csv", type=Path, metavar="FILE.csv", help="write a table of answers and probabilities, for a spreadsheet"
    )


def predict(options: argparse.Namespace, settings: Settings) -> int:
    """Print each image's prediction as soon as it is known; the exit status is 1 if an image cannot be read."""
    store = Store(settings.home)
    project = projects.find(store, options.project)
    iteration = training.find_iteration(store, project, options.iteration)
    threshold = evaluation.threshold_in_use(iteration, options.threshold)
    metrics.checked_thresholds(np.asarray(threshold))
    by_tag = evaluation.thresholds_by_tag(store, iteration, threshold)
    images = [image for path in options.paths for image in _images_at(path, settings)]
    machines: list[Machine] = []

    def on_wait(working: Sequence[Machine]) -> None:
        machines[:] = working

    results = batches.predict(store, iteration, images, by_tag, limits=settings.limits, on_wait=on_wait)
    unread: list[str] = []
    with contextlib.ExitStack() as stack:
        answers = _readable(results, len(images), unread, machines)
        if options.csv:
            names = [tag.name for tag in evaluation.tags(store, iteration)]
            answers = _also_as_csv(answers, stack.enter_context(_csv_file(options.csv)), names)
        if options.json:
            at = report_files.thresholds_json(store, iteration, threshold)
            terminal.print_json_list({"iteration": iteration.number, **at}, "images", map(_answer_json, answers))
        else:
            for answer in answers:
                best = ", ".join(
                    f"{prediction.tag} {prediction.probability:.1%}" for prediction in answer.predictions[:3]
                )
                print(f"{answer.image}: {', '.join(answer.answer) or 'no answer'} ({best})", flush=True)
    return int(bool(unread))


def _images_at(path: Path, settings: Settings) -> list[batch_images.BatchImage]:
    try:
        return batch_images.images_at(path, settings.limits)
    except ArchiveRefused as refusal:
        raise InvalidInput(f"{path}: {refusal}") from refusal


def _readable(
    results: Iterable[ImageAnswer], total: int, unread: list[str], machines: Sequence[Machine]
) -> Iterator[ImageAnswer]:
    """The answers for images that can be read; the others are reported as errors and their names added to `unread`.

    `machines`: those that work now, which the progress line says.
    """
    for number, result in enumerate(results, 1):
        if result.refusal:
            terminal.print_error(f"{result.image}: {result.refusal}")
            unread.append(result.image)
        else:
            yield result
        # In a terminal the answers themselves are the progress.
        if not sys.stdout.isatty():
            terminal.show_progress(cluster.stage_on(machines, f"{number:,} of {total:,} images"))
    terminal.show_progress("")


def _also_as_csv(answers: Iterable[ImageAnswer], file: TextIO, tags: Sequence[str]) -> Iterator[ImageAnswer]:
    file.write(batches.csv_header(tags))
    for answer in answers:
        file.write(batches.csv_row(answer, tags))
        file.flush()
        yield answer


def _csv_file(path: Path) -> TextIO:
    try:
        # A file name can be invalid text.
        return path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        raise unwritable("--csv", path, error) from error


def _answer_json(answer: ImageAnswer) -> dict[str, Any]:
    return {
        "image": answer.image,
        "answer": list(answer.answer),
        "predictions": [
            {"tag": prediction.tag, "probability": prediction.probability} for prediction in answer.predictions
        ],
    }
