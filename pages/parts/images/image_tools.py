"""What can be done with images that are selected in a gallery: tag, mark for testing, enlarge, describe, delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from cvcore import urls
from cvcore.languages import t
from cvcore.progress import Progress, silent
from cvcore.projects import changes, trash
from cvcore.projects.undoing import Change
from cvcore.records import MULTILABEL, Image, Project, Tag
from cvcore.settings import Limits
from cvcore.store import ImageSearch, Store
from pages.parts.facts import metadata_editor
from pages.parts.images import large_view, long_change, tag_choice
from pages.parts.shell import undo_toast, widget_resets
from pages.parts.shell.text import refusals
from pages.parts.widgets import gallery


@dataclass(frozen=True)
class Chosen:
    """The images that tools act on: how many, a function for their ids, whether any has a tag and all are for testing.

    `is_whole`: all that a filter finds, of which only a page is shown.
    """

    number: int
    ids: Callable[[], Sequence[str]]
    are_tagged: bool
    are_tests: bool
    is_whole: bool = False

    @classmethod
    def of(cls, images: Sequence[Image]) -> Chosen:
        """Selected images."""
        ids = [image.id for image in images]
        are_tests = bool(images) and all(image.is_test for image in images)
        return cls(len(ids), lambda: ids, any(image.tag_ids for image in images), are_tests)

    @classmethod
    def found(cls, store: Store, search: ImageSearch, number: int) -> Chosen:
        """All images that a search finds, so many: their ids are those that it finds when they are asked for."""
        are_tagged = not (search.or_untagged and not search.tag_ids)
        return cls(number, partial(store.searches.ids, search), are_tagged, bool(search.is_test), is_whole=True)


@dataclass(frozen=True)
class Act:
    """What a tool does, and on how many images."""

    run: Callable[[Progress], Change]
    images: int


def item(image: Image, names: dict[str, str]) -> gallery.Item:
    """An image for the gallery; `names` are the tags' names by their ids."""
    made: gallery.Item = {
        "id": image.id,
        "src": urls.thumbnail(image.sha256),
        "caption": f"{image.name}, {image.width} × {image.height}",
        "tags": [names[tag_id] for tag_id in image.tag_ids if tag_id in names],
    }
    if image.is_test:
        made["badge"] = t("for testing")
    return made


def show(
    store: Store,
    project: Project,
    tags: Sequence[Tag],
    selected: Sequence[Image],
    enlarge: Callable[[str], None],
    *,
    limits: Limits,
    key: str,
    whole: Chosen | None = None,
) -> Act | None:
    """Show the tools for the selected images; returns what the one pressed does: call it with `do`.

    `enlarge` shows a single one large, from where the way leads to all that are listed. whole: all images that are
    found, if they are chosen and not only those selected.
    """
    chosen = whole or Chosen.of(selected)
    acts: list[Callable[[Sequence[str], Progress], Change]] = []
    tag_names = tag_choice.show(
        [tag.name for tag in tags],
        several=project.classification_type == MULTILABEL,
        label_visibility="collapsed",
        key=f"{key}-retag-{project.id}-{widget_resets.current(key)}",
        width=240,
    )
    if st.button(t("Tag selected"), type="primary", disabled=not (chosen.number and tag_names), key=f"{key}-tag"):
        acts.append(lambda ids, told: changes.tag(store, project, ids, tag_names, limits=limits, progress=told))
    label = t("Remove these tags") if tag_names else t("Remove all tags")
    if st.button(label, key=f"{key}-untag", disabled=not chosen.are_tagged):
        these = [tag.id for tag in tags if tag.name in tag_names] if tag_names else None
        acts.append(lambda ids, told: changes.remove_tags(store, project, ids, these, progress=told))
    is_test = not chosen.are_tests
    label = t("Use for testing") if is_test else t("Use for training")
    help_text = t("Test images are never used for training.")
    if st.button(label, key=f"{key}-testing", disabled=not chosen.number, help=help_text):
        acts.append(lambda ids, told: changes.mark_for_testing(store, project, ids, is_test, progress=told))
    _show_closer(store, project, chosen, selected, enlarge, key)
    if st.button(t("Delete"), disabled=not chosen.number, type="tertiary", key=f"{key}-delete"):
        acts.append(lambda ids, told: trash.delete_images(store, project, ids, progress=told))
    return next((Act(partial(_run, act, chosen), chosen.number) for act in acts), None)


def _run(act: Callable[[Sequence[str], Progress], Change], chosen: Chosen, progress: Progress) -> Change:
    return act(chosen.ids(), progress)


def _show_closer(
    store: Store,
    project: Project,
    chosen: Chosen,
    selected: Sequence[Image],
    enlarge: Callable[[str], None],
    key: str,
) -> None:
    """Show the tools that open a dialog on the selected images."""
    ids = [image.id for image in selected]
    if st.button(t("Enlarge"), disabled=not ids, key=f"{key}-enlarge"):
        # Several are looked at one after another.
        if len(ids) > 1 and not chosen.is_whole:
            large_view.open_image(project, ids, ids[0])
        else:
            enlarge(ids[0])
    is_off = not ids or chosen.is_whole
    if st.button(t("Metadata"), disabled=is_off, type="tertiary", key=f"{key}-metadata"):
        metadata_editor.show(store, project, ids, key=key)


def do(project: Project, act: Act, *, key: str) -> None:
    """Do what a tool does, offer to undo it, and rerun with nothing selected; on very many images it goes on behind."""
    with refusals():
        if act.images >= long_change.FROM:
            long_change.begin(project, act.run)
        else:
            change = act.run(silent)
            undo_toast.offer(project, change.message, change.undo)
        widget_resets.rerun(key)
