"""The Projects page: a card for each project, and buttons to create, import and download projects."""

from __future__ import annotations

import streamlit as st

from cvcore import projects
from cvcore.domains import find as find_domain
from cvcore.projects import samples
from cvcore.wording import count, percent
from pages.parts.projects import azure_import, project_form, zip_download, zip_import
from pages.parts.shell import backend, image_strip
from pages.parts.shell.project_choice import open_page
from pages.parts.shell.text import plain, refusals, short

COLUMNS = 3
DESCRIPTION_LETTERS = 160
ITERATION_LETTERS = 40
STEPS = {
    "1 · Upload and tag": "Create a project and add images: at least five for each tag, better thirty.",
    "2 · Train": "Press Train. Your computer learns the tags in seconds, and nothing leaves it.",
    "3 · Look and decide": "See for each tag what it gets right, at any probability threshold, and test new images.",
}

store = backend.store()


def _make_sample() -> None:
    """Create the sample project and open its Images page."""
    with refusals(), st.spinner("Painting 120 images …"):
        open_page("images.py", samples.make_sample(store, limits=backend.limits()).id)


def _show(card: projects.Card) -> None:
    """Show one project as a card."""
    project = card.project
    with st.container(border=True, key=f"card-{project.id}", height="stretch"):
        image_strip.strip(card.newest, empty="No images yet")
        st.subheader(plain(project.name), anchor=False)
        st.caption(
            f"{count(card.images, 'image')}, {count(card.tags, 'tag')} · {project.classification_type} · "
            f"{plain(find_domain(project.domain_id).name)}"
        )
        if project.description:
            st.text(short(project.description, DESCRIPTION_LETTERS))
        if card.iteration and card.iteration.scores:
            scores = card.iteration.scores
            st.markdown(
                f"{plain(short(card.iteration.name, ITERATION_LETTERS))}: precision **{percent(scores.precision)}**, "
                f"recall **{percent(scores.recall)}**"
            )
        else:
            st.markdown("Not trained yet")
        st.space("stretch")
        with st.container(horizontal=True):
            if st.button("Open", key=f"open-{project.id}", type="primary"):
                open_page("performance.py" if card.iteration else "images.py", project.id)
            if st.button("Edit", key=f"edit-{project.id}"):
                project_form.edit(store, project)
            if st.button("Download", key=f"download-{project.id}"):
                zip_download.ask(store, project)
            if st.button("Delete", key=f"delete-{project.id}", type="tertiary"):
                project_form.delete(store, project)


cards = projects.cards(store)
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title("Projects", width="content")
    with st.container(horizontal=True, width="content"):
        if st.button("Move in from Azure", type="tertiary"):
            azure_import.ask(store, backend.settings())
        if st.button("Open a project zip", type="tertiary"):
            zip_import.ask(store, backend.limits())
        if st.button("Try the sample", icon=":material/palette:"):
            _make_sample()
        if st.button("New project", type="primary", icon=":material/add:"):
            project_form.create(store)


azure_import.show()

zip_import.show(store)

zip_download.show(store)

if not cards:
    st.markdown("Teach a computer to recognise your images. There is no project yet: create one, or try the sample.")
    for column, (title, words) in zip(st.columns(len(STEPS)), STEPS.items(), strict=True):
        with column.container(border=True, height="stretch"):
            st.subheader(title, anchor=False)
            st.markdown(words)
for start in range(0, len(cards), COLUMNS):
    for column, card in zip(st.columns(COLUMNS), cards[start : start + COLUMNS], strict=False):
        with column:
            _show(card)
