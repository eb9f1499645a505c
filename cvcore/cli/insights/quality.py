"""`tagwise quality`: a project's images that are hard to learn from."""

from __future__ import annotations

import argparse

from cvcore import image_facts, image_quality, projects
from cvcore.cli.console import terminal
from cvcore.cli.console.options import Subparsers, add_command, add_json, add_project
from cvcore.settings import Settings
from cvcore.store import Store

NAMES_SHOWN = 10


def add_quality(subparsers: Subparsers) -> None:
    """Add `tagwise quality`."""
    command = add_command(
        subparsers, "quality", print_quality, "print which images are dark, blurred, tiny or there under two tags"
    )
    add_project(command)
    add_json(command)


def print_quality(options: argparse.Namespace, settings: Settings) -> int:
    """Print the images that are dark, pale, blurred, empty, long or tiny, and copies that have different tags."""
    store = Store(settings.home)
    project = projects.find(store, options.project)
    image_facts.fill(store, store.images.digests(project.id), terminal.on_progress)
    terminal.show_progress("")
    found = image_quality.quality(store, project)
    ids = [image_id for group in found.groups for image_id in group.image_ids]
    names = {image.id: image.name for image in store.images.with_ids(ids)}
    if options.json:
        terminal.print_json({"project": project.name} | image_quality.quality_json(found, names))
        return 0
    for group in found.groups:
        print(image_quality.sentence(group))
        shown = [names[image_id] for image_id in group.image_ids[:NAMES_SHOWN] if image_id in names]
        more = " …" if len(group.image_ids) > NAMES_SHOWN else ""
        print(f"  {', '.join(shown)}{more}")
    print(image_quality.scope(found))
    return 0
