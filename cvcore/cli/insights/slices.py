"""`tagwise slices`: the images of which key and value are answered wrongly more often than others."""

from __future__ import annotations

import argparse

from cvcore import evaluation
from cvcore import slices as found_slices
from cvcore.cli.console import terminal
from cvcore.cli.console.options import Subparsers, add_command, add_iteration, add_json, add_project, add_threshold
from cvcore.cli.insights import results
from cvcore.settings import Settings


def add_slices(subparsers: Subparsers) -> None:
    """Add `tagwise slices`."""
    command = add_command(subparsers, "slices", slices, "list the kinds of images that do worst")
    add_project(command)
    add_iteration(command)
    add_threshold(command)
    add_json(command)


def slices(options: argparse.Namespace, settings: Settings) -> int:
    """Print the slices of an iteration that do worst, the worst first."""
    store, project, iteration = results.chosen(options, settings)
    in_use = evaluation.threshold_in_use(iteration, options.threshold)
    found = found_slices.worst(store, iteration, in_use)
    if options.json:
        terminal.print_json(results.head(store, project, iteration, in_use) | found_slices.worst_json(found))
        return 0
    print(f"{project.name}, {iteration.name}: slices that do worst")
    for finding in found.findings:
        print(found_slices.sentence(finding))
    print(found_slices.summary(found))
    return 0
