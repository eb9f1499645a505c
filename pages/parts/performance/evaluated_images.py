"""The images behind a number or in a list, each with its answer, where wrong tags can be corrected at once."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from cvcore import evaluation, urls
from cvcore.evaluation import drill_down, review
from cvcore.evaluation.analysis import Selection, Threshold
from cvcore.evaluation.review import ReviewedImage, SuggestedChange
from cvcore.files import blobs
from cvcore.metrics.confusion import Cell, Swap, TagOutcome
from cvcore.projects import retagging
from cvcore.projects.retagging import Retagging
from cvcore.records import MULTICLASS, MULTILABEL, Iteration, Project, Tag
from cvcore.store import Store
from cvcore.wording import count, percent
from pages.parts.quick_test import explanation
from pages.parts.shell import backend, widget_resets
from pages.parts.shell.text import plain, refusals, sentence, short
from pages.parts.widgets import gallery

NAME_LETTERS = 24
BADGE_LETTERS = 14


@st.fragment
def show(
    store: Store, project: Project, iteration: Iteration, threshold: Threshold, selection: Selection, *, key: str
) -> None:
    """Show the selected images, the most certain first, a page at a time.

    selection: a cell, a tag's true or false positives or negatives (`TagOutcome(column, "fp")`), a swap, or the name
    of a list. Corrections go to the workspace of `project`; the iteration keeps its numbers.
    """
    with refusals():
        listed = drill_down.images_behind(store, iteration, threshold, selection)
        number = len(listed.rows)
        st.markdown(heading(store, iteration, selection, number))
        _notice(store, project, iteration, key)
        if not number:
            return
        place = f"{key}-{iteration.id}-{_address(selection)}"
        pages = -(-number // review.PAGE)
        page = min(st.session_state.get(f"{place}-page", 1), pages)
        shown = {_id(each): each for each in review.page(store, iteration, threshold, listed, page)}
        bar = st.container(key=f"{key}-bar")
        names = f"{place}-gallery-{page}"
        chosen = gallery.show(
            [_item(each, project) for each in shown.values()], key=names, revision=widget_resets.current(key)
        )
        if (one := gallery.pressed(names)) in shown:
            _follow(store, project, iteration, [shown[one]], key)
        if pages > 1:
            st.session_state[f"{place}-page"] = page
            st.pagination(pages, key=f"{place}-page")
        with bar:
            _toolbar(
                store, project, iteration, [shown[each] for each in chosen], key, is_issue=selection == "label_issues"
            )
        st.caption(f"{plain(iteration.name)} keeps its numbers. The next training uses the tags that you change here.")


def heading(store: Store, iteration: Iteration, selection: Selection, number: int) -> str:
    """The number of images and what they have in common, as Markdown."""
    images = f"**{count(number, 'image')}**"
    tags = evaluation.tags(store, iteration)
    names = [f"**{plain(short(tag.name, NAME_LETTERS))}**" for tag in tags]
    match selection:
        case Cell(actual, answered):
            own = f"tagged {names[actual]}" if actual < len(names) else "without a tag"
            how = "with no answer" if answered == len(names) else f"answered with {names[answered]}"
            return f"{images} {own}, {how if actual != answered else 'answered correctly'}"
        case Swap(missed, wrong):
            return f"{images} tagged {names[missed]}, answered with {names[wrong]} in its place"
        case TagOutcome(tag, outcome):
            own = "tagged" if outcome in ("tp", "fn") else "not tagged"
            joint = "and" if outcome in ("tp", "tn") else "but"
            return f"{images} {own} {names[tag]} {joint} {'' if outcome in ('tp', 'fp') else 'not '}answered with it"
        case "label_issues" if iteration.classification_type == MULTILABEL:
            return f"**{count(number, 'tag')}** that may be missing or wrong"
        case "label_issues":
            return f"{images} with a tag that may be wrong"
        case "hardest":
            return f"{images} with the lowest probability of their own tags"
        case "duplicates":
            return f"{images} with a near duplicate, those with different tags first"


# ---- what stands below an image -----------------------------------------------------------------------------------


def _id(each: ReviewedImage) -> str:
    """A list may hold an image more than once, with another suggestion each time."""
    return f"{each.image_id} {each.about}"


def _item(each: ReviewedImage, project: Project) -> gallery.Item:
    answer = f"answer {_joined(each.answer) or 'none'}" if each.is_evaluated else "not evaluated"
    told = f"{short(each.about, BADGE_LETTERS)} {percent(each.probability)}" if each.is_evaluated else ""
    item: gallery.Item = {
        "id": _id(each),
        "src": urls.thumbnail(each.sha256),
        "caption": each.name,
        "tags": f"tagged {_joined(each.tags) or 'none'}",
        "badge": told if each.number is None else f"group {each.number}",
        "notes": [answer],
    }
    if each.now is None:
        item["notes"].append("no longer in the workspace")
    elif each.is_changed:
        item["notes"].append(f"now {_joined(each.now) or 'untagged'}")
    if each.suggestion is not None:
        item["action"] = _words(each.suggestion, project)
    return item


def _joined(names: Sequence[str]) -> str:
    return ", ".join(names)


def _words(suggestion: SuggestedChange, project: Project) -> str:
    """The label of a button that applies a suggestion."""
    on, off = (", ".join(short(tag.name, NAME_LETTERS) for tag in tags) for tags in (suggestion.add, suggestion.remove))
    if project.classification_type == MULTICLASS and on:
        return f"Retag as {on}"
    if on and off:
        return f"Swap {off} for {on}"
    return f"Add {on}" if on else f"Remove {off}"


# ---- what the user does --------------------------------------------------------------------------------------------


def _toolbar(
    store: Store, project: Project, iteration: Iteration, selected: list[ReviewedImage], key: str, *, is_issue: bool
) -> None:
    tags = {tag.id: tag for tag in store.tags.of_project(project.id)}
    ids = list(dict.fromkeys(each.image_id for each in selected))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        open_ones = [each for each in selected if each.suggestion]
        words = {_words(each.suggestion, project) for each in open_ones if each.suggestion}
        label = plain(words.pop()) if len(words) == 1 else "Apply the suggestions"
        if st.button(label, type="primary", disabled=not open_ones, key=f"{key}-follow"):
            _follow(store, project, iteration, open_ones, key)
        if is_issue and st.button("Tag is correct", disabled=not selected, key=f"{key}-settle"):
            review.dismiss(store, selected)
            widget_resets.rerun(key)
        wanted = st.selectbox(
            "Tag",
            list(tags),
            index=None,
            format_func=lambda tag_id: tags[tag_id].name if tag_id in tags else "",
            placeholder="Choose a tag",
            label_visibility="collapsed",
            key=f"{key}-tag-{project.id}",
            width=220,
        )
        tag = tags.get(wanted or "")
        can = bool(ids) and tag is not None
        if st.button("Set this tag", disabled=not can, key=f"{key}-give") and tag:
            _correct(store, project, iteration, ids, key, put_on=[tag])
        if (
            project.classification_type == MULTILABEL
            and st.button("Remove this tag", disabled=not can, key=f"{key}-off")
            and tag
        ):
            _correct(store, project, iteration, ids, key, take_off=[tag])
        if st.button("Look closer", disabled=len(selected) != 1, key=f"{key}-look"):
            _closer(store, iteration, selected[0])


def _follow(store: Store, project: Project, iteration: Iteration, chosen: list[ReviewedImage], key: str) -> None:
    """Apply the suggestions, all or none."""
    suggestions = {each.suggestion for each in chosen if each.suggestion}
    retagged: list[Retagging] = []
    with store.transaction():
        for suggestion in suggestions:
            ids = [each.image_id for each in chosen if each.suggestion == suggestion]
            retagged.append(
                retagging.retag(
                    store,
                    project,
                    ids,
                    add=[tag.tag_id for tag in suggestion.add],
                    remove=[tag.tag_id for tag in suggestion.remove],
                )
            )
    together = Retagging(
        tuple(change for each in retagged for change in each.changes),
        tuple(image_id for each in retagged for image_id in each.unchanged),
        tuple(image_id for each in retagged for image_id in each.gone),
    )
    _remember(iteration, together, key)


def _correct(
    store: Store,
    project: Project,
    iteration: Iteration,
    ids: list[str],
    key: str,
    *,
    put_on: Sequence[Tag] = (),
    take_off: Sequence[Tag] = (),
) -> None:
    on, off = ([tag.id for tag in tags] for tags in (put_on, take_off))
    _remember(iteration, retagging.retag(store, project, ids, add=on, remove=off), key)


def _remember(iteration: Iteration, retagged: Retagging, key: str) -> None:
    """Keep what was changed, so that it can be shown and undone, and draw again with nothing selected."""
    st.session_state[f"{key}-made"] = iteration.id, retagged
    widget_resets.rerun(key)


def _notice(store: Store, project: Project, iteration: Iteration, key: str) -> None:
    of, retagged = st.session_state.get(f"{key}-made", (None, None))
    if of != iteration.id:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.success(_summary(retagged), width="stretch")
        if retagged.changes and st.button("Undo", key=f"{key}-undo"):
            back = retagging.undo(store, project, retagged)
            st.session_state[f"{key}-made"] = iteration.id, Retagging((), back.unchanged, back.gone)
            widget_resets.rerun(key)


def _summary(retagged: Retagging) -> str:
    parts = [f"{count(len(retagged.changes), 'image')} retagged"] if retagged.changes else []
    if retagged.unchanged:
        parts.append(f"{count(len(retagged.unchanged), 'image')} left as they were")
    if retagged.gone:
        parts.append(f"{count(len(retagged.gone), 'image')} no longer in the workspace")
    return sentence(", ".join(parts) or "tags are back as they were")


@st.dialog("Image", width="medium")
def _closer(store: Store, iteration: Iteration, each: ReviewedImage) -> None:
    st.text(each.name)
    now = "no longer in the workspace" if each.now is None else f"tagged {_joined(each.now) or 'none'} now"
    st.text(f"Tagged {_joined(each.tags) or 'none'} at the training, {now}.")
    answer = _joined(each.answer) or "none"
    st.text(f"Answer: {answer}; {each.about} {percent(each.probability)}" if each.is_evaluated else "Not evaluated.")
    if st.toggle("Show where the model looked", key=f"looked-{each.image_id}"):
        with refusals():
            data = blobs.read(blobs.original_path(store.home, each.sha256))
            explanation.show(store, iteration, data, limits=backend.limits(), key="closer", tag=each.about)
    else:
        st.html(f'<img class="tagwise-closer" src="{urls.image(each.sha256)}" alt="{html.escape(each.name)}">')


def _address(selection: Selection) -> str:
    """A selection as a part of widget keys."""
    match selection:
        case Cell(actual, answered):
            return f"cell-{actual}-{answered}"
        case Swap(missed, wrong):
            return f"swap-{missed}-{wrong}"
        case TagOutcome(tag, outcome):
            return f"{outcome}-{tag}"
        case name:
            return name
