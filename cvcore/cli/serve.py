"""`tagwise serve`: replaces this process by the web app and the API."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cvcore import urls
from cvcore.cli.console.options import Subparsers, add_command
from cvcore.errors import InvalidInput, Unavailable
from cvcore.files import disks
from cvcore.net import ports
from cvcore.settings import Settings
from cvcore.store import Store
from cvcore.training import worker

if TYPE_CHECKING:
    from cvcore.certificates import Served

# Addresses that mean: listen on all addresses of this machine.
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with, and only listened on when asked to
OWN = ("localhost", "127.0.0.1", "::1")


def add_serve(subparsers: Subparsers) -> None:
    """Add `tagwise serve`."""
    command = add_command(subparsers, "serve", serve, "start the web app and the API")
    command.add_argument("--port", type=int, default=8501, help="default: 8501")
    command.add_argument(
        "--address",
        default="127.0.0.1",
        help="0.0.0.0 lets other computers in (default: 127.0.0.1, this computer only)",
    )
    command.add_argument(
        "--https", action="store_true", help="serve by https, with a certificate that is made for this computer"
    )
    command.add_argument(
        "--certificate", type=Path, metavar="FILE", help="serve by https, with this PEM certificate instead"
    )
    command.add_argument("--key", type=Path, metavar="FILE", help="the certificate's private key")


def serve(options: argparse.Namespace, settings: Settings) -> int:
    """Replace this process by the web app and the API.

    Raises:
        InvalidInput: a certificate comes without its key, or they are no files that fit together.
        HomeUnusable, StorageFull: the home folder or the certificate cannot be made.
        Unavailable: another program listens there.
    """
    flags = flags_of(options)
    check_port(options.address, options.port)
    Store(settings.home).close()
    print(end="".join(f"{line}\n" for line in notes(settings.home)))
    if options.https and not options.certificate:
        # Imported here, because it adds a tenth of a second to the start of every command.
        from cvcore import certificates

        served = certificates.ensure(settings.home, settings.hosts)
        flags += _by_https(served.path, served.path)
        print("\n".join(about(served, options)))
    app = _app()
    os.environ["TAGWISE_HOME"] = str(settings.home)
    os.chdir(app.parent)
    command = [sys.executable, "-m", "streamlit", "run", str(app), *flags]
    print(end="", flush=True)
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter and arguments, no shell


def flags_of(options: argparse.Namespace) -> list[str]:
    """Streamlit's flags for the command's options.

    Raises:
        InvalidInput: see `serve`.
    """
    flags = [f"--server.port={options.port}", f"--server.address={options.address}"]
    if options.address in ANY_ADDRESS:
        # Otherwise Streamlit asks a service on the internet for this machine's public address.
        flags.append("--browser.serverAddress=localhost")
    if options.certificate or options.key:
        certificate, key = _checked(options.certificate, options.key)
        flags += _by_https(certificate, key)
    return flags


def check_port(address: str, port: int) -> None:
    """Do nothing, if the app can listen there.

    Raises:
        InvalidInput: nobody can, such as at an address of another machine.
        Unavailable: another program does.
    """
    try:
        if not ports.is_taken(address, port):
            return
    except (OSError, OverflowError) as error:
        raise InvalidInput(
            f"--address and --port must be ones at which this computer can listen, got {address} and {port}: {error}"
        ) from error
    free = ports.first_free(address, range(port + 1, port + 100))
    other = f"add --port {free or '…'} to use another one"
    if url := ports.tagwise_at(address, port):
        raise Unavailable(f"port {port} is taken by a Tagwise that runs already: open {url}, or {other}")
    raise Unavailable(f"port {port} is taken by another program: end that program, or {other}")


def about(served: Served, options: argparse.Namespace) -> list[str]:
    """Lines that say where the app can be opened by https, and what devices must trust."""
    is_open = options.address in ANY_ADDRESS
    hosts = [*served.addresses, *served.names] if is_open else [options.address]
    outward = [str(host) for host in hosts if str(host) not in OWN or not is_open]
    lines = [f"https://{f'[{host}]' if ':' in host else host}:{options.port}{urls.below('/')}" for host in outward]
    if options.address in OWN:
        lines.append("Only this computer can open it: --address 0.0.0.0 lets others in.")
    lines += [
        f"Devices trust it once they have {served.authority_path}, see docs/classroom.md; its fingerprint (SHA-256) is",
        served.authority.fingerprint,
    ]
    if served.left_out:
        lines.append(
            f"The authority may not vouch for {', '.join(served.left_out)}: it was made when this computer had other "
            f"names. Use one of the addresses above, or delete {served.authority_path.with_suffix('.key')} to have a "
            "new one made."
        )
    return lines


def notes(home: Path) -> list[str]:
    """Sentences about a home folder on a network share, and about another process that trains for it."""
    lines = []
    if kind := disks.network_share(home):
        lines.append(
            f"The home folder {home} is on a network share ({kind}), where many people at once are slow: better set "
            "TAGWISE_HOME to a folder on this computer's own disk, and let one computer use it at a time."
        )
    if worker.is_running(home):
        lines.append(
            "Another Tagwise uses this home folder already: both show the same projects, and one trains at a time."
        )
    return lines


def _by_https(certificate: Path, key: Path) -> list[str]:
    return [f"--server.sslCertFile={certificate}", f"--server.sslKeyFile={key}"]


def _checked(certificate: Path | None, key: Path | None) -> tuple[Path, Path]:
    """The two files with their full paths, because the app starts in another folder."""
    if certificate is None or key is None:
        raise InvalidInput("--certificate and --key must be given together: add the other")
    # Imported here, because it adds a tenth of a second to the start of every command.
    from cvcore import certificates

    certificates.check(certificate, key)
    if sentence := certificates.over(certificate, datetime.now(UTC)):
        print(sentence)
    return certificate.absolute(), key.absolute()


def _app() -> Path:
    # In a checkout app.py is at the top level, in an installed package it is inside.
    package = Path(__file__).resolve().parents[1]
    return next(path for path in (package.parent / "app.py", package / "web" / "app.py") if path.exists())
