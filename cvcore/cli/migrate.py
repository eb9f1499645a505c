"""`tagwise migrate`: copy projects from Azure Custom Vision or Amazon Rekognition Custom Labels.

The command's function returns the exit status.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence

from cvcore import azure
from cvcore.cli.console import terminal
from cvcore.cli.console.options import Subparsers, add_command, add_json
from cvcore.cli.projects import project_json
from cvcore.rekognition import migration as rekognition
from cvcore.settings import Settings
from cvcore.store import Store

CUSTOM_VISION, REKOGNITION = "custom-vision", "rekognition"
# The options that only one of the two sources has, by their names in the parsed options.
ONLY_FROM = {CUSTOM_VISION: ("endpoint", "training_key"), REKOGNITION: ("profile", "region")}


def add_migrate(subparsers: Subparsers) -> None:
    """Add `tagwise migrate`."""
    command = add_command(
        subparsers,
        "migrate",
        migrate,
        "copy projects from Azure Custom Vision or Amazon Rekognition; run it again to continue",
    )
    command.add_argument(
        "--from",
        dest="source",
        choices=[CUSTOM_VISION, REKOGNITION],
        default=CUSTOM_VISION,
        help=f"the service to copy from (default: {CUSTOM_VISION})",
    )
    command.add_argument("--endpoint", metavar="URL", help="Azure: shown in the portal under Keys and Endpoint")
    command.add_argument("--training-key", metavar="KEY", help="Azure: shown there too")
    command.add_argument(
        "--profile", metavar="NAME", help="AWS: a profile of `aws configure` (default: as boto3 finds it)"
    )
    command.add_argument("--region", metavar="NAME", help="AWS: the projects' region (default: as boto3 finds it)")
    command.add_argument(
        "--project", metavar="ID", help="copy only this project, at AWS its name or ARN (default: all)"
    )
    add_json(command)
    command.set_defaults(misused=command.error)


def migrate(options: argparse.Namespace, settings: Settings) -> int:
    """Copy projects from another service; the exit status is 1 if something could not be copied."""
    _check(options)
    store = Store(settings.home)
    if options.source == CUSTOM_VISION:
        moved = azure.migrate(
            store,
            options.endpoint,
            options.training_key,
            project_id=options.project,
            limits=settings.limits,
            progress=terminal.on_progress,
        )
        return _print(
            store, moved, [_line(each, each.azure.images, each.azure.tags, "in Azure") for each in moved], options
        )
    copied = rekognition.migrate(
        store,
        project=options.project,
        profile=options.profile,
        region=options.region,
        limits=settings.limits,
        progress=terminal.on_progress,
    )
    return _print(store, copied, [_line(each, each.aws.images, each.aws.tags, "at AWS") for each in copied], options)


def _check(options: argparse.Namespace) -> None:
    """End as argparse does if an option is missing, or belongs to the other service."""
    required = [f"--{name.replace('_', '-')}" for name in ONLY_FROM[CUSTOM_VISION] if vars(options)[name] is None]
    if options.source == CUSTOM_VISION and required:
        options.misused(f"the following arguments are required: {', '.join(required)}")
    for source, names in ONLY_FROM.items():
        for name in names:
            if source != options.source and vars(options)[name] is not None:
                options.misused(f"--{name.replace('_', '-')} is only for --from {source}: leave it out")


def _line(moved: azure.MigrationResult | rekognition.MigrationResult, images: int, tags: int, where: str) -> str:
    """What became of a project, in a line; empty if it was left out."""
    if moved.project is None:
        return ""
    return (
        f"{moved.project.name}: {moved.here.images} images and {moved.here.tags} tags here, "
        f"{images} and {tags} {where}, {'complete' if moved.complete else 'incomplete'}"
    )


def _print(
    store: Store,
    moved: Sequence[azure.MigrationResult | rekognition.MigrationResult],
    lines: Sequence[str],
    options: argparse.Namespace,
) -> int:
    terminal.show_progress("")
    results = [
        {**dataclasses.asdict(each), "project": each.project and project_json(store, each.project)} for each in moved
    ]
    text = "\n".join(filter(None, lines)) or "there is no project to copy"
    terminal.print_result(results, text, as_json=options.json)
    if not options.json:
        for each in moved:
            for note in each.notes:
                print(f"  {each.project.name + ': ' if each.project else ''}{note}", file=sys.stderr)
    return int(not all(each.complete for each in moved))
