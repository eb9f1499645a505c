"""The `tagwise` commands: what the pages do, for scripts and terminals.

Results go to standard output, errors to standard error as one line with exit status 1; misuse is 2.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cvcore import __version__, datasets, domains, settings
from cvcore.cli import archives, export, performance, predict, projects, serve, terminal, train
from cvcore.errors import TagwiseError
from cvcore.exports import formats
from cvcore.records import EVALUATION_METHODS, K_FOLD, MULTICLASS, MULTILABEL

_THRESHOLD_HELP = "0..1; what was saved with the iteration if left out, else 0.5"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    options = parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file's name need not be text; escaped as in JSON it can be shown all the same.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = int(options.command(options, settings.load()))
        print(end="", flush=True)
        return status
    except TagwiseError as error:
        terminal.complain(str(error))
    except OSError as error:
        # What could not be written must not be tried again, with a complaint of Python's own, at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # Whoever read a pipe and closed it has seen enough.
        if not isinstance(error, BrokenPipeError):
            terminal.complain(str(error))
    except KeyboardInterrupt:
        terminal.complain("interrupted")
    return 1


def parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    parser = argparse.ArgumentParser(prog="tagwise", description="Teach a computer to recognise your pictures.")
    parser.add_argument("--version", action="version", version=f"tagwise {__version__}")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Any, help: str) -> argparse.ArgumentParser:
        added = subparsers.add_parser(name, help=help, description=help)
        added.set_defaults(command=run)
        return added

    one = command("serve", serve.serve, "start the web app and the API")
    one.add_argument("--port", type=int, default=8501)
    one.add_argument("--address", default="127.0.0.1", help="127.0.0.1 unless others should reach it")

    one = command("sample", projects.sample, "make the sample project from drawn pictures")
    one.add_argument("--json", action="store_true")

    one = command("import", projects.import_images, "bring labelled pictures into a project, made if absent")
    one.add_argument("project", metavar="PROJECT", type=_name)
    one.add_argument(
        "path",
        metavar="PATH",
        type=Path,
        help="folder or zip: tag-named folders, images/ + labels.csv, *.manifest, metadata.jsonl",
    )
    one.add_argument("--type", type=str.capitalize, choices=[MULTICLASS, MULTILABEL], help="multiclass or multilabel")
    one.add_argument("--domain", metavar="NAME", help=", ".join(domain.name for domain in domains.DOMAINS))
    one.add_argument("--json", action="store_true")

    one = command("migrate", projects.migrate, "move in from Azure Custom Vision; run again, it continues")
    one.add_argument("--endpoint", metavar="URL", required=True, help="as Azure's portal shows it: Keys and Endpoint")
    one.add_argument("--training-key", metavar="KEY", required=True, help="shown beside it")
    one.add_argument("--project", metavar="ID", help="this project alone; all of them if left out")
    one.add_argument("--json", action="store_true")

    _add_training(command("train", train.train, "train a project and print its performance"))

    one = command("performance", performance.performance, "precision and recall, tag by tag")
    one.add_argument("project", metavar="PROJECT", type=_name)
    one.add_argument("--iteration", type=int, metavar="N", help="its number; the newest trained one if left out")
    one.add_argument("--threshold", type=_threshold, help=_THRESHOLD_HELP)
    one.add_argument("--json", action="store_true")
    one.add_argument("--scores", type=Path, metavar="FILE.csv", help="write every image's out-of-fold probabilities")
    one.add_argument("--report", type=Path, metavar="FILE.html", help="write a page to print, with pictures and charts")

    one = command("predict", predict.predict, "say what pictures show")
    one.add_argument("project", metavar="PROJECT", type=_name)
    one.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="a picture, or a folder or zip of pictures")
    one.add_argument("--iteration", type=int, metavar="N", help="its number; the newest trained one if left out")
    one.add_argument("--threshold", type=_threshold, help=_THRESHOLD_HELP)
    one.add_argument("--json", action="store_true")
    one.add_argument("--csv", type=Path, metavar="FILE.csv", help="write answers and probabilities for a spreadsheet")

    one = command("export", export.export, "write an iteration as a folder that runs without Tagwise")
    one.add_argument("project", metavar="PROJECT", type=_name)
    one.add_argument("format", metavar="FORMAT", choices=formats.NAMES, help=", ".join(formats.NAMES))
    one.add_argument("folder", metavar="OUT_DIR", type=Path, help="new or empty")
    one.add_argument("--iteration", type=int, metavar="N", help="its number; the newest trained one if left out")

    one = command("save", archives.save, "write pictures and tags as a zip that other programs read")
    one.add_argument("project", metavar="PROJECT", type=_name)
    one.add_argument("format", metavar="FORMAT", choices=datasets.NAMES, help=", ".join(datasets.NAMES))
    one.add_argument("file", metavar="FILE.zip", type=Path)
    one.add_argument("--tag", metavar="TAG", type=_name, help="this tag's pictures alone")
    one.add_argument("--json", action="store_true")

    one = command("pack", archives.pack, "write a whole project as one zip, to hand to others or to keep")
    one.add_argument("project", metavar="PROJECT", type=_name)
    one.add_argument("file", metavar="FILE.zip", type=Path)
    one.add_argument("--json", action="store_true")

    one = command("unpack", archives.unpack, "make a project of a zip that pack wrote")
    one.add_argument("file", metavar="FILE.zip", type=Path)
    one.add_argument("--name", metavar="NAME", type=_name, help="what to call it; as it was called if left out")
    one.add_argument("--json", action="store_true")

    one = command("projects", projects.list_projects, "list the projects")
    one.add_argument("--json", action="store_true")
    return parser


def _add_training(one: argparse.ArgumentParser) -> None:
    one.add_argument("project", metavar="PROJECT", type=_name)
    one.add_argument("--force", action="store_true", help="train though nothing changed since last training")
    one.add_argument(
        "--evaluation",
        choices=EVALUATION_METHODS,
        default=K_FOLD,
        help="judge every picture in turn (k-fold), 1 in 5 (hold-out), or those kept for testing (test-set)",
    )
    several: dict[str, Any] = {"action": "append", "default": []}
    one.add_argument("--tag", metavar="TAG", type=_name, help="this tag; again for more; all if left out", **several)
    one.add_argument("--cost", metavar="TAG=N", type=_name, help="count a tag N times, to miss it less", **several)
    one.add_argument("--notify", metavar="URL", default="", help="an address to tell when the training ends")
    one.add_argument("--start-from", metavar="N", type=int, help="iteration whose fine-tuned network to start from")
    one.add_argument("--json", action="store_true")
    group = one.add_argument_group("advanced training")
    group.add_argument("--advanced", action="store_true", help="train the network's own last layers too")
    group.add_argument("--budget-minutes", type=float, metavar="N", help="what it may take at most, 10 if left out")
    group.add_argument(
        "--without",
        metavar="TRANSFORM",
        help=f"never see pictures in this way: {', '.join(domains.TRANSFORM_NAMES)}",
        **several,
    )


def _name(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError(f"must be UTF-8 text, got {text!r}") from None
    return unicodedata.normalize("NFC", text).strip()


def _threshold(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number in 0..1, got {text!r}") from None
