"""What became of an upload: the stored images with their tags, what comes next, and each file that was not stored."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from cvcore import urls
from cvcore.languages import marked, t, tn
from cvcore.languages import number as written
from cvcore.projects.uploads import Upload
from cvcore.records import Image, Project
from cvcore.store import Store
from cvcore.training.readiness import readiness
from pages.parts.quality import upload_notes
from pages.parts.shell import image_strip
from pages.parts.shell.project_choice import open_page
from pages.parts.shell.text import isolated, plain, sentence, short
from pages.parts.upload import preview
from pages.parts.upload.run import Run

SHOWN = 24
ROWS = 500
TAGS = 12
TAG_LETTERS = 40
STATUSES = {"stored": marked("stored"), "duplicate": marked("duplicate"), "refused": marked("refused")}
# The key of the Images page's control.
VIEW = "images-view"


def show(store: Store, project: Project, run: Run) -> bool:
    """Show what became of the files, and what comes next; returns whether the user wants to upload more."""
    show_images(store, run)
    wants_more = _show_next_steps(store, project, run)
    upload_notes.show(store, project, run.stored_ids(), partial(_show_odd, run))
    if notable := [result for result in run.results if result.reason or result.note]:
        _show_table(store, notable)
    return wants_more


def show_images(store: Store, run: Run) -> None:
    """Show how many images were stored with which tags, and the first of them."""
    if run.stopped:
        st.error(plain(sentence(run.stopped)))
    ids = run.stored_ids()
    if run.results:
        is_smooth = not run.stopped and len(ids) == len(run.results)
        (st.success if is_smooth else st.warning)(summary(run.results, run.tags))
    if images := store.images.with_ids(ids[:SHOWN]):
        image_strip.strip(images)
        if len(ids) > SHOWN:
            st.caption(t("The first {shown} of {number}.", shown=SHOWN, number=written(len(ids))))


def summary(results: Sequence[Upload], tags: Mapping[str, int]) -> str:
    """How many images were stored with which tags, and how many files were not, as Markdown.

    >>> summary([Upload("1.jpg", "stored"), Upload("2.jpg", "refused")], {"daisy": 1})
    '1 image stored, tagged daisy. 1 file refused.'
    """
    numbers = Counter(result.status for result in results)
    stored = numbers["stored"]
    told = [_stored(stored, tags) if stored else t("No new image stored.")]
    if numbers["duplicate"]:
        told.append(tn(numbers["duplicate"], "{n} duplicate.", "{n} duplicates."))
    if numbers["refused"]:
        told.append(tn(numbers["refused"], "{n} file refused.", "{n} files refused."))
    return " ".join(told)


def _stored(number: int, tags: Mapping[str, int]) -> str:
    if not tags:
        return tn(number, "{n} image stored, without a tag.", "{n} images stored, without a tag.")
    if len(tags) == 1 and sum(tags.values()) == number:
        tag = _tag(next(iter(tags)))
        return tn(number, "{n} image stored, tagged {tag}.", "{n} images stored, tagged {tag}.", tag=tag)
    counts = sorted(tags.items(), key=lambda item: -item[1])
    named = ", ".join(f"{_tag(tag)} {written(images)}" for tag, images in counts[:TAGS])
    named += " …" if len(counts) > TAGS else ""
    return tn(number, "{n} image stored: {tags}.", "{n} images stored: {tags}.", tags=named)


def _show_next_steps(store: Store, project: Project, run: Run) -> bool:
    ready = readiness(store, project)
    can_train = bool(ready.images) and not ready.obstacles
    with st.container(horizontal=True, key="upload-next"):
        wants_more = st.button(t("Next tag"), key="upload-next-tag", type="secondary" if can_train else "primary")
        if run.stored_ids():
            st.button(t("See them"), key="upload-see", on_click=_show_gallery, args=(run,))
        if can_train and st.button(t("Train"), key="upload-train", type="primary"):
            run.is_closed = True
            open_page("train.py", project.id)
    return wants_more


def _show_gallery(run: Run) -> None:
    """Go to the view of images, with those that have these tags, or no tag."""
    run.is_closed = True
    st.session_state[VIEW] = "Images"
    st.query_params.update({"tags": "|".join(run.tags)} if run.tags else {"show": "untagged"})


def _show_odd(run: Run, kind: str) -> None:
    """Go to the view of odd images, at this kind."""
    run.is_closed = True
    st.session_state[VIEW] = "Quality"
    st.query_params["odd"] = kind


def _show_table(store: Store, notable: Sequence[Upload]) -> None:
    shown = notable[:ROWS]
    ids = [upload.image_id for upload in shown if upload.image_id]
    st.html(table(shown, {image.id: image for image in store.images.with_ids(ids)}))
    if len(notable) > ROWS:
        st.caption(
            tn(
                len(notable),
                "The first {shown} of {n} file.",
                "The first {shown} of {n} files.",
                shown=written(ROWS),
            )
        )


def table(uploads: Sequence[Upload], images: Mapping[str, Image]) -> str:
    """A table of files with their images, results and reasons, as escaped HTML.

    >>> table([Upload("<b>.txt", "refused", "no image")], {}).count("<b>")
    0
    """
    rows = []
    for upload in uploads:
        image = images.get(upload.image_id or "")
        thumbnail = f'<img src="{urls.thumbnail(image.sha256)}" alt="" loading="lazy">' if image else ""
        why = " ".join(sentence(text) for text in (upload.reason, upload.note) if text)
        texts = (preview.file_or_line(upload.name), t(STATUSES[upload.status]), why)
        rows.append((thumbnail, *map(html.escape, texts)))
    heads = (t("Image"), t("File"), t("Outcome"), t("Why"))
    return preview.table_of(t("Files with a remark"), heads, rows, "tagwise-uploads")


def _tag(name: str) -> str:
    return plain(isolated(short(name, TAG_LETTERS)))
