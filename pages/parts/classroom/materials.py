"""Hand a project out to the pupils, and collect their images of some tags."""

from __future__ import annotations

import streamlit as st

from cvcore import classroom
from cvcore.classroom import Collected, Handed
from cvcore.settings import Limits
from cvcore.store import Pupil, SchoolClass, Store
from cvcore.wording import count
from pages.parts.shell.text import isolated, plain, refusals, sentence


def show(store: Store, school_class: SchoolClass, limits: Limits) -> None:
    """Show both; each says afterwards what came of it."""
    pupils = store.pupils.of_class(school_class.id)
    if not pupils:
        st.info("Nobody has joined yet: there is nobody to hand out to, and nothing to collect.")
        return
    _hand_out(store, pupils)
    _collect(store, pupils, limits)


def _hand_out(store: Store, pupils: list[Pupil]) -> None:
    st.header("Hand out", anchor=False)
    st.markdown(
        "Each pupil gets a copy of a project, with its images and iterations. What they do with it stays theirs."
    )
    own = {project.id: project for project in store.projects.all()}
    if not own:
        st.info("You have no project yet: make one, or the sample, on the Projects page.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Project", list(own), format_func=lambda project_id: own[project_id].name, key="hand-out-project", width=320
        )
        to = _some(pupils, "To", "hand-out-to")
        is_wanted = st.button(f"Hand out to {count(len(to), 'pupil')}", type="primary")
    if is_wanted:
        bar = st.progress(0.0, text="Handing out")

        def tell(done: int) -> None:
            bar.progress(done / len(to), text=f"{done} of {len(to)}")

        handed = classroom.hand_out(store, own[chosen], to, tell)
        bar.empty()
        _say_handed(handed, own[chosen].name)


def _say_handed(handed: Handed, name: str) -> None:
    if handed.given:
        st.success(f"{count(len(handed.given), 'pupil')} got a copy of {plain(isolated(name))}.")
    for pupil, reason in handed.refused:
        st.error(f"{plain(isolated(pupil.nickname))} did not get it. {plain(sentence(reason))}")


def _collect(store: Store, pupils: list[Pupil], limits: Limits) -> None:
    st.header("Collect", anchor=False)
    st.markdown(
        "The pupils' images of the tags you choose come into one project of yours, each with the name of who gave it; "
        "the same image comes once. Pupils keep theirs."
    )
    tags = classroom.tag_names(store, pupils)
    if not tags:
        st.info("No pupil has tagged an image yet.")
        return
    with st.form("collect", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.multiselect("Tags", tags, key="collect-tags", width=320)
        name = st.text_input("Into the project", placeholder="Ours together", key="collect-into", width=280)
        is_wanted = st.form_submit_button("Collect", type="primary")
    if is_wanted:
        with refusals(), st.spinner("Collecting"):
            project, collected = classroom.collect(store, name, pupils, wanted, limits=limits)
            _say_collected(project.name, collected)


def _say_collected(name: str, collected: Collected) -> None:
    new = [(pupil, number) for pupil, number in collected.new if number]
    total = sum(number for _, number in new)
    whose = ", ".join(f"{plain(isolated(pupil.nickname))} {number:,}" for pupil, number in new)
    known = f" {count(collected.known, 'image')} were there already." if collected.known else ""
    st.success(f"{count(total, 'new image')} in {plain(isolated(name))}{': ' if whose else ''}{whose}.{known}")
    for pupil, reason in collected.refused:
        st.warning(f"{plain(isolated(pupil.nickname))}: {plain(sentence(reason))}")


def _some(pupils: list[Pupil], label: str, key: str) -> list[Pupil]:
    """A choice of pupils; nothing chosen means all."""
    by_id = {pupil.id: pupil for pupil in pupils}
    chosen = st.multiselect(
        label, list(by_id), format_func=lambda pupil_id: by_id[pupil_id].nickname, placeholder="Everybody", key=key,
        width=320,
    )  # fmt: skip
    return [by_id[pupil_id] for pupil_id in chosen] or pupils
