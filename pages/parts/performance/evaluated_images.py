"""Shows the images behind a number or of a list, each with its answer, and lets users correct their tags."""

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
    """Show the selected images in pages.

    selection: a cell, a tag's true or false positives or negatives (`TagOutcome(column, "fp")`), a swap, or the name
    of a list. Corrections change the project's images; the iteration keeps its numbers.
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
        shown = {_id(image): image for image in review.page(store, iteration, threshold, listed, page)}
        bar = st.container(key=f"{key}-bar")
        names = f"{place}-gallery-{page}"
        chosen = gallery.show(
            [_item(image, project) for image in shown.values()], key=names, revision=widget_resets.current(key)
        )
        if (image_key := gallery.pressed(names)) in shown:
            _follow(store, project, iteration, [shown[image_key]], key)
        if pages > 1:
            st.session_state[f"{place}-page"] = page
            st.pagination(pages, key=f"{place}-page")
        with bar:
            _toolbar(
                store,
                project,
                iteration,
                [shown[image_key] for image_key in chosen],
                key,
                is_issue=selection == "label_issues",
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


# ---- the texts below an image -------------------------------------------------------------------------------------


def _id(image: ReviewedImage) -> str:
    """The key of an image in the gallery; a list can hold an image several times, with different suggestions."""
    return f"{image.image_id} {image.about}"


def _item(image: ReviewedImage, project: Project) -> gallery.Item:
    answer = f"answer {_joined(image.answer) or 'none'}" if image.is_evaluated else "not evaluated"
    probability = f"{short(image.about, BADGE_LETTERS)} {percent(image.probability)}" if image.is_evaluated else ""
    item: gallery.Item = {
        "id": _id(image),
        "src": urls.thumbnail(image.sha256),
        "caption": image.name,
        "tags": f"tagged {_joined(image.tags) or 'none'}",
        "badge": probability if image.number is None else f"group {image.number}",
        "notes": [answer],
    }
    if image.now is None:
        item["notes"].append("no longer in the workspace")
    elif image.is_changed:
        item["notes"].append(f"now {_joined(image.now) or 'untagged'}")
    if image.suggestion is not None:
        item["action"] = _words(image.suggestion, project)
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
    ids = list(dict.fromkeys(image.image_id for image in selected))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with_suggestion = [image for image in selected if image.suggestion]
        words = {_words(image.suggestion, project) for image in with_suggestion if image.suggestion}
        label = plain(words.pop()) if len(words) == 1 else "Apply the suggestions"
        if st.button(label, type="primary", disabled=not with_suggestion, key=f"{key}-follow"):
            _follow(store, project, iteration, with_suggestion, key)
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
    suggestions = {image.suggestion for image in chosen if image.suggestion}
    retagged: list[Retagging] = []
    with store.transaction():
        for suggestion in suggestions:
            ids = [image.image_id for image in chosen if image.suggestion == suggestion]
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
        tuple(change for applied in retagged for change in applied.changes),
        tuple(image_id for applied in retagged for image_id in applied.unchanged),
        tuple(image_id for applied in retagged for image_id in applied.gone),
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
    """Keep the changes in the session, to show and undo them, and draw the page again with nothing selected."""
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
def _closer(store: Store, iteration: Iteration, image: ReviewedImage) -> None:
    st.text(image.name)
    now = "no longer in the workspace" if image.now is None else f"tagged {_joined(image.now) or 'none'} now"
    st.text(f"Tagged {_joined(image.tags) or 'none'} at the training, {now}.")
    answer = _joined(image.answer) or "none"
    st.text(f"Answer: {answer}; {image.about} {percent(image.probability)}" if image.is_evaluated else "Not evaluated.")
    if st.toggle("Show where the model looked", key=f"looked-{image.image_id}"):
        with refusals():
            data = blobs.read(blobs.original_path(store.home, image.sha256))
            explanation.show(store, iteration, data, limits=backend.limits(), key="closer", tag=image.about)
    else:
        st.html(f'<img class="tagwise-closer" src="{urls.image(image.sha256)}" alt="{html.escape(image.name)}">')


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
