"""What programs need to call a published iteration: address, key, project id, and snippets to copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from cvcore.files import api_keys
from cvcore.languages import marked, t
from cvcore.prediction import client_snippets
from cvcore.prediction.client_snippets import Endpoint, Source
from cvcore.records import Project
from cvcore.settings import Settings
from cvcore.store import Publication
from pages.parts.shell import server_address
from pages.parts.shell.help_marks import HELP

HIDDEN = "PREDICTION-KEY"
WAYS: tuple[tuple[str, str, Callable[[Endpoint, Source], str]], ...] = (
    ("curl", "bash", client_snippets.curl),
    ("Python", "python", client_snippets.python),
    (marked("Custom Vision's SDK"), "python", client_snippets.sdk),
)


def show(project: Project, published: Sequence[Publication], settings: Settings) -> None:
    """Show what a program needs to call an iteration by one of its names.

    The key is hidden, in the snippets too, until the user switches it on. Everybody who sees the page can see the key:
    they know the password, if there is one, and can do more on these pages than the key allows.
    """
    st.header(t("Call it from a program"), anchor=False, help=t(HELP["API"]))
    server = server_address.address()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = [publication.name for publication in published]
        name = st.selectbox(t("Published name"), names, key=f"asked-{project.id}", width=240)
        source: Source = st.segmented_control(
            t("Send the image as"),
            ["file", "url"],
            format_func=_source_label,
            default="file",
            required=True,
            key="asked-of",
        )
        is_shown = st.toggle(t("Show the prediction key"), key="key-shown")
    key = api_keys.load(settings).prediction if is_shown else HIDDEN
    endpoint = Endpoint(server, project.id, name, key)
    for label, value in (
        (t("Prediction URL"), endpoint.url(source)),
        (t("Prediction key"), key if is_shown else "•" * 32),
        (t("Project id"), project.id),
    ):
        words, code = st.columns([1, 5], vertical_alignment="center")
        words.markdown(label)
        code.code(value, language=None, wrap_lines=True)
    server_address.show_hint(server)
    if is_shown and not settings.password and not server_address.is_own(server):
        st.caption(
            t(
                "No password is set: everybody who can open this page can see the key. Set TAGWISE_PASSWORD to prevent "
                "it."
            )
        )
    for tab, (_, language, snippet) in zip(st.tabs([t(label) for label, *_ in WAYS]), WAYS, strict=True):
        tab.code(snippet(endpoint, source), language=language, wrap_lines=True)
    st.caption(
        " ".join(
            [
                t(
                    "Replace {name} by your image.",
                    name=client_snippets.FILE if source == "file" else client_snippets.URL,
                ),
                *(() if is_shown else (_how_to_show(),)),
                t("The answer has every tag's probability, as in Custom Vision; your program applies the thresholds."),
            ]
        )
    )


def _how_to_show() -> str:
    return t("Switch on *{switch}*, and the key replaces {name}.", switch=t("Show the prediction key"), name=HIDDEN)


def _source_label(source: Source) -> str:
    return {"file": t("File"), "url": t("Web address")}[source]
