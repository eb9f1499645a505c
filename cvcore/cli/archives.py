"""`tagwise save`, `pack` and `unpack`: images or projects as zips.

The commands' functions return the exit status.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cvcore import archive, datasets, projects
from cvcore.cli.console import terminal
from cvcore.cli.console.options import Subparsers, add_command, add_json, add_project, parse_name
from cvcore.errors import ArchiveRefused
from cvcore.projects import tagging
from cvcore.settings import Settings
from cvcore.store import Store
from cvcore.wording import count


def add_save(subparsers: Subparsers) -> None:
    """Add `tagwise save`."""
    command = add_command(subparsers, "save", save, "write images and tags as a zip for other programs")
    add_project(command)
    command.add_argument("format", metavar="FORMAT", choices=datasets.NAMES, help=", ".join(datasets.NAMES))
    command.add_argument("file", metavar="FILE.zip", type=Path)
    command.add_argument("--tag", metavar="TAG", type=parse_name, help="only the images with this tag")
    add_json(command)


def save(options: argparse.Namespace, settings: Settings) -> int:
    """Write a project's images and tags as a zip that other programs read."""
    store = Store(settings.home)
    project = projects.find(store, options.project)
    tag_id = tagging.find(store, project, options.tag).id if options.tag is not None else None
    saved = datasets.save(store, project, options.format, options.file, tag_id=tag_id, progress=terminal.on_progress)
    terminal.show_progress("")
    terminal.print_result(
        {"file": str(saved.path), "images": saved.images, "size_bytes": saved.size_bytes},
        f"{project.name}: {count(saved.images, 'image')} in {saved.path}, {saved.size_bytes / 1e6:.1f} MB",
        as_json=options.json,
    )
    return 0


def add_pack(subparsers: Subparsers) -> None:
    """Add `tagwise pack`."""
    command = add_command(
        subparsers, "pack", pack, "write a complete project as one zip, to give to others or as a backup"
    )
    add_project(command)
    command.add_argument("file", metavar="FILE.zip", type=Path)
    add_json(command)


def pack(options: argparse.Namespace, settings: Settings) -> int:
    """Write a complete project as one zip."""
    store = Store(settings.home)
    project = projects.find(store, options.project)
    packed = archive.pack(store, project, options.file, terminal.on_progress)
    terminal.show_progress("")
    terminal.print_result(
        {
            "file": str(packed.path),
            "images": packed.images,
            "iterations": packed.iterations,
            "size_bytes": packed.size_bytes,
        },
        f"{project.name}: {count(packed.images, 'image')} and {count(packed.iterations, 'iteration')} "
        f"in {packed.path}, {packed.size_bytes / 1e6:.1f} MB",
        as_json=options.json,
    )
    return 0


def add_unpack(subparsers: Subparsers) -> None:
    """Add `tagwise unpack`."""
    command = add_command(subparsers, "unpack", unpack, "create a project from a zip that `tagwise pack` wrote")
    command.add_argument("file", metavar="FILE.zip", type=Path)
    command.add_argument(
        "--name", metavar="NAME", type=parse_name, help="the new project's name (default: the name in the zip)"
    )
    add_json(command)


def unpack(options: argparse.Namespace, settings: Settings) -> int:
    """Create a project from a zip that `pack` wrote."""
    store = Store(settings.home)
    if not options.file.is_file():
        raise ArchiveRefused(f"FILE.zip must be a zip, there is no file at {str(options.file)!r}: check the path")
    project = archive.unpack(
        store, options.file, limits=settings.limits, name=options.name or "", progress=terminal.on_progress
    )
    terminal.show_progress("")
    images, iterations = store.images.count(project.id), len(store.iterations.of_project(project.id))
    terminal.print_result(
        {"name": project.name, "id": project.id, "images": images, "iterations": iterations},
        f"created {project.name}: {count(images, 'image')} and {count(iterations, 'iteration')}",
        as_json=options.json,
    )
    return 0
