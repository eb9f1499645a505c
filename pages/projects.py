"""The Projects page: a card for each project, and buttons to create, import and download projects."""

from __future__ import annotations

import streamlit as st

from cvcore import projects
from cvcore.domains import find as find_domain
from cvcore.projects import samples
from cvcore.wording import count, percent
from pages.parts.projects import azure_import, project_form, sample_button, zip_download, zip_import
from pages.parts.shell import backend, image_strip
from pages.parts.shell.project_choice import open_page
from pages.parts.shell.text import plain, scored_at, short

COLUMNS = 3
DESCRIPTION_LETTERS = 160
ITERATION_LETTERS = 40
STEPS = {
    "1 · Upload and tag": "At least five images for each tag, better thirty.",
    "2 · Train": "It takes seconds, and nothing leaves this computer.",
    "3 · Look and decide": "See for each tag what is right and what is wrong, and test new images.",
}
ACTIONS = {"Edit": project_form.edit, "Download": zip_download.ask, "Delete": project_form.delete}
ZIP, AZURE = "A project zip", "From Azure Custom Vision"

store = backend.store()


def _show(card: projects.Card) -> None:
    """Show one project as a card."""
    project = card.project
    with st.container(border=True, key=f"card-{project.id}", height="stretch"):
        image_strip.strip(card.shown, empty="No images yet")
        st.header(plain(project.name), anchor=False)
        st.caption(
            f"{count(card.images, 'image')}, {count(card.tags, 'tag')} · {project.classification_type} · "
            f"{plain(find_domain(project.domain_id).name)}"
        )
        if project.description:
            st.text(short(project.description, DESCRIPTION_LETTERS))
        st.markdown(_scores(card))
        _show_actions(card)


def _scores(card: projects.Card) -> str:
    """The last iteration's precision and recall, as Markdown."""
    if not (card.iteration and card.iteration.scores):
        return "Not trained yet"
    scores = card.iteration.scores
    return (
        f"{plain(short(card.iteration.name, ITERATION_LETTERS))}: precision **{percent(scores.precision)}**, "
        f"recall **{percent(scores.recall)}**{scored_at(card.iteration)}"
    )


def _show_actions(card: projects.Card) -> None:
    project = card.project
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        if st.button("Open", key=f"open-{project.id}", type="primary"):
            open_page("performance.py" if card.iteration else "images.py", project.id)
        chosen = st.menu_button("More", list(ACTIONS), key=f"more-{project.id}", type="tertiary")
    if chosen:
        ACTIONS[chosen](store, project)


def _show_heading() -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("Projects", width="content")
        with st.container(horizontal=True, width="content", key="projects-actions"):
            wanted = st.menu_button("Import", [ZIP, AZURE], key="import", type="tertiary")
            sample_button.show(store, backend.limits())
            is_new = st.button("New project", type="primary", icon=":material/add:")
    if wanted == AZURE:
        azure_import.ask(store, backend.settings())
    if wanted == ZIP:
        zip_import.ask(store, backend.limits())
    if is_new:
        project_form.create(store)


def _show_introduction() -> None:
    st.markdown("Teach a computer to recognise your images. Create a project, or try the sample.")
    for column, (title, words) in zip(st.columns(len(STEPS)), STEPS.items(), strict=True):
        with column.container(border=True, height="stretch"):
            st.header(title, anchor=False)
            st.markdown(words)
    samples.draw_ahead()


_show_heading()
sample_button.show_error()
azure_import.show()
zip_import.show(store)
zip_download.show(store)
cards = projects.cards(store)
if not cards:
    _show_introduction()
for start in range(0, len(cards), COLUMNS):
    for column, card in zip(st.columns(COLUMNS), cards[start : start + COLUMNS], strict=False):
        with column:
            _show(card)
