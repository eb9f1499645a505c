"""`tagwise sample`, `import`, `migrate` and `projects`: projects made, filled and listed.

The commands' functions return the exit status.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import sys
from pathlib import Path
from typing import Any

from cvcore import azure, datasets, domains, projects
from cvcore.cli import terminal
from cvcore.cli.options import Subparsers, add_command, add_json, add_project
from cvcore.errors import InvalidInput
from cvcore.projects import imports, samples
from cvcore.records import MULTICLASS, MULTILABEL, Project
from cvcore.settings import Settings
from cvcore.store import Store


def add_sample(subparsers: Subparsers) -> None:
    """Add `tagwise sample`."""
    add_json(add_command(subparsers, "sample", sample, "make the sample project from drawn images"))


def sample(options: argparse.Namespace, settings: Settings) -> int:
    """Make the sample project."""
    store = Store(settings.home)
    project = samples.make_sample(store, limits=settings.limits)
    terminal.print_result(
        _project_json(store, project),
        f"made {project.name!r}: now `tagwise train {project.name!r}`",
        as_json=options.json,
    )
    return 0


def add_projects(subparsers: Subparsers) -> None:
    """Add `tagwise projects`."""
    add_json(add_command(subparsers, "projects", list_projects, "list the projects"))


def list_projects(options: argparse.Namespace, settings: Settings) -> int:
    """Print every project with its numbers of images and tags."""
    store = Store(settings.home)
    listed = [_project_json(store, project) for project in store.projects.all()]
    lines = [f"{each['name']}: {each['images']} images, {each['tags']} tags, {each['type']}" for each in listed]
    terminal.print_result(
        listed, "\n".join(lines) or "no projects yet: `tagwise sample` makes one", as_json=options.json
    )
    return 0


def add_import(subparsers: Subparsers) -> None:
    """Add `tagwise import`."""
    command = add_command(subparsers, "import", import_images, "import labelled images into a project, made if absent")
    add_project(command)
    command.add_argument(
        "path",
        metavar="PATH",
        type=Path,
        help="folder or zip: tag-named folders, images/ + labels.csv, *.manifest, metadata.jsonl",
    )
    command.add_argument(
        "--type", type=str.capitalize, choices=[MULTICLASS, MULTILABEL], help="multiclass or multilabel"
    )
    command.add_argument("--domain", metavar="NAME", help=", ".join(domain.name for domain in domains.DOMAINS))
    add_json(command)


def import_images(options: argparse.Namespace, settings: Settings) -> int:
    """Import a folder or zip of labelled images into a project."""
    store = Store(settings.home)
    listing = datasets.entries(options.path, settings.limits)
    project = _project_to_fill(store, options, listing)

    total = len(listing.entries) + len(listing.skipped)
    done = itertools.count(1)

    def on_file(_: object) -> None:
        terminal.show_progress(f"{next(done)} of {total} files")

    result = imports.import_images(store, project, listing, limits=settings.limits, on_file=on_file)
    terminal.show_progress("")
    counts = {status: result.count(status) for status in ("stored", "duplicate", "refused")}
    if not counts["stored"] and not counts["duplicate"]:
        reason = next((upload.reason for upload in result.uploads if upload.reason), "there are none")
        raise InvalidInput(f"{options.path} must hold images, nothing could be stored: {reason}")
    notes = [
        {"name": each.name, "status": each.status, "reason": each.reason} for each in result.uploads if each.reason
    ]
    text = ", ".join(f"{count} {status}" for status, count in counts.items())
    terminal.print_result(
        {**_project_json(store, project), **counts, "notes": notes}, f"{project.name}: {text}", as_json=options.json
    )
    if not options.json:
        for note in notes:
            print(f"  {note['name']}: {note['reason']}", file=sys.stderr)
    return 0


def add_migrate(subparsers: Subparsers) -> None:
    """Add `tagwise migrate`."""
    command = add_command(subparsers, "migrate", migrate, "move in from Azure Custom Vision; run again, it continues")
    command.add_argument(
        "--endpoint", metavar="URL", required=True, help="as Azure's portal shows it: Keys and Endpoint"
    )
    command.add_argument("--training-key", metavar="KEY", required=True, help="shown beside it")
    command.add_argument("--project", metavar="ID", help="this project alone; all of them if left out")
    add_json(command)


def migrate(options: argparse.Namespace, settings: Settings) -> int:
    """Copy projects from Azure Custom Vision; the exit status is 1 if something is missing here."""
    store = Store(settings.home)
    moved = azure.migrate(
        store,
        options.endpoint,
        options.training_key,
        project_id=options.project,
        limits=settings.limits,
        progress=terminal.on_progress,
    )
    terminal.show_progress("")
    results = [
        {**dataclasses.asdict(each), "project": each.project and _project_json(store, each.project)} for each in moved
    ]
    lines = [
        f"{each.project.name}: {each.here.images} images and {each.here.tags} tags here, "
        f"{each.azure.images} and {each.azure.tags} in Azure, {'complete' if each.complete else 'incomplete'}"
        for each in moved
        if each.project
    ]
    terminal.print_result(results, "\n".join(lines) or "there is no project to move", as_json=options.json)
    if not options.json:
        for each in moved:
            for note in each.notes:
                print(f"  {each.project.name + ': ' if each.project else ''}{note}", file=sys.stderr)
    return int(not all(each.complete for each in moved))


def _project_to_fill(store: Store, options: argparse.Namespace, listing: datasets.Listing) -> Project:
    project = store.projects.find(options.project)
    if project is None:
        several = any(len(entry.tags) > 1 for entry in listing.entries)
        kind = options.type or (MULTILABEL if several else MULTICLASS)
        return projects.create(store, options.project, classification_type=kind, domain=options.domain or "")
    return projects.change(store, project, classification_type=options.type, domain=options.domain)


def _project_json(store: Store, project: Project) -> dict[str, Any]:
    last = store.iterations.newest_trained(project.id)
    return {
        "name": project.name,
        "id": project.id,
        "type": project.classification_type,
        "domain": domains.find(project.domain_id).name,
        "images": store.images.count(project.id),
        "tags": len(store.tags.of_project(project.id)),
        "iteration": last.name if last else None,
    }
