"""The step bar of a project's pages: how far it has come, what comes next, and a training that runs."""

from __future__ import annotations

import html
import json
from pathlib import Path

import streamlit as st

from cvcore import training
from cvcore.errors import InTraining, NotFound, NothingChanged
from cvcore.languages import marked, t, tn
from cvcore.records import Iteration, Project
from cvcore.store import Store
from cvcore.training import supervisor
from cvcore.training.next_step import STEPS, Progress, Step, progress
from cvcore.wording import percent, whole_percent
from pages.parts.shell import backend, detail_level, page_address
from pages.parts.shell.text import isolated, plain, refusals, scored_at, short

PAGES = Path(__file__).resolve().parents[2]
TITLES: dict[Step, str] = {
    "images": marked("Images"),
    "train": marked("Train"),
    "performance": marked("Performance"),
    "quick_test": marked("Quick Test"),
    "publish": marked("Publish"),
}
POLL_S, IDLE_POLL_S = 1.0, 5.0
TAG_LETTERS = 18

# Screen readers miss a live region that comes with its text, so one stands outside of what Streamlit redraws.
_SCRIPT = """
    const bar = document.querySelector(".st-key-steps");
    bar?.setAttribute("role", "navigation");
    bar?.setAttribute("aria-label", {name});
    let status = document.getElementById("tagwise-training");
    if (!status) {{
        status = document.createElement("div");
        status.id = "tagwise-training";
        status.setAttribute("role", "status");
        status.style.cssText = "position:fixed;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);top:0;left:0";
        document.body.append(status);
    }}
    const text = {text};
    if (status.textContent !== text) status.textContent = text;
    // {page}
"""


def show(store: Store, project: Project, page: str) -> None:
    """Show the bar on the page with that title. It follows a training, whoever started it, by itself."""
    state = progress(store, project)
    _adopt(project, state, page)
    run_every = POLL_S if state.is_training else IDLE_POLL_S
    st.fragment(_show, run_every=run_every)(store, project.id, page, [(project, state)])


def newest_is_known(project: Project, iteration: Iteration) -> None:
    """Remember that this window has shown the iteration, so that the bar does not announce it any more."""
    st.session_state[f"known-iteration-{project.id}"] = iteration.number


def _adopt(project: Project, state: Progress, page: str) -> None:
    """Take the newest iteration as known when a window opens the project, or shows the iteration itself."""
    number = state.iteration.number if state.iteration else 0
    known = st.session_state.setdefault(f"known-iteration-{project.id}", number)
    shown = st.query_params.get("iteration", f"{number}")
    is_shown = page == TITLES["performance"] and shown == f"{number}"
    if is_shown or known > number:
        st.session_state[f"known-iteration-{project.id}"] = number


def _show(store: Store, project_id: str, page: str, known: list[tuple[Project, Progress]]) -> None:
    """Draw the bar; what is `known` already is looked up by later runs alone."""
    project, state = known.pop() if known else _looked_up(store, project_id)
    at = next((step for step, title in TITLES.items() if title == page), None)
    with st.container(key="steps", horizontal=True, vertical_alignment="center", gap="xxsmall"):
        for step in STEPS:
            _step(project, state, step, is_current=step == at)
        with st.container(key="next-step", horizontal=True, horizontal_alignment="right"):
            said = _next(store, project, state, at)
    text, name = (json.dumps(each).replace("<", "\\u003c") for each in (said, t("Steps")))
    script = _SCRIPT.format(text=text, name=name, page=page)
    page_address.run_script("steps", script)


def _looked_up(store: Store, project_id: str) -> tuple[Project, Progress]:
    try:
        project = store.projects.get(project_id)
    except NotFound:
        st.rerun()
    return project, progress(store, project)


def _step(project: Project, state: Progress, step: Step, *, is_current: bool) -> None:
    is_done, detail = step in state.done, _detail(state, step)
    if is_current:
        mark = '<i aria-hidden="true">✓</i> ' if is_done else ""
        more = f" <small>{html.escape(detail)}</small>" if detail else ""
        st.html(
            f'<span class="tagwise-step" aria-current="step">{mark}{html.escape(t(TITLES[step]))}{more}</span>',
            width="content",
        )
        return
    label = f"{'✓ ' if is_done else ''}{t(TITLES[step])}" + (f" :small[{plain(detail)}]" if detail else "")
    st.page_link(PAGES / f"{step}.py", label=label, query_params={"project": project.id})


