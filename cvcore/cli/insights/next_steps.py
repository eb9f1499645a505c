"""`tagwise next-steps`: what would make an iteration better, and by how much."""

from __future__ import annotations

import argparse

from cvcore import evaluation, image_facts, next_steps
from cvcore.cli.console import terminal
from cvcore.cli.console.options import Subparsers, add_command, add_iteration, add_json, add_project
from cvcore.cli.insights import results
from cvcore.settings import Settings


def add_next_steps(subparsers: Subparsers) -> None:
    """Add `tagwise next-steps`."""
    command = add_command(
        subparsers, "next-steps", print_next_steps, "print what would make an iteration better, and by how much"
    )
    add_project(command)
    add_iteration(command)
    add_json(command)


def print_next_steps(options: argparse.Namespace, settings: Settings) -> int:
    """Print the next steps that were not taken yet, looking for them first if that was not done."""
    store, project, iteration = results.chosen(options, settings)
    # Without it no shortcut is looked for.
    image_facts.fill(store, [image.sha256 for image in store.iterations.images(iteration.id)], terminal.on_progress)
    terminal.show_progress("")
    found = results.result(store, iteration, "next-steps")
    steps = next_steps.open_steps(store, iteration, found)
    names = [tag.name for tag in evaluation.tags(store, iteration)]
    if options.json:
        head = results.head(store, project, iteration, evaluation.threshold_in_use(iteration))
        terminal.print_json(head | {"steps": next_steps.steps_json(steps, names)})
        return 0
    print(f"{project.name}, {iteration.name}: what to do next")
    for number, step in enumerate(steps, start=1):
        print(f"{number}. {' '.join(next_steps.in_words(step, names))}.")
        print(f"   {next_steps.basis(step)}.")
    print(next_steps.note(steps))
    return 0
