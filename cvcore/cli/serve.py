"""`tagwise serve`: replaces this process by the web app and the API."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from cvcore.cli.options import Subparsers, add_command
from cvcore.settings import Settings
from cvcore.store import Store

# Addresses that mean: listen on all addresses of this machine.
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with, and only listened on when asked to


def add_serve(subparsers: Subparsers) -> None:
    """Add `tagwise serve`."""
    command = add_command(subparsers, "serve", serve, "start the web app and the API")
    command.add_argument("--port", type=int, default=8501, help="default: 8501")
    command.add_argument(
        "--address",
        default="127.0.0.1",
        help="0.0.0.0 lets other computers in (default: 127.0.0.1, this computer only)",
    )


def serve(options: argparse.Namespace, settings: Settings) -> int:
    """Replace this process by the web app and the API."""
    Store(settings.home).close()
    app = _app()
    flags = [f"--server.port={options.port}", f"--server.address={options.address}"]
    if options.address in ANY_ADDRESS:
        # Otherwise Streamlit asks a service on the internet for this machine's public address.
        flags.append("--browser.serverAddress=localhost")
    os.environ["TAGWISE_HOME"] = str(settings.home)
    os.chdir(app.parent)
    command = [sys.executable, "-m", "streamlit", "run", str(app), *flags]
    print(end="", flush=True)
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter and arguments, no shell


def _app() -> Path:
    # In a checkout app.py is at the top level, in an installed package it is inside.
    package = Path(__file__).resolve().parents[1]
    return next(path for path in (package.parent / "app.py", package / "web" / "app.py") if path.exists())
