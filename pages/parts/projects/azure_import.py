"""Import from Azure Custom Vision: ask for endpoint and key, copy everything in a thread, report differences."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from cvcore import azure
from cvcore.azure import MigrationResult
from cvcore.errors import InvalidInput
from cvcore.languages import marked, t, tn
from cvcore.net import guard
from cvcore.settings import Settings
from cvcore.store import Store
from pages.parts.shell import background_runs
from pages.parts.shell.text import plain, refusals, sentence
from pages.parts.widgets import focus

# Otherwise everyone who can open the page could make this machine send requests to any server.
AZURE = (
    ".cognitiveservices.azure.com",
    ".api.cognitive.microsoft.com",
    ".cognitiveservices.azure.us",
    ".cognitiveservices.azure.cn",
)


@dataclass
class Run(background_runs.Run):
    """A migration from Azure, with a result for each project when it has ended."""

    what: str = marked("Import from Azure")
    stage: str = marked("Asking Azure")
    projects: tuple[MigrationResult, ...] = ()


def ask(store: Store, settings: Settings) -> None:
    """Ask for endpoint and key, and start the migration."""
    st.dialog(t("Import from Azure Custom Vision"), width="medium", on_dismiss="rerun")(form)(store, settings)


def form(store: Store, settings: Settings) -> None:
    """The contents of the dialog."""
    st.markdown(
        t(
            "Copies all your classification projects with their tags and images, while Azure still runs. "
            "If you do it again, it continues where it stopped and copies nothing twice."
        )
    )
    refusal = st.container()
    with st.form("azure-import", border=False):
        endpoint = st.text_input(t("Endpoint"), placeholder="https://my-resource.cognitiveservices.azure.com/")
        key = st.text_input(
            t("Training key"), type="password", help=t("Azure's portal shows both under Keys and Endpoint.")
        )
        is_sent = st.form_submit_button(t("Import"), type="primary")
    focus.move_to("[role=dialog] input")
    if is_sent:
        with refusal, refusals():
            check(endpoint, key, settings)
            st.session_state["move"] = start(store, endpoint, key, settings)
            st.rerun()


def check(endpoint: str, key: str, settings: Settings) -> None:
    """Check that both are given, and that the page may send requests to that endpoint.

    Raises:
        InvalidInput: one is missing; or the endpoint is not Azure's, and the settings do not allow addresses in this
            machine's own network.
    """
    if not (endpoint.strip() and key.strip()):
        raise InvalidInput(t("an import needs an endpoint and a training key, one is missing: copy both from Azure"))
    host = guard.parsed(endpoint).host
    if not (settings.fetch_private or host.endswith(AZURE)):
        raise InvalidInput(
            t(
                "the endpoint must be Azure's, {host} is not: for other servers use `tagwise migrate` in a terminal",
                host=host,
            )
        )


def start(store: Store, endpoint: str, key: str, settings: Settings) -> Run:
    """Start the migration in a thread, which continues when the user leaves the page."""

    def work(run: Run) -> str:
        run.projects = tuple(azure.migrate(store, endpoint, key, limits=settings.limits, progress=run.report))
        return ""

    return background_runs.begin(Run(), work, thread="azure-import")


def show() -> None:
    """Show the progress of this window's migration, then its result."""
    run: Run | None = st.session_state.get("move")
    if run is None:
        return
    if not run.is_done:
        background_runs.watch(run)
        return
    if run.stopped:
        st.error(plain(t("{reason} What was copied is kept: import again to continue.", reason=sentence(run.stopped))))
    for result in run.projects:
        _show_result(result)


def _show_result(result: MigrationResult) -> None:
    here, there = result.here, result.azure
    summary = t(
        "{project}: {images} and {tags} are here, {azure_images} and {azure_tags} in Azure.",
        project=result.azure_name,
        images=tn(here.images, "{n} image", "{n} images"),
        tags=tn(here.tags, "{n} tag", "{n} tags"),
        azure_images=tn(there.images, "{n} image", "{n} images"),
        azure_tags=tn(there.tags, "{n} tag", "{n} tags"),
    )
    notes = "".join(f"\n- {plain(sentence(note))}" for note in result.notes)
    (st.success if result.complete else st.warning)(plain(summary) + notes)
