"""`tagwise export`: an iteration as a folder that runs without Tagwise."""

from __future__ import annotations

import argparse
from pathlib import Path

from cvcore import exports, projects, training
from cvcore.cli import terminal
from cvcore.cli.options import Subparsers, add_command, add_iteration, add_project
from cvcore.exports import formats
from cvcore.settings import Settings
from cvcore.store import Store


def add_export(subparsers: Subparsers) -> None:
    """Add `tagwise export`."""
    command = add_command(subparsers, "export", export, "write an iteration as a folder that runs without Tagwise")
    add_project(command)
    command.add_argument("format", metavar="FORMAT", choices=formats.NAMES, help=", ".join(formats.NAMES))
    command.add_argument("folder", metavar="OUT_DIR", type=Path, help="a new or empty folder")
    add_iteration(command)


def export(options: argparse.Namespace, settings: Settings) -> int:
    """Write an iteration as a folder that runs without Tagwise."""
    store = Store(settings.home)
    project = projects.find(store, options.project)
    iteration = training.find_iteration(store, project, options.iteration)
    exported = exports.export(
        store,
        iteration,
        formats.find(options.format),
        options.folder,
        progress=terminal.on_progress,
    )
    terminal.show_progress("")
    size = f"{exported.size_bytes / 1e6:.1f} MB"
    print(f"{project.name}, {iteration.name}: exported to {exported.folder}, {size}; {exported.agreement}")
    return 0
