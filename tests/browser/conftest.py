"""Chromium, and servers for it to look at."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, BrowserType, Page, expect

from cvcore import projects
from cvcore.records import Project
from cvcore.store import Store
from tests.browser import forked_servers
from tests.conftest import Fill, Trained

ROOT = Path(__file__).resolve().parents[2]
START_S = 60

# Playwright's five seconds are too few for the first page of a cold server on a busy machine.
expect.set_options(timeout=20_000)

Serve = Callable[[Path, Mapping[str, str]], str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On a busy machine a browser now and then draws too late: a test that fails runs once more, and pytest says so."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


_PROJECTS_BEFORE = pytest.StashKey[set[str]]()


@pytest.fixture(autouse=True)
def no_projects_of_a_failed_run(request: pytest.FixtureRequest) -> None:
    """A test that runs once more finds the home as it was: what its first run created is deleted."""
    home = request.getfixturevalue("home") if "home" in request.fixturenames else None
    if home is None or not (home / "tagwise.db").exists():
        request.node.stash.setdefault(_PROJECTS_BEFORE, set())
        return
    store = Store(home)
    found = store.projects.all()
    before = request.node.stash.setdefault(_PROJECTS_BEFORE, {project.id for project in found})
    for project in found:
        if project.id not in before:
            projects.delete(store, project)
    store.close()


@pytest.fixture(scope="session")
def base_url() -> str:
    """In place of pytest-base-url's, which warns under pytest 9: tests give whole addresses."""
    return ""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """pytest-playwright's arguments with Debian's Chromium in place of a downloaded one."""
    return browser_type_launch_args | {
        "executable_path": _chromium(),
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            # A drawn image in place of a camera, which may be used without asking.
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
        ],
    }


@pytest.fixture(scope="session")
def profile(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """One browser profile for all tests: the app's scripts are fetched and compiled once, not once per test."""
    context = browser_type.launch_persistent_context(tmp_path_factory.mktemp("profile"), **browser_type_launch_args)
    yield context
    context.close()


@pytest.fixture
def context(profile: BrowserContext) -> Iterator[BrowserContext]:
    """The profile, in place of pytest-playwright's new one; what the test leaves in it is removed."""
    yield profile
    profile.set_offline(False)
    profile.clear_cookies()


@pytest.fixture(scope="session")
def tab(profile: BrowserContext) -> Iterator[Page]:
    """One tab for all tests: in a new one Chromium reads and compiles all of Streamlit's scripts once more."""
    page = profile.new_page()
    yield page
    page.close()


@pytest.fixture
def page(context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The tab, as good as new; a new one where the marker `new_tab` says that the test leaves things in it."""
    is_new = request.node.get_closest_marker("new_tab") is not None
    page = context.new_page() if is_new else request.getfixturevalue("tab")
    yield page
    for other in context.pages:
        if other is not page and other.url.startswith("http"):
            other.close()
    if page.url.startswith("http"):
        page.evaluate("localStorage.clear(), sessionStorage.clear()")
    if is_new:
        page.close()
    else:
        _renew(page)


def _renew(page: Page) -> None:
    """Empty a tab: no page, no step to go back to, the screen and the mouse as a new tab has them."""
    page.goto("about:blank")
    page.mouse.move(0, 0)
    page.set_viewport_size({"width": 1280, "height": 720})
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    session = page.context.new_cdp_session(page)
    session.send("Page.resetNavigationHistory")
    session.detach()


@pytest.fixture(scope="session")
def reserved_ports() -> Iterator[list[socket.socket]]:
    """Sockets that listen to nothing and keep a port each, so that no other program gets it between two servers."""
    holders: list[socket.socket] = []
    yield holders
    for holder in holders:
        holder.close()


@pytest.fixture(scope="session")
def parent_of_servers() -> Iterator[subprocess.Popen[str]]:
    """What servers are forked off."""
    with forked_servers.parent() as process:
        yield process


@pytest.fixture(scope="module")
def serve(
    tmp_path_factory: pytest.TempPathFactory,
    reserved_ports: list[socket.socket],
    parent_of_servers: subprocess.Popen[str],
) -> Iterator[Serve]:
    """`serve(script_or_app, env) -> url`: a Streamlit server of its own, stopped when the file's tests end.

    The first server of each file has the same port, so that Chromium knows the app's scripts already: by its address.
    """
    started: list[int] = []

    def start(script: Path, env: Mapping[str, str]) -> str:
        if len(started) == len(reserved_ports):
            reserved_ports.append(reserve_port())
        port = int(reserved_ports[len(started)].getsockname()[1])
        command = ["run", str(script), f"--server.port={port}", "--server.headless=true"]
        command += ["--server.address=127.0.0.1", "--server.fileWatcherType=none"]
        log = tmp_path_factory.mktemp("server") / "log.txt"
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **env}
        server = forked_servers.start(parent_of_servers, command, environment, log)
        started.append(server)
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(url, server, log)
        return url

    yield start
    for server in started:
        forked_servers.stop(server)


def _chromium() -> str:
    # Debian's own script in /usr/bin asks for a graphics card's drawing, which without one costs a fifth of all.
    debian = "/usr/lib/chromium/chromium"
    candidates = [os.environ.get("CHROMIUM"), debian, shutil.which("chromium"), shutil.which("chrome")]
    found = next((path for path in candidates if path and Path(path).is_file()), None)
    if found:
        return found
    reason = "needs Chromium, which was not found: install Debian's chromium or set CHROMIUM to its path"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def reserve_port() -> socket.socket:
    """A socket bound to a free port, at which a server that reuses addresses can listen nevertheless."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    return holder


def _wait_until_healthy(url: str, server: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except OSError:
            if not forked_servers.is_running(server):
                break
            time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{log.read_text('utf-8', errors='replace')}")


def three_wrong(fill: Fill, trained: Trained, name: str, kind: str) -> Project:
    """A project of eight roses and six tulips; three roses are taken for tulips, at 60, 70 and 99 %."""
    project = fill(name, classification_type=kind, rose=8, tulip=6)
    store = Store(fill.args[0].home)  # the fixture's own, to read the order of the snapshot
    rose = store.tags.of_project(project.id)[0].id
    is_rose = np.array([rose in image.tag_ids for image in store.images.tagged(project.id)])
    told = np.where(is_rose[:, None], [0.95, 0.05], [0.02, 0.98])
    told[np.flatnonzero(is_rose)[:3]] = [[0.4, 0.6], [0.01, 0.99], [0.3, 0.7]]
    trained(project, told)
    return project
