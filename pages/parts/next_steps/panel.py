"""Shows at most five next steps, each with what it is expected to bring, on what that rests, and its button.

On a narrow screen only the first is open, so that the page's numbers stay in sight; see `style.css`.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cvcore import analyses, evaluation, next_steps
from cvcore.languages import t
from cvcore.next_steps import Shortcut, Step
from cvcore.next_steps.steps import BetterThresholds
from cvcore.records import Iteration, Job
from cvcore.store import Store
from cvcore.training.analyses import request
from pages.parts.next_steps import places
from pages.parts.performance import threshold_suggestions
from pages.parts.shell import project_choice
from pages.parts.shell.text import plain, refusals

POLL_S = 1.0
KEY = "what-next"


def show(store: Store, iteration: Iteration, *, is_performance: bool = False) -> None:
    """Show the steps that were not taken yet; `is_performance` says that this is the page where they are taken.

    The worker looks for them after a training; for an older iteration it does so when its performance is looked at.
    """
    with refusals():
        found = analyses.load(store, iteration, next_steps.FILE)
        if found is None:
            _wait(store, iteration, asks=is_performance)
            return
        names = [tag.name for tag in evaluation.tags(store, iteration)]
        with st.container(key=KEY, border=True, gap="xsmall"):
            steps = next_steps.open_steps(store, iteration, found)
            _heading(steps)
            if not steps:
                return
            _line(iteration, steps[0], names, 0, is_performance=is_performance)
            if len(steps) > 1:
                st.checkbox(t("Show all {n}", n=len(steps)), key=f"{KEY}-all")
                with st.container(key=f"{KEY}-rest", gap="xsmall"):
                    for place, step in enumerate(steps[1:], start=1):
                        _line(iteration, step, names, place, is_performance=is_performance)


def _heading(steps: Sequence[Step]) -> None:
    note = next_steps.note(steps)
    if all(isinstance(step, Shortcut) for step in steps):
        st.markdown(t("**What to do next.** {note}", note=note))
    else:
        st.markdown(t("**What to do next**, and what the mean F1 is expected to gain"), help=note)


def _line(iteration: Iteration, step: Step, names: list[str], place: int, *, is_performance: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"{KEY}-line-{place}"):
        what, expected = (plain(part) for part in next_steps.in_words(step, names))
        st.markdown(f"{what} **{expected}**.  \n:small[{plain(next_steps.basis(step))}.]")
        is_pressed = st.button(
            next_steps.action(step),
            key=f"{KEY}-{place}-{iteration.id}",
            icon=":material/arrow_forward:",
            icon_position="right",
            on_click=_prepare,
            args=(iteration, step),
            kwargs={"is_performance": is_performance},
        )
        if is_pressed and not is_performance:
            st.session_state["project"] = iteration.project_id
            st.switch_page(project_choice.PAGES / places.PAGE, query_params=places.address(iteration, step))


def _prepare(iteration: Iteration, step: Step, *, is_performance: bool) -> None:
    """Set the widgets of the step's place. Streamlit lets only its widget change the view of the page that is open."""
    if isinstance(step, BetterThresholds):
        chosen = threshold_suggestions.EACH if isinstance(step.thresholds, tuple) else threshold_suggestions.ONE
        st.session_state[f"per-tag-{iteration.project_id}"] = chosen
    if is_performance:
        address = places.address(iteration, step)
        st.session_state["view"] = address.pop("view")
        st.query_params.update(address)


def _wait(store: Store, iteration: Iteration, *, asks: bool) -> None:
    """Show the steps once they are found; a search that failed is no matter.

    Steps that are looked for only now are shown the next time: nothing moves under the eyes of somebody who reads.
    """
    job = store.jobs.latest(iteration.project_id, "next-steps", iteration.id)
    # An older Tagwise's search is done, but its file has another name.
    is_missing = job is None or (job.status == "done" and analyses.read(store, iteration, next_steps.FILE) is None)
    if is_missing and asks:
        request(store, iteration, "next-steps")
    elif job and job.is_active:
        st.fragment(_watch, run_every=POLL_S)(store, job)


def _watch(store: Store, job: Job) -> None:
    if not store.jobs.get(job.id).is_active:
        st.rerun()
    st.caption(t("Looking for what to do next …"))
