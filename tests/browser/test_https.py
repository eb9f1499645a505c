"""Chromium opens the app by https where it trusts this machine's authority, and nowhere else."""

from __future__ import annotations

import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserType, Error, expect

from tests.browser import conftest

pytestmark = pytest.mark.browser


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of `tagwise serve --https` in a new home folder, and the authority's certificate."""
    with conftest.reserve_port() as holder:
        port, authority = holder.getsockname()[1], tmp_path / "home" / "ca.pem"
    command = [sys.executable, "-m", "cvcore.cli", "serve", "--https", f"--port={port}"]
    environment = {**os.environ, "TAGWISE_HOME": str(authority.parent), "PYTHONPATH": str(conftest.ROOT)}
    with (tmp_path / "log.txt").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    url = f"https://localhost:{port}"
    for _ in range(10 * conftest.START_S):
        if authority.exists() and _is_healthy(url, authority):
            break
        time.sleep(0.1)
    yield url, authority
    os.killpg(server.pid, signal.SIGTERM)
    server.wait(timeout=conftest.START_S)


def _is_healthy(url: str, authority: Path) -> bool:
    try:
        context = ssl.create_default_context(cafile=authority)
        return bool(urllib.request.urlopen(f"{url}/_stcore/health", timeout=2, context=context).status == 200)
    except OSError:
        return False


def _trust(home: Path, authority: Path) -> None:
    """Put an authority into the stores where Chromium on Linux looks for those that its user trusts."""
    if (certutil := shutil.which("certutil")) is None:
        pytest.skip("needs certutil to trust an authority, which this machine does not have: install libnss3-tools")
    for folder in (home / ".pki" / "nssdb", home / ".local" / "share" / "pki" / "nssdb"):
        folder.mkdir(parents=True)
        store = ["-d", f"sql:{folder}"]
        subprocess.run([certutil, *store, "-N", "--empty-password"], check=True)
        subprocess.run([certutil, *store, "-A", "-t", "C,,", "-n", "tagwise", "-i", authority], check=True)


def test_only_who_trusts_the_authority_gets_in(
    served: tuple[str, Path],
    tmp_path: Path,
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
) -> None:
    """With the authority the page opens and may use the camera; without it the browser refuses the certificate."""
    url, authority = served
    trusting, other = tmp_path / "trusting", tmp_path / "other"
    other.mkdir()
    _trust(trusting, authority)
    for home in (trusting, other):
        browser = browser_type.launch(**browser_type_launch_args, env={**os.environ, "HOME": str(home)})
        page = browser.new_page()
        if home is trusting:
            page.goto(url)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert page.evaluate("isSecureContext && 'mediaDevices' in navigator")
        else:
            with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
                page.goto(url)
        browser.close()
