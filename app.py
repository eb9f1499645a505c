"""The web app: `streamlit run app.py`, or `tagwise serve`.

One process serves the pages, the images and the API. It starts a second one, the worker, which trains.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import logging
import sys
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session
from streamlit.runtime.scriptrunner import script_runner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

from cvcore import classroom, settings, urls
from cvcore.api import assets, authority, downloads, images, page_start, sockets
from cvcore.api.aws.middleware import Amazon
from cvcore.api.base_path import BasePath
from cvcore.api.classroom.door import ClassDoor
from cvcore.api.customvision.middleware import CustomVision
from cvcore.api.hosts import OwnHosts
from cvcore.api.live import routes as live
from cvcore.api.origins import OwnPages
from cvcore.api.password import SharedPassword
from cvcore.api.security_headers import SecurityHeaders
from cvcore.errors import TagwiseError
from cvcore.files import api_keys, blobs
from cvcore.store import Store
from cvcore.training import steady_clock, supervisor

# From glibc's malloc.h, see mallopt(3).
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8


def keep_little_memory() -> None:
    """Make all threads share two memory pools, and return large blocks to the system as soon as they are freed.

    Every click runs in its own thread. Without this, 16 pools on two cores each kept 4 MB that were no longer used.
    Only glibc has `mallopt`; with other allocators nothing happens.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        allocator = ctypes.CDLL(None)
        allocator.mallopt(M_ARENA_MAX, 2)
        allocator.mallopt(M_MMAP_THRESHOLD, 2**18)


def watch_no_files() -> None:
    """Let a session that comes back after its connection was cut watch no files where none are to be watched.

    Streamlit asks for `server.fileWatcherType` when a session begins only. Where the Wi-Fi goes for a second, thirty
    tablets come back at once, and the server would look at every module's file for each of them, for many seconds.
    """
    if st.get_option("server.fileWatcherType") == "none":
        session = app_session.AppSession
        session.register_file_watchers = session.disconnect_file_watchers  # type: ignore[method-assign]


def keep_theme() -> None:
    """Read the theme once, not at each run of a page.

    Streamlit looks through all its settings for each of six sections then: an eighth of a busy server's time.
    """
    populate = getattr(app_session, "_populate_theme_msg", None)
    if populate is None:  # another version of Streamlit, which works as well without this
        return
    kept: dict[str, CustomThemeConfig] = {}

    def merge(msg: CustomThemeConfig, section: str = "theme") -> None:
        if section not in kept:
            read = CustomThemeConfig()
            populate(read, section)
            kept[section] = read
        if kept[section].ByteSize():  # an empty section is left out, not sent empty
            msg.MergeFrom(kept[section])

    app_session._populate_theme_msg = merge


def stay_on_page() -> None:
    """Ignore what a part of a page asks for once another page has begun.

    Streamlit would take it for a wish to go back. The step bar asks every few seconds: where that met a step to another
    page the browser was given parts of both, and drew nothing any more.
    """
    runner = script_runner.ScriptRunner
    run = getattr(runner, "_run_script", None)
    if run is None:  # another version of Streamlit
        return

    def run_on_page(self: script_runner.ScriptRunner, wanted: RerunData) -> None:
        if not wanted.fragment_id_queue or wanted.page_script_hash == self._pages_manager.current_page_script_hash:
            run(self, wanted)

    runner._run_script = run_on_page  # type: ignore[method-assign,assignment]


END_EVERY_S = 3600.0
SWITCH_S = 0.002
PAGES = Path(__file__).resolve().parent / "pages"
STREAMLIT = Path(st.__file__).resolve().parent

keep_little_memory()
watch_no_files()
keep_theme()
stay_on_page()
# By default a thread that computes keeps the others waiting for 5 ms each time, above all the one that holds all
# connections. Shorter turns than these make thirty live cameras slower.
sys.setswitchinterval(SWITCH_S)
environment = settings.load()
urls.serve_below(st.get_option("server.baseUrlPath") or "")
store = Store(environment.home)
if exposure := blobs.exposure(environment.home):
    logging.getLogger("tagwise").warning("%s", exposure)


def keep_certificate() -> list[Coroutine[None, None, None]]:
    """What renews the certificate while it is served; nothing by http, or with a certificate of the user's own."""
    served = st.get_option("server.sslCertFile")
    if not served:
        return []
    from cvcore import certificates

    if Path(served) != environment.home / certificates.FILE:
        return []
    return [certificates.keep_renewed(environment.home, environment.hosts, certificates.server_contexts())]


def keep_backups() -> list[Coroutine[None, None, None]]:
    """What writes a backup every day; nothing where no folder is named for them."""
    if not environment.backups:
        return []
    from cvcore.backups import schedule

    return [schedule.keep(environment.home, environment.backups)]


async def end_classes() -> None:
    """Delete classes whose last day is over for sure, and what is left of deleted ones, at the start and every hour."""
    while True:
        try:
            # Each class's last day is one of the calendar here.
            today = steady_clock.look(environment.home).astimezone().date()
            await asyncio.to_thread(classroom.delete_ended, store, today)
            await asyncio.to_thread(classroom.delete_leftovers, store)
        except TagwiseError as error:
            logging.getLogger("tagwise.class").error("a class could not be deleted: %s", error)
        await asyncio.sleep(END_EVERY_S)


@contextlib.asynccontextmanager
async def lifespan(_: object) -> AsyncIterator[None]:
    """Keep a worker running while the app runs, and exclude imported modules from garbage collection."""
    # A collection looks at every object that it knows, and everybody waits for it: with thirty people on the
    # Performance page, 2.4 s with all imported modules' objects, 28 ms without them.
    import numpy
    import pandas
    import plotly.graph_objects
    import pyarrow

    del numpy, pandas, plotly, pyarrow
    keepers = (supervisor.keep(environment.home), end_classes(), *keep_certificate(), *keep_backups())
    tasks = [asyncio.create_task(each) for each in keepers]
    sockets.answer_at_once()
    # Streamlit turns it on when its settings change, and addresses hold tickets and signatures.
    logging.getLogger("uvicorn.access").disabled = True
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


app = st.App(
    PAGES / "router.py",
    routes=[
        *images.routes(store),
        *downloads.routes(store),
        *assets.routes(),
        *authority.routes(store),
        *live.routes(store),
    ],
    middleware=[
        Middleware(SecurityHeaders),
        Middleware(Amazon, store=store, settings=environment, keys=api_keys.load_aws(environment)),
        Middleware(OwnHosts, names=environment.hosts),
        Middleware(BasePath),
        Middleware(CustomVision, store=store, settings=environment, keys=api_keys.load(environment)),
        Middleware(OwnPages, names=environment.hosts),
        *([Middleware(SharedPassword, password=environment.password)] if environment.password else []),
        Middleware(ClassDoor, store=store),
        Middleware(
            page_start.PageStart,
            content=page_start.content(PAGES / "parts") + page_start.preloads(STREAMLIT / "static"),
        ),
    ],
    lifespan=lifespan,
)
