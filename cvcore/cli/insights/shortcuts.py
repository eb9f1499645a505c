"""`tagwise shortcuts`: whether tags can be told apart by light, colour, border, size, file or camera alone."""

from __future__ import annotations

import argparse

from cvcore import evaluation, image_facts, shortcuts
from cvcore.cli.console import terminal
from cvcore.cli.console.options import Subparsers, add_command, add_iteration, add_json, add_project
from cvcore.cli.insights import results
from cvcore.settings import Settings


def add_shortcuts(subparsers: Subparsers) -> None:
    """Add `tagwise shortcuts`."""
    command = add_command(
        subparsers, "shortcuts", print_shortcuts, "print whether tags can be told apart by light, colour or files alone"
    )
    add_project(command)
    add_iteration(command)
    add_json(command)


def print_shortcuts(options: argparse.Namespace, settings: Settings) -> int:
    """Print what tells an iteration's tags apart without looking at what the images show."""
    store, project, iteration = results.chosen(options, settings)
    snapshot = store.iterations.images(iteration.id)
    image_facts.fill(store, [image.sha256 for image in snapshot], terminal.on_progress)
    terminal.show_progress("")
    found = shortcuts.shortcuts(store, iteration)
    names = [tag.name for tag in evaluation.tags(store, iteration)]
    if options.json:
        head = results.head(store, project, iteration, evaluation.threshold_in_use(iteration))
        terminal.print_json(head | shortcuts.shortcuts_json(found, names))
        return 0
    print(f"{project.name}, {iteration.name}: what tells tags apart without looking at what images show")
    for each in found.findings:
        print(f"- {shortcuts.sentence(each, names)}")
    print(shortcuts.scope(found))
    return 0
