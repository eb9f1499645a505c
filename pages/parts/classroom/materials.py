"""Hand a project out to the pupils, and collect their images of some tags."""

from __future__ import annotations

import streamlit as st

from cvcore import classroom
from cvcore.classroom import Collected, Handed
from cvcore.languages import number, t, tn
from cvcore.settings import Limits
from cvcore.store import Pupil, SchoolClass, Store
from pages.parts.shell.text import isolated, plain, refusals, sentence


def show(store: Store, school_class: SchoolClass, limits: Limits) -> None:
    """Show both; each says afterwards what came of it."""
    pupils = store.pupils.of_class(school_class.id)
    if not pupils:
        st.info(t("Nobody has joined yet: there is nobody to hand out to, and nothing to collect."))
        return
    _hand_out(store, pupils)
    _collect(store, pupils, limits)


def _hand_out(store: Store, pupils: list[Pupil]) -> None:
    st.header(t("Hand out"), anchor=False)
    st.markdown(
        t(
            "Each pupil gets a copy of a project, with its images and iterations. What they do with it stays theirs. "
            "Images of the test set stay with you."
        )
    )
    own = {project.id: project for project in store.projects.all()}
    if not own:
        st.info(t("You have no project yet: make one, or the sample, on the Projects page."))
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            t("Project"),
            list(own),
            format_func=lambda project_id: own[project_id].name,
            key="hand-out-project",
            width=320,
        )
        to = _some(pupils, t("To"), "hand-out-to")
        is_wanted = st.button(
            tn(len(to), "Hand out to {n} pupil", "Hand out to {n} pupils"), type="primary", key="hand-out"
        )
    if is_wanted:
        bar = st.progress(0.0, text=t("Handing out"))

        def tell(done: int) -> None:
            bar.progress(done / len(to), text=t("{done} of {all}", done=done, all=len(to)))

        with refusals():
            _say_handed(classroom.hand_out(store, own[chosen], to, tell), own[chosen].name)
        bar.empty()


def _say_handed(handed: Handed, name: str) -> None:
    if handed.given:
        st.success(
            tn(
                len(handed.given),
                "{n} pupil got a copy of {project}.",
                "{n} pupils got a copy of {project}.",
                project=plain(isolated(name)),
            )
        )
    for pupil, reason in handed.refused:
        st.error(
            t(
                "{pupil} did not get it. {reason}",
                pupil=plain(isolated(pupil.nickname)),
                reason=plain(sentence(reason)),
            )
        )


def _collect(store: Store, pupils: list[Pupil], limits: Limits) -> None:
    st.header(t("Collect"), anchor=False)
    st.markdown(
        t(
            "The pupils' images of the tags you choose come into one project of yours, each with the name of who gave "
            "it; the same image comes once. Pupils keep theirs."
        )
    )
    tags = classroom.tag_names(store, pupils)
    if not tags:
        st.info(t("No pupil has tagged an image yet."))
        return
    with st.form("collect", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.multiselect(t("Tags"), tags, placeholder=t("Choose a tag"), key="collect-tags", width=320)
        name = st.text_input(t("Into the project"), placeholder=t("Ours together"), key="collect-into", width=280)
        is_wanted = st.form_submit_button(t("Collect"), type="primary")
    if is_wanted:
        with refusals(), st.spinner(t("Collecting")):
            project, collected = classroom.collect(store, name, pupils, wanted, limits=limits)
            _say_collected(project.name, collected)


def _say_collected(name: str, collected: Collected) -> None:
    new = [(pupil, images) for pupil, images in collected.new if images]
    total = sum(images for _, images in new)
    whose = ", ".join(f"{plain(isolated(pupil.nickname))} {number(images)}" for pupil, images in new)
    sentences = [
        tn(total, "{n} new image in {project}.", "{n} new images in {project}.", project=plain(isolated(name)))
    ]
    if whose:
        sentences.append(t("From: {pupils}.", pupils=whose))
    if collected.known:
        known = collected.known
        sentences.append(tn(known, "{n} image was there already.", "{n} images were there already."))
    st.success(" ".join(sentences))
    for pupil, reason in collected.refused:
        st.warning(f"{plain(isolated(pupil.nickname))}: {plain(sentence(reason))}")


def _some(pupils: list[Pupil], label: str, key: str) -> list[Pupil]:
    """A choice of pupils; nothing chosen means all."""
    by_id = {pupil.id: pupil for pupil in pupils}
    chosen = st.multiselect(
        label, list(by_id), format_func=lambda pupil_id: by_id[pupil_id].nickname, placeholder=t("Everybody"), key=key,
        width=320,
    )  # fmt: skip
    return [by_id[pupil_id] for pupil_id in chosen] or pupils
