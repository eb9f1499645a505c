"""The images of a selection in pages, each with its answer, and the toolbar that corrects their tags."""

from __future__ import annotations

import streamlit as st

from cvcore import slices
from cvcore.evaluation import drill_down, review
from cvcore.evaluation.analysis import Threshold
from cvcore.evaluation.by_image.image_lists import ImageList
from cvcore.evaluation.review import ReviewedImage
from cvcore.languages import t
from cvcore.records import Iteration, Project
from cvcore.slices import SliceMistakes
from cvcore.store import Store
from pages.parts.review import corrections, image_items, large_view, selections
from pages.parts.review.selections import Selection
from pages.parts.shell import widget_resets
from pages.parts.shell.text import plain
from pages.parts.widgets import gallery, page_choice


def listed(store: Store, iteration: Iteration, threshold: Threshold, selection: Selection) -> ImageList:
    """The images of a selection; dismissed label issues are left out.

    Raises:
        InvalidInput: a slice is of a key or value that no image has.
    """
    if isinstance(selection, SliceMistakes):
        return slices.mistakes(store, iteration, threshold, selection)
    return drill_down.images_behind(store, iteration, threshold, selection)


def show(
    store: Store,
    project: Project,
    iteration: Iteration,
    threshold: Threshold,
    selection: Selection,
    *,
    listed: ImageList,
    key: str,
) -> None:
    """Show the images of `listed`, which are those of the selection. Call it in a fragment, so that clicks are fast."""
    number = len(listed.rows)
    if not number:
        st.caption(t("There are none.") if isinstance(selection, str) else t("No image at this threshold."))
        return
    place = f"{key}-{iteration.id}-{selections.address(selection)}"
    pages = -(-number // review.PAGE)
    page = page_choice.current(f"{place}-page", pages)
    shown = {image_items.key(image): image for image in review.page(store, iteration, threshold, listed, page)}
    bar = st.container(key=f"{key}-bar")
    chosen = _gallery(store, project, iteration, shown, place=f"{place}-gallery-{page}", key=key)
    page_choice.show(f"{place}-page", pages)
    with bar:
        corrections.toolbar(
            store, project, [shown[each] for each in chosen], key=key, is_issue=selection == "label_issues"
        )
    st.caption(
        t(
            "{iteration} keeps its numbers. The next training uses the tags that you change here.",
            iteration=plain(iteration.name),
        )
    )


def _gallery(
    store: Store, project: Project, iteration: Iteration, shown: dict[str, ReviewedImage], *, place: str, key: str
) -> list[str]:
    """Draw the gallery, do what its buttons ask for, and return the keys of the selected images."""
    items = [image_items.item(image, project) for image in shown.values()]
    chosen = gallery.show(items, key=place, revision=widget_resets.current(key), thumbnail_px=112)
    if (pressed := gallery.pressed(place)) in shown:
        corrections.follow(store, project, [shown[pressed]], key)
    if opened := gallery.opened(place):
        large_view.open_image(opened)
    large_view.show(store, project, iteration, list(shown.values()))
    return chosen
