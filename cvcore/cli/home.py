"""`tagwise backup`, `restore` and `check`: the whole home folder.

The commands' functions return the exit status.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cvcore import backups
from cvcore.backups import Content
from cvcore.cli.console import terminal
from cvcore.cli.console.options import Subparsers, add_command, add_json
from cvcore.settings import Settings
from cvcore.wording import count

LISTED = 50


def add_backup(subparsers: Subparsers) -> None:
    """Add `tagwise backup`."""
    command = add_command(
        subparsers, "backup", backup, "write everything, all projects and keys, as one zip, while Tagwise runs"
    )
    command.add_argument("file", metavar="FILE.zip", type=Path)
    add_json(command)


def backup(options: argparse.Namespace, settings: Settings) -> int:
    """Write the home folder as one zip."""
    made = backups.backup(settings.home, options.file, terminal.on_progress)
    terminal.show_progress("")
    lines = [f"{_counts(made)} in {made.path}", *(f"left out: {each}" for each in made.left_out[:LISTED])]
    if made.left_out:
        lines.append(
            f"{count(len(made.left_out), 'file')} left out, missing, not readable, or not of Tagwise: "
            "`tagwise check` says what is damaged"
        )
    terminal.print_result(_json(made), "\n".join(lines), as_json=options.json)
    return 0


def add_restore(subparsers: Subparsers) -> None:
    """Add `tagwise restore`."""
    command = add_command(
        subparsers, "restore", restore, "put a backup back; what was there before is kept in backups/"
    )
    command.add_argument("file", metavar="FILE.zip", type=Path)
    add_json(command)


def restore(options: argparse.Namespace, settings: Settings) -> int:
    """Give the home folder the content of a backup."""
    made = backups.restore(options.file, settings.home, terminal.on_progress)
    terminal.show_progress("")
    terminal.print_result(_json(made), f"restored {_counts(made)}; reload pages that are open", as_json=options.json)
    return 0


def add_check(subparsers: Subparsers) -> None:
    """Add `tagwise check`."""
    command = add_command(
        subparsers, "check", check, "read every file and every row, and say what is damaged; status 1 if anything is"
    )
    command.add_argument("--mend", action="store_true", help="mend what can be mended, and remove what is left over")
    add_json(command)


def check(options: argparse.Namespace, settings: Settings) -> int:
    """Check the home folder, file by file and row by row."""
    report = backups.check(settings.home, mend=options.mend, progress=terminal.on_progress)
    terminal.show_progress("")
    lines = [
        f"checked {count(report.images, 'image')} and {count(report.iterations, 'iteration')}"
        + (f" in {count(report.homes, 'home folder')}" if report.homes > 1 else ""),
        *(f"mended: {each}" for each in report.mended[:LISTED]),
        *(f"damaged: {each}" for each in report.damaged[:LISTED]),
    ]
    if more := max(len(report.damaged) - LISTED, 0) + max(len(report.mended) - LISTED, 0):
        lines.append(f"and {more:,} more: --json lists them all")
    if report.leftovers and not options.mend:
        lines.append(
            f"left over: {count(len(report.leftovers), 'file')}, {report.leftover_bytes / 1e6:.1f} MB, that nothing "
            "needs: --mend removes them"
        )
    lines.append("all is well" if report.is_sound else f"{count(len(report.damaged), 'thing')} damaged")
    told = {
        "images": report.images,
        "iterations": report.iterations,
        "homes": report.homes,
        "damaged": report.damaged,
        "mended": report.mended,
        "leftovers": report.leftovers,
        "leftover_bytes": report.leftover_bytes,
    }
    terminal.print_result(told, "\n".join(lines), as_json=options.json)
    return 0 if report.is_sound else 1


def _counts(made: Content) -> str:
    homes = f" of {count(made.homes, 'home folder')}" if made.homes > 1 else ""
    return f"{count(made.files, 'file')}{homes}, {count(made.images, 'image')}, {made.size_bytes / 1e6:.1f} MB"


def _json(made: Content) -> dict[str, object]:
    return {
        "file": str(made.path),
        "files": made.files,
        "images": made.images,
        "homes": made.homes,
        "size_bytes": made.size_bytes,
        "left_out": made.left_out,
    }
