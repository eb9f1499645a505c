"""`tagwise export`: an iteration as a folder that runs without Tagwise."""

from __future__ import annotations

import argparse

from cvcore import exports, projects, training
from cvcore.cli import terminal
from cvcore.exports import formats
from cvcore.settings import Settings
from cvcore.store import Store


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
