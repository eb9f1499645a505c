"""How programs call a published iteration: address, key, project, and snippets to copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from cvcore.files import api_keys
from cvcore.prediction import client_snippets
from cvcore.prediction.client_snippets import Endpoint, Source
from cvcore.records import Project
from cvcore.settings import Settings
from cvcore.store import Publication
from pages.parts.shell import server_address

HIDDEN = "PREDICTION-KEY"
WAYS: tuple[tuple[str, str, Callable[[Endpoint, Source], str]], ...] = (
    ("curl", "bash", client_snippets.curl),
    ("Python", "python", client_snippets.python),
    ("Custom Vision's SDK", "python", client_snippets.sdk),
)


def show(project: Project, published: Sequence[Publication], settings: Settings) -> None:
    """What a program needs to call one of the names.

    The key stays out of sight, and out of the snippets, until it is asked for. Whoever sees the page may see it: they
    have passed the password where there is one, and may do more here than the key allows.
    """
    st.subheader("Call it from a program", anchor=False)
    server = server_address.address()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = [each.name for each in published]
        name = st.selectbox("Published name", names, key=f"asked-{project.id}", width=240)
        of: Source = st.segmented_control(
            "Send the image as", ["file", "url"], format_func=_of_words, default="file", required=True, key="asked-of"
        )
        is_shown = st.toggle("Show the prediction key", key="key-shown")
    key = api_keys.load(settings).prediction if is_shown else HIDDEN
    endpoint = Endpoint(server, project.id, name, key)
    for label, value in (
        ("Prediction URL", endpoint.url(of)),
        ("Prediction key", key if is_shown else "•" * 32),
        ("Project id", project.id),
    ):
        words, code = st.columns([1, 5], vertical_alignment="center")
        words.markdown(label)
        code.code(value, language=None, wrap_lines=True)
    server_address.show_hint(server)
    if is_shown and not settings.password and not server_address.is_own(server):
        st.caption(
            "No password is set: whoever can open this page sees the key too. TAGWISE_PASSWORD asks them for one."
        )
    for tab, (_, language, snippet) in zip(st.tabs([label for label, *_ in WAYS]), WAYS, strict=True):
        tab.code(snippet(endpoint, of), language=language, wrap_lines=True)
    st.caption(
        f"Change {client_snippets.FILE if of == 'file' else client_snippets.URL} to your image."
        + ("" if is_shown else f" In place of {HIDDEN} stands the key, once it is shown.")
        + " What comes back are probabilities, as from Custom Vision; whether one is enough is for the program to say."
    )


def _of_words(of: Source) -> str:
    return {"file": "File", "url": "Web address"}[of]
