"""What each `tagwise` command does: it reads its options, calls a use-case, says what came of it.

Each returns the exit status.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import sys
from typing import Any

from cvcore import azure, datasets, domains, projects
from cvcore.cli import terminal
from cvcore.errors import InvalidInput
from cvcore.projects import imports, samples
from cvcore.records import MULTICLASS, MULTILABEL, Project
from cvcore.settings import Settings
from cvcore.store import Store


def sample(options: argparse.Namespace, told: Settings) -> int:
    """Make the sample project."""
    store = Store(told.home)
    project = samples.make_sample(store, limits=told.limits)
    terminal.tell(
        _project(store, project), f"made {project.name!r}: now `tagwise train {project.name!r}`", as_json=options.json
    )
    return 0


def list_projects(options: argparse.Namespace, told: Settings) -> int:
    """Every project at a glance."""
    store = Store(told.home)
    found = [_project(store, project) for project in store.projects.all()]
    lines = [f"{each['name']}: {each['images']} images, {each['tags']} tags, {each['type']}" for each in found]
    terminal.tell(found, "\n".join(lines) or "no projects yet: `tagwise sample` makes one", as_json=options.json)
    return 0


def import_images(options: argparse.Namespace, told: Settings) -> int:
    """Bring a folder or zip of labelled pictures into a project."""
    store = Store(told.home)
    listing = datasets.entries(options.path, told.limits)
    project = _project_to_fill(store, options, listing)

    total = len(listing.entries) + len(listing.skipped)
    done = itertools.count(1)

    def on_file(_: object) -> None:
        terminal.progress(f"{next(done)} of {total} files")

    result = imports.import_images(store, project, listing, limits=told.limits, on_file=on_file)
    terminal.progress("")
    counts = {status: result.count(status) for status in ("stored", "duplicate", "refused")}
    if not counts["stored"] and not counts["duplicate"]:
        reason = next((upload.reason for upload in result.uploads if upload.reason), "there are none")
        raise InvalidInput(f"{options.path} must hold pictures, nothing could be stored: {reason}")
    notes = [
        {"name": each.name, "status": each.status, "reason": each.reason} for each in result.uploads if each.reason
    ]
    text = ", ".join(f"{count} {status}" for status, count in counts.items())
    terminal.tell(
        {**_project(store, project), **counts, "notes": notes}, f"{project.name}: {text}", as_json=options.json
    )
    if not options.json:
        for note in notes:
            print(f"  {note['name']}: {note['reason']}", file=sys.stderr)
    return 0


def migrate(options: argparse.Namespace, told: Settings) -> int:
    """Move in from Azure Custom Vision; the exit status is 1 when something of it is not here."""
    store = Store(told.home)
    moved = azure.migrate(
        store,
        options.endpoint,
        options.training_key,
        project_id=options.project,
        limits=told.limits,
        progress=terminal.progress_of,
    )
    terminal.progress("")
    results = [
        {**dataclasses.asdict(each), "project": each.project and _project(store, each.project)} for each in moved
    ]
    lines = [
        f"{each.project.name}: {each.here.images} images and {each.here.tags} tags here, "
        f"{each.azure.images} and {each.azure.tags} in Azure, {'complete' if each.complete else 'incomplete'}"
        for each in moved
        if each.project
    ]
    terminal.tell(results, "\n".join(lines) or "there is no project to move in", as_json=options.json)
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


def _project(store: Store, project: Project) -> dict[str, Any]:
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
