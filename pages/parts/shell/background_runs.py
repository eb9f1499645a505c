"""Work that goes on in a thread when the page is left or loaded again: its token stands in the page's address."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from cvcore.errors import TagwiseError
from pages.parts.shell.text import plain

POLL_S = 0.5
KEPT_S = 3600.0

log = logging.getLogger("tagwise.pages")


@dataclass
class Run:
    """Work under way, written by its thread, read by the page: `result` is what came of it, `stopped` why nothing."""

    what: str
    stage: str = "Beginning"
    fraction: float = 0.0
    stopped: str = ""
    result: str = ""
    is_done: bool = False
    started_at: float = field(default_factory=time.monotonic)

    def tell(self, stage: str, fraction: float) -> None:
        """Note how far it is."""
        self.stage, self.fraction = stage, fraction


def start(key: str, what: str, work: Callable[[Run], str], token: str = "") -> Run:
    """Begin in a thread of its own; what `work` returns is the result. Told under `key` in this window's address."""
    run = Run(what)
    token = token or secrets.token_hex(16)
    known = _known()
    for old in [each for each, one in known.items() if one.is_done and time.monotonic() - one.started_at > KEPT_S]:
        del known[old]
    known[token] = run
    st.session_state[key] = token
    st.query_params[key] = token

    def do() -> None:
        try:
            run.result = work(run)
        except TagwiseError as error:
            run.stopped = str(error)
        except Exception:  # whatever it was, the page must not wait for ever
            log.exception("%s", what)
            run.stopped = "something unforeseen went wrong: try again, and look into the server's log"
        finally:
            run.is_done = True

    threading.Thread(target=do, name=key, daemon=True).start()
    return run


def token_of(key: str) -> str:
    """The token of this window's last run, after a reload too; empty for none."""
    return str(st.query_params.get(key) or st.session_state.get(key) or "")


def find(token: str) -> Run | None:
    """The run of that token; None where the server was started anew since."""
    return _known().get(token)


def forget(key: str) -> None:
    """Show this window's last run no longer."""
    st.session_state.pop(key, None)
    st.query_params.pop(key, None)


def watch(run: Run) -> None:
    """How far it is, until it is done; then the page is run anew."""
    st.fragment(_watch, run_every=POLL_S)(run)


def _watch(run: Run) -> None:
    if run.is_done:
        st.rerun()
    st.progress(min(run.fraction, 1.0), text=plain(f"{run.what}: {run.stage}. This goes on when you leave the page."))


@st.cache_resource(show_spinner=False)
def _known() -> dict[str, Run]:
    """Every run of this server by its token."""
    return {}


def releaser(files: Sequence[Any]) -> Callable[[], None]:
    """What frees the memory that uploaded files hold; Streamlit would keep it until the session is gone.

    There is no public way (measured: 100 MB stay for every 100 MB uploaded).
    """
    from streamlit import runtime
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        return lambda: None
    manager, session_id = runtime.get_instance().uploaded_file_mgr, context.session_id

    def release() -> None:
        for file in files:
            manager.remove_file(session_id=session_id, file_id=file.file_id)

    return release
