"""The Projects page: a card for each project, and buttons to create, import and download projects."""

from __future__ import annotations

import streamlit as st

from cvcore import projects
from cvcore.domains import find as find_domain
from cvcore.languages import marked, t, tn
from cvcore.projects import samples
from cvcore.wording import percent
from pages.parts.projects import azure_import, project_form, sample_button, zip_download, zip_import
from pages.parts.shell import backend, image_strip
from pages.parts.shell.project_choice import open_page
from pages.parts.shell.text import plain, scored_at, short

COLUMNS = 3
DESCRIPTION_LETTERS = 160
ITERATION_LETTERS = 40
STEPS = {
    marked("1 · Upload and tag"): marked("At least five images for each tag, better thirty."),
    marked("2 · Train"): marked("It takes seconds, and nothing leaves this computer."),
    marked("3 · Look and decide"): marked("See for each tag what is right and what is wrong, and test new images."),
}
ACTIONS = {
    marked("Edit"): project_form.edit,
    marked("Download"): zip_download.ask,
    marked("Delete"): project_form.delete,
}
ZIP, AZURE = marked("A project zip"), marked("From Azure Custom Vision")

store = backend.store()


def _show(card: projects.Card) -> None:
    """Show one project as a card."""
    project = card.project
    with st.container(border=True, key=f"card-{project.id}", height="stretch"):
        image_strip.strip(card.shown, empty=t("No images yet"))
        st.header(plain(project.name), anchor=False)
        images, tags = tn(card.images, "{n} image", "{n} images"), tn(card.tags, "{n} tag", "{n} tags")
        size = t("{images}, {tags}", images=images, tags=tags)
        domain = plain(find_domain(project.domain_id).name)
        st.caption(f"{size} · {t(project_form.TYPE_NAMES[project.classification_type])} · {domain}")
        if project.description:
            st.text(short(project.description, DESCRIPTION_LETTERS))
        st.markdown(_scores(card))
        _show_actions(card)


def _scores(card: projects.Card) -> str:
    """The last iteration's precision and recall, as Markdown."""
    if not (card.iteration and card.iteration.scores):
        return t("Not trained yet")
    scores = t(
        "{iteration}: precision **{precision}**, recall **{recall}**",
        iteration=plain(short(card.iteration.name, ITERATION_LETTERS)),
        precision=percent(card.iteration.scores.precision),
        recall=percent(card.iteration.scores.recall),
    )
    return scored_at(scores, card.iteration)


def _show_actions(card: projects.Card) -> None:
    project = card.project
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        if st.button(t("Open"), key=f"open-{project.id}", type="primary"):
            open_page("performance.py" if card.iteration else "images.py", project.id)
        chosen = st.menu_button(t("More"), list(ACTIONS), format_func=t, key=f"more-{project.id}", type="tertiary")
    if chosen:
        ACTIONS[chosen](store, project)


def _show_heading() -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(t("Projects"), width="content")
        with st.container(horizontal=True, width="content", key="projects-actions"):
            wanted = st.menu_button(t("Import"), [ZIP, AZURE], format_func=t, key="import", type="tertiary")
            sample_button.show(store, backend.limits())
            is_new = st.button(t("New project"), type="primary", icon=":material/add:")
    if wanted == AZURE:
        azure_import.ask(store, backend.settings())
    if wanted == ZIP:
        zip_import.ask(store, backend.limits())
    if is_new:
        project_form.create(store)


def _show_introduction() -> None:
    st.markdown(t("Teach a computer to recognise your images. Create a project, or try the sample."))
    for column, (title, words) in zip(st.columns(len(STEPS)), STEPS.items(), strict=True):
        with column.container(border=True, height="stretch"):
            st.header(t(title), anchor=False)
            st.markdown(t(words))
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
