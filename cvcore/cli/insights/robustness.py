"""`tagwise robustness`: how far the numbers fall when images are turned, dark, blurred and so on."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

from cvcore import evaluation
from cvcore import robustness as measured
from cvcore.cli.console import terminal
from cvcore.cli.console.options import Subparsers, add_command, add_iteration, add_json, add_project, add_threshold
from cvcore.cli.insights import results
from cvcore.robustness import CHANGES, Numbers
from cvcore.settings import Settings

SENTENCES = 12


def add_robustness(subparsers: Subparsers) -> None:
    """Add `tagwise robustness`."""
    command = add_command(
        subparsers, "robustness", robustness, "print how precision and recall fall when images are changed"
    )
    add_project(command)
    add_iteration(command)
    add_threshold(command)
    add_json(command)


def robustness(options: argparse.Namespace, settings: Settings) -> int:
    """Print an iteration's numbers on changed images, measuring them first if that has not been done."""
    store, project, iteration = results.chosen(options, settings)
    measurement = results.result(store, iteration, "robustness")
    predictions = evaluation.load(store, iteration)
    in_use = measured.rounded(evaluation.threshold_in_use(iteration, options.threshold))
    numbers = measured.numbers(measurement, predictions.truth, predictions.groups, in_use)
    names = [tag.name for tag in evaluation.tags(store, iteration)]
    scope = measured.scope(store, iteration, measurement)
    if options.json:
        found = {"scope": scope} | measured.numbers_json(measurement, numbers, names)
        terminal.print_json(results.head(store, project, iteration, in_use) | found)
        return 0
    print(f"{project.name}, {iteration.name}: precision and recall of changed images, mean over the tags")
    _print_means(numbers)
    _print_findings(numbers, names)
    print(scope)
    return 0


def _print_means(numbers: Numbers) -> None:
    precision, recall = (numbers.values[measured.position(rate), :, -1] for rate in ("precision", "recall"))
    lines = [("unchanged", 0)] + [
        (change.in_words(strength), place) for change in CHANGES for strength, place in measured.places(change)
    ]
    width = max(len(words) for words, _ in lines)
    print(f"{'images':{width}}  precision  recall")
    for words, place in lines:
        cells = (terminal.percent(None if np.isnan(rate[place]) else rate[place]) for rate in (precision, recall))
        print(f"{words:{width}}", *(f"{cell:>{space}}" for cell, space in zip(cells, (10, 7), strict=True)))


def _print_findings(numbers: Numbers, names: Sequence[str]) -> None:
    found = measured.findings(numbers)
    for finding in measured.findings(numbers, overall=True):
        print(measured.finding_sentence(finding, names))
    for finding in found[:SENTENCES]:
        print(measured.finding_sentence(finding, names, with_advice=False))
    if len(found) > SENTENCES:
        print(f"{len(found) - SENTENCES} more findings of single tags are in the output of --json.")
