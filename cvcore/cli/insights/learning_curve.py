"""`tagwise learning-curve`: what more images of each tag would bring."""

from __future__ import annotations

import argparse
from typing import Any

from cvcore import evaluation, learning_curves
from cvcore.cli.console import terminal
from cvcore.cli.console.options import Subparsers, add_command, add_iteration, add_json, add_project, add_threshold
from cvcore.cli.insights import results
from cvcore.records import Iteration, Project
from cvcore.settings import Settings


def add_learning_curve(subparsers: Subparsers) -> None:
    """Add `tagwise learning-curve`."""
    command = add_command(
        subparsers, "learning-curve", learning_curve, "print what more images of each tag would bring"
    )
    add_project(command)
    add_iteration(command)
    add_threshold(command)
    add_json(command)


def learning_curve(options: argparse.Namespace, settings: Settings) -> int:
    """Print how an iteration's numbers grow with the images, measuring it first if that has not been done."""
    store, project, iteration = results.chosen(options, settings)
    measurement = results.result(store, iteration, "learning-curve")
    predictions = evaluation.load(store, iteration)
    in_use = evaluation.threshold_in_use(iteration, options.threshold)
    curve = learning_curves.curve(measurement, predictions.truth, predictions.groups, in_use)
    numbers = learning_curves.curve_json(curve, [tag.name for tag in evaluation.tags(store, iteration)])
    if options.json:
        terminal.print_json(results.head(store, project, iteration, in_use) | numbers)
    else:
        _print_curve(project, iteration, numbers)
    return 0


def _print_curve(project: Project, iteration: Iteration, numbers: dict[str, Any]) -> None:
    print(f"{project.name}, {iteration.name}: what more images bring, overall")
    print("images of a tag  precision  recall     F1     AP")
    for name in ("points", "forecast"):
        for point in numbers["overall"][name]:
            rates = (point["precision"], point["recall"], point["f1"], point["average_precision"])
            cells = (f"{terminal.percent(rate):>{space}}" for rate, space in zip(rates, (11, 8, 7, 7), strict=True))
            expected = "  expected" if name == "forecast" else ""
            print(f"{point['images']:>15,.0f}{''.join(cells)}{expected}")
    for each in [numbers["overall"], *numbers["tags"]]:
        print(each["sentence"])
