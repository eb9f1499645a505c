"""The `tagwise` program: finds the command that its arguments name, and runs it.

Results go to standard output, errors to standard error as one line with exit status 1; misuse is 2.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from cvcore import __version__, settings
from cvcore.cli import archives, classroom, export, home, migrate, performance, predict, projects, serve, train
from cvcore.cli.console import terminal
from cvcore.cli.insights import image_map, learning_curve, next_steps, quality, robustness, shortcuts, similar, slices
from cvcore.errors import TagwiseError

# Each adds a command with its options, in the order of `tagwise --help`.
COMMANDS = (
    serve.add_serve,
    projects.add_sample,
    projects.add_import,
    migrate.add_migrate,
    train.add_train,
    performance.add_performance,
    learning_curve.add_learning_curve,
    image_map.add_map,
    similar.add_similar,
    next_steps.add_next_steps,
    robustness.add_robustness,
    shortcuts.add_shortcuts,
    quality.add_quality,
    slices.add_slices,
    predict.add_predict,
    export.add_export,
    archives.add_save,
    archives.add_pack,
    archives.add_unpack,
    home.add_backup,
    home.add_restore,
    home.add_check,
    projects.add_projects,
    classroom.add_class,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file name can be invalid text: bytes that cannot be encoded are escaped as in JSON.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = int(options.command(options, settings.load()))
        print(end="", flush=True)
        return status
    except TagwiseError as error:
        terminal.print_error(str(error))
    except OSError as error:
        # Otherwise Python writes the rest of standard output at exit and reports a second error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # A reader that closes the pipe early, as `head` does, is no error.
        if not isinstance(error, BrokenPipeError):
            terminal.print_error(str(error))
    except KeyboardInterrupt:
        terminal.print_error("interrupted")
    return 1


def parser() -> argparse.ArgumentParser:
    """The argument parser with every command and its options."""
    parser = argparse.ArgumentParser(
        prog="tagwise", description="Teach a computer to recognise your images, on your own machine."
    )
    parser.add_argument("--version", action="version", version=f"tagwise {__version__}")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in COMMANDS:
        add(subparsers)
    return parser
