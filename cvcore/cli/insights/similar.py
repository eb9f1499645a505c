"""`tagwise similar`: the project's images most like a file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cvcore import imaging, projects, similar_images
from cvcore.cli.console import terminal
from cvcore.cli.console.options import Subparsers, add_command, add_json, add_project
from cvcore.errors import InvalidInput
from cvcore.files import blobs
from cvcore.settings import Settings
from cvcore.store import Store

COUNT, COUNT_MOST = 50, 10_000


def add_similar(subparsers: Subparsers) -> None:
    """Add `tagwise similar`."""
    command = add_command(subparsers, "similar", similar, "print the project's images most like an image")
    add_project(command)
    command.add_argument("image", metavar="IMAGE", type=Path, help="the image's file")
    command.add_argument(
        "--count", type=int, default=COUNT, metavar="N", help=f"how many (default: {COUNT}, at most {COUNT_MOST})"
    )
    add_json(command)


def similar(options: argparse.Namespace, settings: Settings) -> int:
    """Print the images most like a file, the most similar first, each with its similarity and its tags."""
    if not 1 <= options.count <= COUNT_MOST:
        raise InvalidInput(f"--count must be in 1..{COUNT_MOST}, got {options.count}")
    store = Store(settings.home)
    project = projects.find(store, options.project)
    data = imaging.fitted(_read(options.image), settings.limits).data
    embedding = similar_images.embedding_of(store, project, data, limits=settings.limits)
    without = blobs.sha256(data)
    found = similar_images.nearest(store, project, embedding, options.count, without=without)
    images = {image.id: image for image in store.images.with_ids([each.image_id for each in found])}
    tags = {tag.id: tag.name for tag in store.tags.of_project(project.id)}
    rows: list[dict[str, Any]] = [
        {
            "image": images[each.image_id].name,
            "sha256": images[each.image_id].sha256,
            "similarity": round(each.similarity, 4),
            "tags": [tags[tag_id] for tag_id in images[each.image_id].tag_ids if tag_id in tags],
        }
        for each in found
        if each.image_id in images
    ]
    if options.json:
        terminal.print_json({"project": project.name, "images": rows})
        return 0
    for row in rows:
        print(f"{row['similarity']:.3f}  {row['image']}  {', '.join(row['tags']) or 'untagged'}")
    if not rows:
        print("No image of the project can be compared yet.")
    return 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"IMAGE must be a file that can be read, {path}: {error}") from error
