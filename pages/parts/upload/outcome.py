"""What became of an upload: the stored images with their tags, what comes next, and each file that was not stored."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from cvcore import urls
from cvcore.projects.uploads import Upload
from cvcore.records import Image, Project
from cvcore.store import Store
from cvcore.training.readiness import readiness
from cvcore.wording import count
from pages.parts.quality import upload_notes
from pages.parts.shell import image_strip
from pages.parts.shell.project_choice import open_page
from pages.parts.shell.text import isolated, plain, sentence, short
from pages.parts.upload.run import Run

SHOWN = 24
ROWS = 500
TAGS = 12
TAG_LETTERS = 40
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
            st.caption(f"The first {SHOWN} of {len(ids):,}.")


def summary(results: Sequence[Upload], tags: Mapping[str, int]) -> str:
    """How many images were stored with which tags, and how many files were not, as Markdown.

    >>> summary([Upload("1.jpg", "stored"), Upload("2.jpg", "refused")], {"daisy": 1})
    '1 image stored, tagged daisy. 1 file refused.'
    """
    numbers = Counter(result.status for result in results)
    stored = numbers["stored"]
    if not tags:
        with_tags = ", without a tag" if stored else ""
    elif len(tags) == 1 and sum(tags.values()) == stored:
        with_tags = f", tagged {_tag(next(iter(tags)))}"
    else:
        counts = sorted(tags.items(), key=lambda item: -item[1])
        with_tags = ": " + ", ".join(f"{_tag(tag)} {number:,}" for tag, number in counts[:TAGS])
        with_tags += " …" if len(counts) > TAGS else ""
    told = [f"{count(stored, 'image')} stored{with_tags}." if stored else "No new image stored."]
    if numbers["duplicate"]:
        told.append(f"{count(numbers['duplicate'], 'duplicate')}.")
    if numbers["refused"]:
        told.append(f"{count(numbers['refused'], 'file')} refused.")
    return " ".join(told)


def _show_next_steps(store: Store, project: Project, run: Run) -> bool:
    ready = readiness(store, project)
    can_train = bool(ready.images) and not ready.obstacles
    with st.container(horizontal=True, key="upload-next"):
        wants_more = st.button("Next tag", key="upload-next-tag", type="secondary" if can_train else "primary")
        if run.stored_ids():
            st.button("See them", key="upload-see", on_click=_show_gallery, args=(run,))
        if can_train and st.button("Train", key="upload-train", type="primary"):
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
        st.caption(f"The first {ROWS:,} of {len(notable):,} files.")


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
        cells = (thumbnail, html.escape(upload.name), upload.status, html.escape(why))
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return (
        '<div class="tagwise-fates tagwise-uploads" tabindex="0" role="region" aria-label="Files with a remark">'
        "<table><thead><tr><th>Image</th><th>File</th><th>Outcome</th><th>Why</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _tag(name: str) -> str:
    return plain(isolated(short(name, TAG_LETTERS)))
