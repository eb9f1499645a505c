"""What is odd about the images of an upload, one line a kind, with the first of them and the way to all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from cvcore.image_quality import sentence
from cvcore.languages import t
from cvcore.records import Project
from cvcore.store import Store
from pages.parts.quality import known
from pages.parts.shell import image_strip

SHOWN = 8


def show(store: Store, project: Project, image_ids: Sequence[str], on_look: Callable[[str], None]) -> None:
    """Show the lines; `on_look` is called with the kind of which the user wants to see all images."""
    if not image_ids:
        return
    # The project was changed by the upload after the page was asked for.
    found = known.quality(store, store.projects.get(project.id), image_ids)
    for group in found.groups:
        with st.container(key=f"upload-odd-{group.kind.replace(' ', '-')}", gap="xsmall"):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(sentence(group), width="content")
                st.button(
                    t("Look at them"),
                    key=f"upload-look-{group.kind}",
                    type="tertiary",
                    on_click=on_look,
                    args=(group.kind,),
                )
            image_strip.strip(store.images.with_ids(group.image_ids[:SHOWN]))
