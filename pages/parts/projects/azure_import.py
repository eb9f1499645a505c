"""Import from Azure Custom Vision: ask for endpoint and key, copy everything in a thread, report what differs."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from cvcore import azure
from cvcore.azure import MigrationResult
from cvcore.errors import InvalidInput
from cvcore.net import guard
from cvcore.settings import Settings
from cvcore.store import Store
from cvcore.wording import count
from pages.parts.shell import background_runs
from pages.parts.shell.text import plain, refusals, sentence

# Whoever may see the page could else make this machine ask any server for anything.
AZURE = (
    ".cognitiveservices.azure.com",
    ".api.cognitive.microsoft.com",
    ".cognitiveservices.azure.us",
    ".cognitiveservices.azure.cn",
)


@dataclass
class Run(background_runs.Run):
    """A migration from Azure, with a result for each project once it is done."""

    what: str = "Moving in"
    stage: str = "Asking Azure"
    projects: tuple[MigrationResult, ...] = ()


@st.dialog("Move in from Azure Custom Vision", width="medium", on_dismiss="rerun")
def ask(store: Store, settings: Settings) -> None:
    """Ask for endpoint and key, and begin."""
    st.markdown(
        "Brings every classification project over, with its tags and images, while Azure still answers. "
        "Doing it again continues where it stopped and brings nothing twice."
    )
    endpoint = st.text_input("Endpoint", placeholder="https://my-resource.cognitiveservices.azure.com/")
    key = st.text_input("Training key", type="password", help="Azure's portal shows both under Keys and Endpoint.")
    if st.button("Move in", type="primary", disabled=not (endpoint and key)):
        with refusals():
            check(endpoint, settings)
            st.session_state["move"] = start(store, endpoint, key, settings)
            st.rerun()


def check(endpoint: str, settings: Settings) -> None:
    """Whether the page may ask that endpoint.

    Raises:
        InvalidInput: it is none of Azure's, and addresses of the own network are not allowed in the settings.
    """
    host = guard.parsed(endpoint).host
    if not (settings.fetch_private or host.endswith(AZURE)):
        raise InvalidInput(
            f"here the endpoint must be one of Azure's, {host} is not: use `tagwise migrate` in a terminal for others"
        )


def start(store: Store, endpoint: str, key: str, settings: Settings) -> Run:
    """Begin to move in, in a thread of its own that goes on when the page is left."""

    def work(run: Run) -> str:
        run.projects = tuple(azure.migrate(store, endpoint, key, limits=settings.limits, progress=run.report))
        return ""

    return background_runs.begin(Run(), work, thread="move in")


def show() -> None:
    """This window's move as it goes on, then its result."""
    run: Run | None = st.session_state.get("move")
    if run is None:
        return
    if not run.is_done:
        background_runs.watch(run)
        return
    if run.stopped:
        st.error(plain(f"{sentence(run.stopped)} What has come is kept; move in again to continue."))
    for each in run.projects:
        _show_project(each)


def _show_project(each: MigrationResult) -> None:
    here, there = each.here, each.azure
    summary = (
        f"{each.azure_name}: {count(here.images, 'image')} and {count(here.tags, 'tag')} are here, "
        f"{count(there.images, 'image')} and {count(there.tags, 'tag')} in Azure."
    )
    notes = "".join(f"\n- {plain(sentence(note))}" for note in each.notes)
    (st.success if each.complete else st.warning)(plain(summary) + notes)