def _detail(state: Progress, step: Step) -> str:
    if step == "images":
        images, tags = tn(state.images, "{n} image", "{n} images"), tn(state.tags, "{n} tag", "{n} tags")
        return t("{images}, {tags}", images=images, tags=tags)
    if step == "train" and state.iterations:
        return tn(state.iterations, "{n} iteration", "{n} iterations")
    if step == "performance" and state.iteration and state.iteration.scores:
        precision = t("precision {precision}", precision=percent(state.iteration.scores.precision))
        return scored_at(precision, state.iteration)
    return ""


def _next(store: Store, project: Project, state: Progress, at: Step | None) -> str:
    """Show the one next button; returns what a screen reader is told, empty for nothing.

    On the Train page the page itself shows it: its button starts the training, or opens the result.
    """
    if state.is_training:
        return _running(store, project, state, at)
    step = state.next_step(at)
    newest = state.iteration
    if newest and newest.number > st.session_state.get(f"known-iteration-{project.id}", 0):
        if at != "train":
            label = t("{iteration} is ready: show it", iteration=newest.name)
            _open(project, "performance", label, iteration=f"{newest.number}")
        return t("{iteration} is ready.", iteration=newest.name)
    if step == "images":
        _ask_for_images(project, state, at)
    elif step == "train" and at != "train":
        _train(store, project, state)
    elif step == "performance" and at != "train":
        _open(project, "performance", t("Next: see its performance"))
    elif step in ("quick_test", "publish"):
        _open(project, step, t("Next: {page}", page=t(TITLES[step])))
    return ""


def _running(store: Store, project: Project, state: Progress, at: Step | None) -> str:
    job = state.job
    if job is None or job.status == "queued":
        is_failing = supervisor.failure(backend.main_store().home)
        text = t("Training cannot start") if is_failing else t("Training waits")
    else:
        done = whole_percent(job.progress).replace(" ", "\u00a0")
        text = t("Training {percent}", percent=done)
    if at == "train":
        st.html(f'<span class="tagwise-training">{text}</span>', width="content")
    else:
        st.page_link(PAGES / "train.py", label=text, query_params={"project": project.id})
    return t("A training runs.")


def _missing(state: Progress) -> str:
    if not state.images:
        return t("Next: upload images")
    if not state.tags:
        return t("Next: tag the images")
    if state.tags < 2:
        return t("Next: add images of a second tag")
    name, number = next(iter(state.missing.items()))
    tag = isolated(short(name, TAG_LETTERS))
    return tn(number, "Next: add {n} image to {tag}", "Next: add {n} images to {tag}", tag=tag)


def _open(project: Project, step: Step, label: str, **query: str) -> None:
    if st.button(plain(label), type="primary", key="next"):
        st.switch_page(PAGES / f"{step}.py", query_params={"project": project.id, **query})


def _ask_for_images(project: Project, state: Progress, at: Step | None) -> None:
    """Show the button that leads to where images or tags are added; the upload has the missing tag chosen already."""
    view = "Images" if state.images and not state.tags else "Upload"
    tag = next(iter(state.missing), "") if state.tags > 1 else ""

    def ask() -> None:
        # What the upload panel begins with.
        st.session_state["upload-next"], st.session_state["upload-next-tag"] = view == "Upload", tag
        if at == "images":
            # The view is the control's there, and nobody else may set it in the address.
            st.session_state["images-view"] = view

    if st.button(plain(_missing(state)), type="primary", key="next", on_click=ask):
        if at == "images":
            st.rerun()
        st.switch_page(PAGES / "images.py", query_params={"project": project.id, "images-view": view})


def _train(store: Store, project: Project, state: Progress) -> None:
    """Show the button that starts a Quick training; a link to Train where the pages are full, to choose there."""
    label = t("Next: train again") if state.iteration else t("Next: train")
    if detail_level.is_full():
        _open(project, "train", label)
        return
    if st.button(label, type="primary", key="next"):
        with refusals():
            _start(store, project)
            st.rerun()


def _start(store: Store, project: Project) -> None:
    """Start a Quick training, if none runs already and something has changed since the last."""
    try:
        training.start(store, project)
    except InTraining:
        return
    except NothingChanged:
        st.switch_page(PAGES / "train.py", query_params={"project": project.id})
