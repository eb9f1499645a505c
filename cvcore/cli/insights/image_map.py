"""`tagwise map`: where an iteration's images lie on their map."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cvcore import evaluation, image_maps
from cvcore.cli.console import terminal
from cvcore.cli.console.options import Subparsers, add_command, add_iteration, add_json, add_project, add_threshold
from cvcore.cli.console.terminal import unwritable
from cvcore.cli.insights import results
from cvcore.settings import Settings
from cvcore.wording import count, csv_line, none_for_nan

TEXTS, NUMBERS = ("image", "sha256", "kind", "tag", "outcome", "fold", "probability"), ("x", "y")


def add_map(subparsers: Subparsers) -> None:
    """Add `tagwise map`."""
    command = add_command(subparsers, "map", show_map, "print where images lie on the map of what looks alike")
    add_project(command)
    add_iteration(command)
    add_threshold(command)
    add_json(command)
    command.add_argument("--csv", type=Path, metavar="FILE.csv", help="write a table of the points, for a spreadsheet")


def show_map(options: argparse.Namespace, settings: Settings) -> int:
    """Print or write the points of an iteration's map, which is made first if that has not been done."""
    store, project, iteration = results.chosen(options, settings)
    image_map = results.result(store, iteration, "map")
    in_use = evaluation.threshold_in_use(iteration, options.threshold)
    points = image_maps.points(store, project, iteration, image_map, in_use)
    names = {image.id: image.name for image in store.images.with_ids(points.ids_at())}
    rows = image_maps.rows_json(points, names)
    if options.csv:
        _write(options.csv, rows)
    trust = none_for_nan(float(image_map.trust))
    if options.json:
        head = results.head(store, project, iteration, in_use)
        terminal.print_json(head | {"trustworthiness": trust, "points": rows})
    else:
        told = "unknown" if trust is None else f"{trust:.3f}"
        print(f"{project.name}, {iteration.name}: {count(len(rows), 'image')} on the map, trustworthiness {told}")
    return 0


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    lines = [csv_line([*TEXTS, *NUMBERS])]
    for row in rows:
        texts = ["" if row[name] is None else str(row[name]) for name in TEXTS]
        lines.append(csv_line(texts, [row[name] for name in NUMBERS]))
    try:
        path.write_text("".join(lines), encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        raise unwritable("--csv", path, error) from error
