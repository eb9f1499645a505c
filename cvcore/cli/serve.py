"""`tagwise serve`: the web app and the API, in this process."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from cvcore.settings import Settings
from cvcore.store import Store

# Every address that this machine has.
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with, and only listened on when asked to


def serve(options: argparse.Namespace, told: Settings) -> int:
    """Start the web app and the API in this process' place."""
    Store(told.home).close()
    app = _app()
    flags = [f"--server.port={options.port}", f"--server.address={options.address}"]
    if options.address in ANY_ADDRESS:
        # Or Streamlit would ask a service on the internet how this machine looks from outside.
        flags.append("--browser.serverAddress=localhost")
    os.environ["TAGWISE_HOME"] = str(told.home)
    os.chdir(app.parent)
    command = [sys.executable, "-m", "streamlit", "run", str(app), *flags]
    print(end="", flush=True)
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter and arguments, no shell


def _app() -> Path:
    # A checkout has app.py at its top level, an installed package carries it inside.
    package = Path(__file__).resolve().parents[1]
    return next(path for path in (package.parent / "app.py", package / "web" / "app.py") if path.exists())
