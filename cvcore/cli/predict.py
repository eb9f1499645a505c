"""`tagwise predict`: what an iteration predicts for images."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from cvcore import evaluation, metrics, projects, training
from cvcore.cli import terminal
from cvcore.cli.terminal import _unwritable
from cvcore.errors import ArchiveRefused, InvalidInput
from cvcore.evaluation import report_files
from cvcore.prediction import batches
from cvcore.prediction.batches import ImageAnswer
from cvcore.settings import Settings
from cvcore.store import Store


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
