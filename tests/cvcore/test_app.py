"""The app as `tagwise serve` starts it: behind its password, with a worker that trains and goes when it goes."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import filelock
import pytest

from cvcore import projects, training, urls
from cvcore.files import blobs
from cvcore.projects import tagging, uploads
from cvcore.records import Job
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training import worker
from tests.conftest import DrawImage

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "open, sesame"
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}

pytestmark = pytest.mark.network


@dataclass(frozen=True)
class Served:
    """A running app and its home, with a training that stands still because an image's bytes do not come."""

    process: subprocess.Popen[bytes]
    port: int
    store: Store
    job: Job
    sha256: str
    slow: Path
    slow_bytes: bytes

    def ask(self, path: str, *, body: str | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """An answer's status, headers and body; redirects are not followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET" if body is None else "POST", path, body, headers)
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, named, b"" if answer.status == 101 else answer.read()
        finally:
            connection.close()

    def is_well(self) -> bool:
        """Whether it answers."""
        try:
            return self.ask("/_stcore/health")[0] == 200
        except OSError:
            return False


def until(is_so: Callable[[], bool], patience_s: float = 60) -> None:
    deadline = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, drawn_image: DrawImage) -> Iterator[Served]:
    """Started as on a desktop, for the first time, with a training waiting to be done."""
    folder = tmp_path_factory.mktemp("app")
    store = Store(folder / "home")
    project = projects.create(store, "Flowers", domain="Built-in")
    for number in range(12):
        (tag,) = tagging.ensure(store, project, ["rose" if number % 2 else "tulip"], limits=Limits())
        uploads.add(store, project, f"{number}.png", drawn_image(number), tag_ids=[tag.id], limits=Limits())
    first, second = store.images.page(project.id, take=2)
    slow = blobs.original_path(store.home, first.sha256)
    slow_bytes = slow.read_bytes()
    slow.unlink()
    os.mkfifo(slow)
    job = training.start(store, project)
    port = free_port()
    environ = os.environ | {
        "TAGWISE_HOME": str(store.home),
        "TAGWISE_PASSWORD": PASSWORD,
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder),
        "DISPLAY": ":99",
        "BROWSER": "true",
    }
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cvcore.cli", "serve", "--port", str(port)],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    served = Served(process, port, store, job, second.sha256, slow, slow_bytes)
    try:
        until(lambda: served.is_well() or process.poll() is not None)
        assert process.poll() is None, (folder / "log.txt").read_text(encoding="utf-8")
        yield served
    finally:
        process.kill()
        process.wait()


def test_without_the_password_all_is_closed(app: Served) -> None:
    """Pages, what Streamlit serves beside them, images, and the stream that pages come through."""
    for path in ("/", "/performance", "/_stcore/host-config", "/static/index.html", urls.PLOTLY):
        assert 401 == app.ask(path)[0]
    for path in (urls.thumbnail(app.sha256), urls.image(app.sha256)):
        assert 401 == app.ask(path)[0]
    assert 403 == app.ask("/_stcore/stream", **UPGRADE)[0]
    status, headers, _ = app.ask("/train", Accept="text/html")
    assert (303, "/login?next=%2Ftrain") == (status, headers["location"])


def test_with_the_password_all_is_open(app: Served) -> None:
    """Given once, it opens pages, images and the stream."""
    status, headers, _ = app.ask("/login", body=urlencode({"password": PASSWORD}))
    assert (303, "/") == (status, headers["location"])
    cookie = headers["set-cookie"].partition(";")[0]
    assert b"<title>" in app.ask("/performance", Cookie=cookie)[2]
    assert "image/png" == app.ask(urls.thumbnail(app.sha256), Cookie=cookie)[1]["content-type"]
    assert 200 == app.ask(urls.PLOTLY, Cookie=cookie)[0]
    assert 101 == app.ask("/_stcore/stream", Cookie=cookie, **UPGRADE)[0]


def test_a_strangers_name_is_refused(app: Served) -> None:
    """A website that points its own name here learns nothing, not even with the health check."""
    assert 421 == app.ask("/_stcore/health", Host="evil.example")[0]


def test_a_second_app_on_the_same_port(app: Served, home: Path) -> None:
    """Who starts another one there is told in one sentence who has the port, and what to do; nothing else starts."""
    second = subprocess.run(
        [sys.executable, "-m", "cvcore.cli", "serve", "--port", str(app.port)],
        env=os.environ | {"TAGWISE_HOME": str(home), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    told = rf"port {app.port} is taken by a Tagwise that runs already: open http://127.0.0.1:{app.port}/, or add --port"
    assert (1, "") == (second.returncode, second.stdout)
    assert re.fullmatch(rf"tagwise: {told} \d+ to use another one\n", second.stderr), second.stderr


def test_killed_in_the_middle_of_a_training(app: Served) -> None:
    """Kill -9 of the app takes its worker along within seconds, stuck as it is, and the training is done again."""
    until(lambda: app.store.jobs.get(app.job.id).stage.startswith("Computing embeddings"))
    home_lock = worker.worker_lock(app.store.home)
    with pytest.raises(filelock.Timeout):
        home_lock.acquire(timeout=0)
    app.process.send_signal(signal.SIGKILL)
    with home_lock.acquire(timeout=2 * worker.PATIENCE_S):
        pass
    app.slow.unlink()
    app.slow.write_bytes(app.slow_bytes)
    ended = worker.finish_job(app.store, app.job)
    assert ("done", 2) == (ended.status, ended.attempts)
    (iteration,) = app.store.iterations.of_project(app.job.project_id)
    assert ("Completed", 12) == (iteration.status, iteration.image_count)


def test_a_tab_that_comes_back_watches_no_files(home: Path) -> None:
    """A session whose connection was cut does not look at the files of all modules when it comes back."""
    code = """
import app
from streamlit.runtime.app_session import AppSession

session = AppSession.__new__(AppSession)
session.shutdown = lambda: None
session._local_sources_watcher = session._stop_config_listener = session._stop_pages_listener = None
session.register_file_watchers()
print(session._local_sources_watcher)
"""
    assert "None" == printed(code, home)


def test_a_class_outlives_a_clock_set_forward(home: Path) -> None:
    """A class is deleted after its last day by a clock that has run on for a day, not by one that shows it just now."""
    code = """
import asyncio
from datetime import UTC, date, datetime, timedelta
import app
from cvcore.training import steady_clock

async def end():
    ending = asyncio.create_task(app.end_classes())
    while await asyncio.to_thread(stray.exists):
        await asyncio.sleep(0.05)
    ending.cancel()

ended = date.today() - timedelta(days=9)
app.classroom.set_password(app.store, "open, sesame")
app.classroom.open_class(app.store, "4b", ends_on=ended)
# What is deleted next, once the classes were looked at.
stray = app.environment.home / "classes" / "stray"
for before in (timedelta(days=20), timedelta(days=2)):
    steady_clock.look(app.environment.home, datetime.now(UTC) - before)
    stray.mkdir(parents=True)
    asyncio.run(end())
    print([each.name for each in app.store.classes.all()])
"""
    assert "['4b']\n[]" == printed(code, home)


def test_the_theme_is_sent_as_streamlit_reads_it(home: Path) -> None:
    """Read once and kept, the theme reaches the browser as it would be read at every run."""
    code = """
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session
from streamlit.web import bootstrap

def theme():
    message = CustomThemeConfig()
    parts = {"": message, ".light": message.light, ".dark": message.dark, ".light.sidebar": message.light.sidebar}
    for name, part in parts.items():
        app_session._populate_theme_msg(part, "theme" + name)
    return message.SerializeToString(deterministic=True)

bootstrap.load_config_options({})
before = theme()
import app
print(len(before) > 500 and before == theme() == theme())
"""
    assert "True" == printed(code, home)


def printed(code: str, home: Path) -> str:
    """What a Python process of its own prints."""
    environment = {**os.environ, "TAGWISE_HOME": str(home)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return done.stdout.strip()
