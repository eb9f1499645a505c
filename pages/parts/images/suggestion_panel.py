"""Suggested tags: confirm or correct an iteration's predictions for untagged images by keys, in batches."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cvcore.active_learning import suggestions
from cvcore.active_learning.suggestions import Batch
from cvcore.languages import marked, number, t, tn
from cvcore.projects import retagging
from cvcore.projects.retagging import Retagging
from cvcore.records import MULTILABEL, Iteration, Project
from cvcore.store import UNTAGGED, Store
from pages.parts.shell import page_address, project_choice, undo_toast, widget_resets
from pages.parts.shell.text import refusals
from pages.parts.widgets import suggestion_grid

SUREST, LEAST_SURE = marked("Surest first"), marked("Least sure first")
SIZES = (24, 60)


def show(store: Store, project: Project) -> None:
    """Show the next untagged images with their suggested tags, or what is needed first."""
    key = f"suggestions-{project.id}"
    with refusals():
        _receive(store, project, key)
    untagged = store.images.count(project.id, UNTAGGED)
    if not untagged:
        st.info(t("Every image has a tag. Upload images without tags, and tags for them are suggested here."))
        return
    trained = store.iterations.trained(project.id)
    if not trained:
        st.info(
            tn(
                untagged,
                "{n} untagged image, but no trained iteration that can suggest tags. Tag some images by hand, five per "
                "tag, and train first.",
                "{n} untagged images, but no trained iteration that can suggest tags. Tag some images by hand, five "
                "per tag, and train first.",
            )
        )
        project_choice.link("train.py", t("Go to Train"), project)
        return
    iteration, order, take = _choices(trained, project)
    with refusals():
        batch, settled = _batch(store, project, iteration, order, take, key)
        _show_counts(batch, untagged, key)
        if batch.candidates:
            suggestion_grid.show(
                batch,
                signature=project.id,
                turn=widget_resets.current(key),
                settled=settled,
                multilabel=project.classification_type == MULTILABEL,
                key=key,
            )


def _choices(trained: Sequence[Iteration], project: Project) -> tuple[Iteration, str, int]:
    by_id = {iteration.id: iteration for iteration in trained}
    by, order_key = f"suggested-by-{project.id}", f"suggested-order-{project.id}"
    # The address says what is shown first; later the controls do, and the address follows.
    if st.session_state.get(by) not in by_id:
        wanted = st.query_params.get("by")
        st.session_state[by] = next((each.id for each in trained if each.name == wanted), trained[0].id)
    if order_key not in st.session_state:
        st.session_state[order_key] = LEAST_SURE if st.query_params.get("order") == "least-sure" else SUREST
    with st.container(horizontal=True):
        chosen = st.selectbox(
            t("Suggested by"),
            list(by_id),
            format_func=lambda iteration_id: by_id[iteration_id].name if iteration_id in by_id else "",
            key=by,
            width=240,
        )
        order = st.segmented_control(
            t("Order"),
            [SUREST, LEAST_SURE],
            format_func=t,
            required=True,
            key=order_key,
            help=t("The surest are confirmed fastest; the least sure improve the next iteration most."),
        )
        take = st.segmented_control(
            t("Images at a time"), SIZES, default=SIZES[0], required=True, key=f"suggested-size-{project.id}"
        )
    iteration = by_id.get(chosen, trained[0])
    page_address.put({"by": iteration.name, "order": "least-sure" if order == LEAST_SURE else ""})
    return iteration, order or SUREST, take


# ---- the batch on the page, unchanged until the browser sends it ----------------------------------------------------


def _batch(
    store: Store, project: Project, iteration: Iteration, order: str, take: int, key: str
) -> tuple[Batch, Sequence[str]]:
    """The batch on the page, and the ids of the images that the last batch tagged or skipped."""
    tags = [(tag.id, tag.name, tag.kind) for tag in store.tags.of_project(project.id)]
    stamp = (
        iteration.id,
        iteration.thresholds,
        order,
        take,
        widget_resets.current(key),
        project.classification_type,
        tags,
    )
    batch_stamp, batch = st.session_state.get(f"{key}-batch", (None, None))
    if batch_stamp != stamp:
        bar = st.empty()

        def show_progress(stage: str, fraction: float) -> None:
            bar.progress(fraction, t(stage))

        batch = suggestions.next_batch(
            store,
            project,
            iteration,
            surest_first=order == SUREST,
            take=take,
            without=_aside(key),
            progress=show_progress,
        )
        bar.empty()
        st.session_state[f"{key}-batch"] = stamp, batch
    return batch, st.session_state.get(f"{key}-settled", ())


def _receive(store: Store, project: Project, key: str) -> None:
    """Save the decided tags, all at once, and remember them, so that they can be undone."""
    sent = suggestion_grid.sent(key, widget_resets.current(key))
    if sent is None:
        return
    # First, so that the browser always gets an answer, and keeps decisions that are refused.
    widget_resets.advance(key)
    st.session_state[f"{key}-settled"] = ()
    retagged = retagging.tag_untagged(store, project, sent.decided)
    _aside(key).update(sent.aside)
    st.session_state[f"{key}-settled"] = (*sent.decided, *sent.aside)
    if sent.decided:

        def undo() -> str:
            message = notice(retagging.undo(store, project, retagged), is_given=False)
            # The images are suggested again.
            widget_resets.advance(key)
            return message

        undo_toast.offer(project, notice(retagged, is_given=True), undo if retagged.changes else None)
    st.rerun()


def _aside(key: str) -> set[str]:
    """The ids of images that were skipped in this window."""
    aside: set[str] = st.session_state.setdefault(f"{key}-aside", set())
    return aside


# ---- texts ----------------------------------------------------------------------------------------------------------


def notice(retagged: Retagging, *, is_given: bool) -> str:
    """The result of saving a batch, or of undoing it, a sentence for each kind of image.

    >>> notice(Retagging((), ("a",), ("b",)), is_given=True)
    'No image tagged. 1 left unchanged because it was tagged or its tag deleted meanwhile. 1 deleted meanwhile.'
    """
    changed = len(retagged.changes)
    if is_given:
        told = [tn(changed, "{n} image tagged.", "{n} images tagged.") if changed else t("No image tagged.")]
    elif changed:
        told = [tn(changed, "{n} image untagged again.", "{n} images untagged again.")]
    else:
        told = [t("No image untagged again.")]
    if retagged.unchanged:
        told += [
            tn(
                len(retagged.unchanged),
                "{n} left unchanged because it was tagged or its tag deleted meanwhile.",
                "{n} left unchanged because they were tagged or their tags deleted meanwhile.",
            )
        ]
    if retagged.gone:
        told += [tn(len(retagged.gone), "{n} deleted meanwhile.", "{n} deleted meanwhile.")]
    return " ".join(told)


def _show_counts(batch: Batch, untagged: int, key: str) -> None:
    aside = untagged - batch.waiting
    with st.container(horizontal=True, vertical_alignment="center"):
        if batch.sorted < batch.waiting:
            st.caption(
                tn(
                    batch.waiting,
                    "{number} of {n} untagged image are predicted and sorted so far; each batch predicts more.",
                    "{number} of {n} untagged images are predicted and sorted so far; each batch predicts more.",
                    number=number(batch.sorted),
                ),
                width="content",
            )
        elif batch.waiting:
            st.caption(
                tn(
                    batch.waiting,
                    "{n} untagged image. Nothing is tagged before you save.",
                    "{n} untagged images. Nothing is tagged before you save.",
                ),
                width="content",
            )
        if aside and st.button(
            tn(aside, "Look again at {n} skipped", "Look again at {n} skipped"), type="tertiary", key=f"{key}-again"
        ):
            _aside(key).clear()
            widget_resets.rerun(key)
    if not batch.candidates:
        st.info(
            t("All untagged images were skipped. Look at them again, or upload more.")
            if not batch.waiting
            else t("The untagged images cannot be read: their files are missing or damaged.")
        )
