"""What the commands do that take pictures or a whole project along in a zip, and open one.

Each returns the exit status.
"""

from __future__ import annotations

import argparse

from cvcore import archive, datasets, projects
from cvcore.cli import terminal
from cvcore.errors import ArchiveRefused
from cvcore.projects import tagging
from cvcore.settings import Settings
from cvcore.store import Store


def save(options: argparse.Namespace, told: Settings) -> int:
    """Write a project's pictures and tags as a zip that other programs read."""
    store = Store(told.home)
    project = projects.find(store, options.project)
    tag_id = tagging.find(store, project, options.tag).id if options.tag is not None else None
    made = datasets.save(store, project, options.format, options.file, tag_id=tag_id, progress=terminal.progress_of)
    terminal.progress("")
    terminal.tell(
        {"file": str(made.path), "images": made.images, "size_bytes": made.size_bytes},
        f"{project.name}: {made.images} images in {made.path}, {made.size_bytes / 1e6:.1f} MB",
        as_json=options.json,
    )
    return 0


def pack(options: argparse.Namespace, told: Settings) -> int:
    """Write a whole project as one zip."""
    store = Store(told.home)
    project = projects.find(store, options.project)
    made = archive.pack(store, project, options.file, terminal.progress_of)
    terminal.progress("")
    terminal.tell(
        {
            "file": str(made.path),
            "images": made.images,
            "iterations": made.iterations,
            "size_bytes": made.size_bytes,
        },
        f"{project.name}: {made.images} images and {made.iterations} iterations in {made.path}, "
        f"{made.size_bytes / 1e6:.1f} MB",
        as_json=options.json,
    )
    return 0


def unpack(options: argparse.Namespace, told: Settings) -> int:
    """Make a project of a zip that `pack` wrote."""
    store = Store(told.home)
    if not options.file.is_file():
        raise ArchiveRefused(f"a zip is needed, there is none at {str(options.file)!r}: check the path")
    project = archive.unpack(
        store, options.file, limits=told.limits, name=options.name or "", progress=terminal.progress_of
    )
    terminal.progress("")
    images, iterations = store.images.count(project.id), len(store.iterations.of_project(project.id))
    terminal.tell(
        {"name": project.name, "id": project.id, "images": images, "iterations": iterations},
        f"{project.name} is here: {images} images and {iterations} iterations",
        as_json=options.json,
    )
    return 0
