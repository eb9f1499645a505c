"""`tagwise sample`, `import` and `projects`: create, fill and list projects.

The commands' functions return the exit status.
"""

from __future__ import annotations

import argparse
import itertools
import shlex
import sys
from pathlib import Path
from typing import Any

from cvcore import datasets, domains
from cvcore.cli.console import terminal
from cvcore.cli.console.options import Subparsers, add_command, add_json, add_project
from cvcore.projects import imports, samples
from cvcore.records import MULTICLASS, MULTILABEL, Project
from cvcore.settings import Settings
from cvcore.store import Store
from cvcore.wording import count


def add_sample(subparsers: Subparsers) -> None:
    """Add `tagwise sample`."""
    command = add_command(subparsers, "sample", sample, "create the sample project, with drawn images")
    command.add_argument(
        "--trap", action="store_true", help="a sample whose tags can be told apart by the light alone, as a lesson"
    )
    add_json(command)


def sample(options: argparse.Namespace, settings: Settings) -> int:
    """Create a sample project."""
    store = Store(settings.home)
    kind = samples.WITH_TRAP if options.trap else samples.PLAIN
    project = samples.make_sample(store, kind, limits=settings.limits)
    terminal.print_result(
        project_json(store, project),
        f"created {project.name!r}; train it with: tagwise train {shlex.quote(project.name)}",
        as_json=options.json,
    )
    return 0


def add_projects(subparsers: Subparsers) -> None:
    """Add `tagwise projects`."""
    add_json(add_command(subparsers, "projects", list_projects, "list the projects"))


def list_projects(options: argparse.Namespace, settings: Settings) -> int:
    """Print every project with its numbers of images and tags."""
    store = Store(settings.home)
    listed = [project_json(store, project) for project in store.projects.all()]
    lines = [f"{row['name']}: {row['images']} images, {row['tags']} tags, {row['type']}" for row in listed]
    terminal.print_result(
        listed, "\n".join(lines) or "there are no projects yet: `tagwise sample` creates one", as_json=options.json
    )
    return 0


def add_import(subparsers: Subparsers) -> None:
    """Add `tagwise import`."""
    command = add_command(
        subparsers,
        "import",
        import_images,
        "import tagged images into a project, which is created if it does not exist",
    )
    add_project(command)
    command.add_argument(
        "path",
        metavar="PATH",
        type=Path,
        help="a folder or zip: one folder per tag, or images beside a table, manifest or export that names their tags",
    )
    command.add_argument(
        "--type",
        type=str.capitalize,
        choices=[MULTICLASS, MULTILABEL],
        help="one tag per image, or several (default: as the images are tagged)",
    )
    command.add_argument("--domain", metavar="NAME", help=", ".join(domain.name for domain in domains.DOMAINS))
    add_json(command)


def import_images(options: argparse.Namespace, settings: Settings) -> int:
    """Import a folder or zip of tagged images into a project."""
    store = Store(settings.home)
    listing = datasets.entries(options.path, settings.limits)
    if listing.read_as and not options.json:
        print(f"Read as: {listing.read_as}", file=sys.stderr)
    is_new = store.projects.find(options.project) is None
    total = len(listing.entries) + len(listing.skipped)
    done = itertools.count(1)

    def on_file(_: object) -> None:
        terminal.show_progress(f"{next(done)} of {total} files")

    project, result = imports.import_project(
        store,
        options.project,
        listing,
        limits=settings.limits,
        source=options.path.resolve().name,
        classification_type=options.type,
        domain=options.domain,
        on_file=on_file,
    )
    terminal.show_progress("")
    counts = {status: result.count(status) for status in ("stored", "duplicate", "refused")}
    notes = [
        {"name": upload.name, "status": upload.status, "reason": upload.reason or upload.note}
        for upload in result.uploads
        if upload.reason or upload.note
    ]
    text = f"{counts['stored']} stored, {counts['duplicate']} already there, {counts['refused']} refused"
    remarks = list(dict.fromkeys([*listing.notes, *_remarks(store, project, listing)]))
    several = sum(len(entry.tags) > 1 for entry in listing.entries)
    if is_new and several and not options.type:
        remarks.append(f"The project is Multilabel, because several tags are given to {count(several, 'image')}.")
    told = {"read_as": listing.read_as, "metadata": listing.metadata_keys, "remarks": remarks, "notes": notes}
    terminal.print_result(
        {**project_json(store, project), **counts, **told}, f"{project.name}: {text}", as_json=options.json
    )
    if not options.json:
        for remark in remarks:
            print(f"  {remark}", file=sys.stderr)
        for note in notes:
            print(f"  {note['name']}: {note['reason']}", file=sys.stderr)
    return 0


def _remarks(store: Store, project: Project, listing: datasets.Listing) -> list[str]:
    tags = {tag for entry in listing.entries for tag in entry.tags}
    return imports.remarks(store, project, tags, sum(not entry.tags for entry in listing.entries))


def project_json(store: Store, project: Project) -> dict[str, Any]:
    """A project as the commands print it for scripts."""
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
