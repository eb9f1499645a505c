"""Shows lists of mistakes to review: most confused tags, likely wrong tags, hardest images, near duplicates."""

from __future__ import annotations

import streamlit as st

from cvcore import evaluation
from cvcore.evaluation import drill_down
from cvcore.evaluation.analysis import HARDEST, ListName, Selection, Threshold
from cvcore.metrics.confusion import Cell, Swap
from cvcore.records import MULTICLASS, Iteration, Project
from cvcore.store import Store
from cvcore.wording import count
from pages.parts.performance import evaluated_images
from pages.parts.shell.text import plain, refusals, short

PAIRS, SUSPECTS, LOSSES, DUPLICATES = "Most confused", "Likely wrong tags", "Hardest images", "Near duplicates"
LISTS: dict[str, ListName] = {SUSPECTS: "label_issues", LOSSES: "hardest", DUPLICATES: "duplicates"}
NAME_LETTERS = 20

ABOUT = {
    PAIRS: "Pairs of tags, the most often confused first. Choose one to see its images.",
    SUSPECTS: "Images for which the model predicts another tag with high confidence. Check each: either its tag is "
    "wrong, or the model is. Those that you mark as correct leave the list.",
    LOSSES: f"The {HARDEST} images whose own tags got the lowest probability, the lowest first.",
    DUPLICATES: "Images that look almost the same. They always stay in one fold, so they do not distort the "
    "numbers, but with different tags at least one of them is wrong.",
}


def show(store: Store, project: Project, iteration: Iteration, threshold: Threshold, *, key: str) -> None:
    """Show one of four lists, and its images.

    Only the most confused pairs depend on the threshold; in the other lists only the answers shown below the images do.
    """
    view = st.segmented_control(
        "List",
        [PAIRS, *LISTS],
        default=PAIRS,
        required=True,
        label_visibility="collapsed",
        key=f"{key}-list",
    )
    st.caption(ABOUT[view])
    with refusals():
        selection = _pair(store, iteration, threshold, key) if view == PAIRS else LISTS[view]
        if view == DUPLICATES and (differing := drill_down.differently_tagged_duplicates(store, iteration)):
            st.warning(
                f"{count(differing, 'group')} of near duplicates {'has' if differing == 1 else 'have'} different tags."
            )
        if view == SUSPECTS and (settled := drill_down.dismissed_count(store, iteration)):
            _show_dismissed(store, iteration, settled, key)
        if selection is not None:
            evaluated_images.show(store, project, iteration, threshold, selection, key=f"{key}-gallery")


def _show_dismissed(store: Store, iteration: Iteration, number: int, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{count(number, 'tag')} that you marked as correct {'is' if number == 1 else 'are'} not listed.")
        if st.button("Show them again", type="tertiary", key=f"{key}-reopen"):
            store.dismissed_issues.reopen(iteration.id)
            st.rerun()


def _pair(store: Store, iteration: Iteration, threshold: Threshold, key: str) -> Selection | None:
    confused = drill_down.most_confused(store, iteration, threshold)
    if not confused:
        st.info("No tag is confused with another at this threshold.")
        return None
    tags = evaluation.tags(store, iteration)
    names = [plain(short(tag.name, NAME_LETTERS)) for tag in tags]
    labels = {
        f"{one}-{other}": f"{names[one]} → {names[other]}  **{images:,}**"
        for one, other, images in map(_both, confused)
    }
    pairs = {
        f"{one}-{other}": pair
        for pair, (one, other, _) in zip((pair for pair, _ in confused), map(_both, confused), strict=True)
    }
    if st.session_state.get(f"{key}-pair") not in pairs:
        st.session_state.pop(f"{key}-pair", None)
    chosen = st.pills(
        "Tagged → answered" if iteration.classification_type == MULTICLASS else "Missed → wrongly given",
        list(pairs),
        default=next(iter(pairs)),
        format_func=labels.__getitem__,
        key=f"{key}-pair",
        wrap=True,
    )
    return pairs[chosen] if chosen else None


def _both(confused: tuple[Cell | Swap, int]) -> tuple[int, int, int]:
    """A pair's two columns and its number of images, as one tuple."""
    match confused:
        case Cell(one, other), images:
            return one, other, images
        case Swap(one, other), images:
            return one, other, images
    raise AssertionError(confused)
