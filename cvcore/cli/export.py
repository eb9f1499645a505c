"""`tagwise export`: an iteration as a folder that runs without Tagwise."""

from __future__ import annotations

import argparse
from pathlib import Path

from cvcore import exports, projects, training
from cvcore.cli.console import terminal
from cvcore.cli.console.options import Subparsers, add_command, add_iteration, add_project
from cvcore.errors import InvalidInput
from cvcore.exports import formats, source
from cvcore.settings import Settings
from cvcore.store import Store


def add_export(subparsers: Subparsers) -> None:
    """Add `tagwise export`."""
    command = add_command(subparsers, "export", export, "write an iteration as a folder that runs without Tagwise")
    add_project(command)
    command.add_argument(
        "format",
        metavar="FORMAT",
        type=_names,
        help=f"{', '.join(formats.NAMES)}, or a flavor of Custom Vision's; several with commas between them",
    )
    command.add_argument(
        "folder", metavar="OUT_DIR", type=Path, help="a new or empty folder; of several formats each gets one inside"
    )
    add_iteration(command)


def _names(text: str) -> list[str]:
    """The formats' names in a list with commas; they are in `formats`, whether they can be made here or not."""
    try:
        return list(dict.fromkeys(formats.by_name(name.strip()).name for name in text.split(",")))
    except InvalidInput as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def export(options: argparse.Namespace, settings: Settings) -> int:
    """Write an iteration in one format or in several."""
    store = Store(settings.home)
    project = projects.find(store, options.project)
    iteration = training.find_iteration(store, project, options.iteration)
    wanted = [formats.find(name) for name in options.format]
    folders = [options.folder] if len(wanted) == 1 else [options.folder / each.name for each in wanted]
    for folder in folders:
        exports.check_folder(folder)
    shared = source.load(store, iteration, terminal.on_progress)
    for each, folder in zip(wanted, folders, strict=True):
        exported = exports.export(store, iteration, each, folder, shared=shared, progress=terminal.on_progress)
        terminal.show_progress("")
        size = f"{exported.size_bytes / 1e6:.1f} MB"
        print(f"{project.name}, {iteration.name}: exported to {exported.folder}, {size}; {exported}")
    return 0
