"""Work that goes on in a thread when the page is left or loaded again."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from cvcore.errors import TagwiseError
from pages.parts.shell.text import plain

POLL_S = 0.5
KEPT_S = 3600.0
UNFORESEEN = "something unforeseen went wrong: try again, and look into the server's log"

log = logging.getLogger("tagwise.pages")


@dataclass
class Run:
    """Work in a thread of its own: written by the thread, read by the page.

    `fraction` is 0..1. `result` is what the work returned, `stopped` says why it ended before its time. `ended_at` is
    on the monotonic clock.
    """

    what: str
    stage: str = "Beginning"
    fraction: float = 0.0
    stopped: str = ""
    result: str = ""
    ended_at: float | None = None

    @property
    def is_done(self) -> bool:
        """Whether the thread has ended, well or not."""
        return self.ended_at is not None

    def report(self, stage: str, fraction: float) -> None:
        """Note how far the work is."""
        self.stage, self.fraction = stage, fraction

    def is_older_than(self, seconds: float) -> bool:
        """Whether it ended longer ago than that."""
        return self.ended_at is not None and time.monotonic() - self.ended_at > seconds


AnyRun = TypeVar("AnyRun", bound=Run)


def _nothing() -> None:
    """What is released where nothing is held."""


def begin(run: AnyRun, work: Callable[[AnyRun], str], *, thread: str, release: Callable[[], None] = _nothing) -> AnyRun:
    """Do the work in a thread of that name, and `release` what it held once it has ended, however it ends.

    What the work returns is the run's `result`. What it raises is told in `stopped`; what nobody foresaw is logged too.
    """

    def do() -> None:
        try:
            run.result = work(run)
        except TagwiseError as error:
            run.stopped = str(error)
        except Exception:  # whatever it was, the page must not wait for ever, nor tell of a success
            log.exception("%s", run.what)
            run.stopped = UNFORESEEN
        finally:
            try:
                release()
            finally:
                run.ended_at = time.monotonic()

    threading.Thread(target=do, name=thread, daemon=True).start()
    return run


# ---- runs that one window began: the token stands in the page's address ---------------------------------------------


def start(
    key: str, what: str, work: Callable[[Run], str], *, token: str = "", release: Callable[[], None] = _nothing
) -> Run:
    """Begin a run whose token stands under `key` in this window's address; see `begin`."""
    token = token or secrets.token_hex(16)
    known = _known()
    for old in [each for each, run in known.items() if run.is_older_than(KEPT_S)]:
        del known[old]
    run = known[token] = Run(what)
    st.session_state[key] = token
    st.query_params[key] = token
    return begin(run, work, thread=key, release=release)


def token_of(key: str) -> str:
    """The token of this window's last run, after a reload too; empty for none."""
    return str(st.query_params.get(key) or st.session_state.get(key) or "")


def find(token: str) -> Run | None:
    """The run of that token; None where the server was started again since."""
    return _known().get(token)


def forget(key: str) -> None:
    """Show this window's last run no longer."""
    st.session_state.pop(key, None)
    st.query_params.pop(key, None)


def watch(run: Run) -> None:
    """Show how far a run is, until it is done; then run the page again."""
    st.fragment(_watch, run_every=POLL_S)(run)


def _watch(run: Run) -> None:
    if run.is_done:
        st.rerun()
    text = f"{run.what}: {run.stage}. This goes on when you leave the page."
    st.progress(min(run.fraction, 1.0), text=plain(text))


@st.cache_resource(show_spinner=False)
def _known() -> dict[str, Run]:
    """Every run with a token, by its token."""
    return {}


def releaser(files: Sequence[Any]) -> Callable[[], None]:
    """A function that frees the memory which uploaded files hold; Streamlit would keep it until the session is gone.

    There is no public way (measured: 100 MB stay for every 100 MB uploaded).
    """
    from streamlit import runtime
    from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        return _nothing
    manager, session_id = runtime.get_instance().uploaded_file_mgr, context.session_id
    if not isinstance(manager, MemoryUploadedFileManager):
        return _nothing

    def release() -> None:
        for file in files:
            manager.remove_file(session_id=session_id, file_id=file.file_id)

    return release
