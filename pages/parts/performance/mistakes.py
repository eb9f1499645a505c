"""Where to look first: the tags most confused, tags that are probably wrong, hard images, near duplicates."""

from __future__ import annotations

import streamlit as st

from cvcore import evaluation
from cvcore.evaluation import drill_down
from cvcore.evaluation.drill_down import Selection, Threshold
from cvcore.metrics.confusion import Cell, Swap
from cvcore.records import MULTICLASS, Iteration, Project
from cvcore.store import Store
from cvcore.wording import count
from pages.parts.performance import evaluated_images
from pages.parts.shell.text import plain, refusals, short

PAIRS, SUSPECTS, LOSSES, DUPLICATES = "Most confused", "Suspected wrong tags", "Hardest images", "Near duplicates"
LISTS: dict[str, drill_down.ListName] = {SUSPECTS: "suspects", LOSSES: "losses", DUPLICATES: "duplicates"}
NAME_LETTERS = 20

ABOUT = {
    PAIRS: "Pairs of tags, the most often confused first. Choose one to see its images.",
    SUSPECTS: "Images that the model takes for another tag, as surely as images that really have that tag. "
    "Look at each: either its tag is wrong, or the model is. What you find right as it is leaves the list.",
    LOSSES: f"The {drill_down.HARDEST} images whose own tags the model found least probable, the hardest first.",
    DUPLICATES: "Images that look almost the same. They are always judged together, so they do no harm to the numbers, "
    "but with different tags at least one of them is wrong.",
}


def show(store: Store, project: Project, iteration: Iteration, threshold: Threshold, *, key: str) -> None:
    """One of four lists, chosen with a switch, and the pictures of what is chosen in it.

    Only the most confused pairs follow the threshold; the other lists do not depend on it, but the answers told
    below their pictures do.
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
        asked = _pair(store, iteration, threshold, key) if view == PAIRS else LISTS[view]
        if view == DUPLICATES and (differing := drill_down.differently_tagged_duplicates(store, iteration)):
            st.warning(
                f"{count(differing, 'group')} of near duplicates {'has' if differing == 1 else 'have'} different tags."
            )
        if view == SUSPECTS and (settled := drill_down.dismissed_count(store, iteration)):
            _settled(store, iteration, settled, key)
        if asked is not None:
            evaluated_images.show(store, project, iteration, threshold, asked, key=f"{key}-gallery")


def _settled(store: Store, iteration: Iteration, number: int, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{count(number, 'suspect')} that you found right {'is' if number == 1 else 'are'} left out.")
        if st.button("Doubt them again", type="tertiary", key=f"{key}-reopen"):
            store.dismissed_issues.reopen(iteration.id)
            st.rerun()


def _pair(store: Store, iteration: Iteration, threshold: Threshold, key: str) -> Selection | None:
    found = drill_down.most_confused(store, iteration, threshold)
    if not found:
        st.info("No tag is confused with another at this threshold.")
        return None
    tags = evaluation.tags(store, iteration)
    names = [plain(short(tag.name, NAME_LETTERS)) for tag in tags]
    labels = {
        f"{one}-{other}": f"{names[one]} → {names[other]}  **{images:,}**" for one, other, images in map(_both, found)
    }
    pairs = {
        f"{one}-{other}": pair
        for pair, (one, other, _) in zip((each for each, _ in found), map(_both, found), strict=True)
    }
    if st.session_state.get(f"{key}-pair") not in pairs:
        st.session_state.pop(f"{key}-pair", None)
    chosen = st.pills(
        "Tagged → answered" if iteration.classification_type == MULTICLASS else "Missed → given wrongly",
        list(pairs),
        default=next(iter(pairs)),
        format_func=labels.__getitem__,
        key=f"{key}-pair",
        wrap=True,
    )
    return pairs[chosen] if chosen else None


def _both(found: tuple[Cell | Swap, int]) -> tuple[int, int, int]:
    """A pair's two columns and its number of images."""
    match found:
        case Cell(one, other), images:
            return one, other, images
        case Swap(one, other), images:
            return one, other, images
    raise AssertionError(found)
