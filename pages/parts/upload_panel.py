"""Files, a folder or a zip come in: tags first, then Upload, then each file's fate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from cvcore import archives, tagging, transfer
from cvcore.errors import TagwiseError
from cvcore.records import MULTICLASS, Project, Tag
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.uploads import Upload
from pages.parts.text import count, plain

FILES, FOLDER = "Files or a zip", "A folder"
FATES = {"stored": "stored", "duplicate": "duplicate", "refused": "refused"}


def show(store: Store, project: Project, tags: Sequence[Tag], limits: Limits) -> None:
    """The form, and below it what became of the last upload."""
    turn = st.session_state.setdefault("upload-turn", 0)
    way = st.segmented_control("Bring in", [FILES, FOLDER], default=FILES, required=True, key="upload-way")
    chosen = st.multiselect(
        "Tags for all of them",
        [tag.name for tag in tags],
        accept_new_options=True,
        max_selections=1 if project.classification_type == MULTICLASS else None,
        placeholder="Choose tags, or type a new one and press Enter",
        key=f"upload-tags-{turn}",
    )
    if way == FOLDER:
        st.caption("Pictures in folders take the folder's name as their tag.")
    else:
        st.caption(
            f"JPEG, PNG, GIF, BMP, WebP and AVIF, at most {limits.image_bytes / 2**20:g} MB each, "
            "or a zip of tag-named folders."
        )
    files = st.file_uploader(
        "Pictures",
        accept_multiple_files="directory" if way == FOLDER else True,
        key=f"files-{turn}-{way}",
        label_visibility="collapsed",
    )
    if st.button(f"Upload {count(len(files), 'file')}", type="primary", disabled=not files):
        _upload(store, project, files, chosen, limits)
        release(files)
        st.session_state["upload-turn"] = turn + 1
        st.rerun()
    _fates(project)


def release(files: Sequence[Any]) -> None:
    """Free the memory that uploaded files hold; Streamlit would keep them until the session is gone.

    There is no public way (measured: 100 MB stay for every 100 MB uploaded).
    """
    from streamlit import runtime
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    if context is not None and runtime.exists():
        manager = runtime.get_instance().uploaded_file_mgr
        for file in files:
            manager.remove_file(session_id=context.session_id, file_id=file.file_id)


def _upload(store: Store, project: Project, files: Sequence[Any], chosen: Sequence[str], limits: Limits) -> None:
    fates: list[Upload] = []
    stopped = ""
    bar = st.progress(0.0, text="Uploading")
    try:
        tag_ids = [tag.id for tag in tagging.ensure(store, project, chosen, limits=limits)]
        for listing in _listings(files, limits, fates):
            total = len(listing.entries)

            def on_file(done: int, upload: Upload, total: int = total) -> None:
                bar.progress(min(done / max(total, 1), 1.0), text=f"{done} of {count(total, 'file')}")

            result = transfer.bring_in(store, project, listing, limits=limits, tag_ids=tag_ids, on_file=on_file)
            fates += result.uploads
    except TagwiseError as error:
        stopped = str(error)
    st.session_state["fates"] = (project.id, fates, stopped)


def _listings(files: Sequence[Any], limits: Limits, fates: list[Upload]) -> list[archives.Listing]:
    loose = [file for file in files if not file.name.lower().endswith(".zip")]
    listings = [archives.entries_from_uploads([(file.name, file.getvalue) for file in loose])] if loose else []
    for file in files:
        if file not in loose:
            try:
                listings.append(archives.entries_in_zip(file, limits))
            except TagwiseError as refusal:
                fates.append(Upload(file.name, "refused", str(refusal)))
    return listings


def _fates(project: Project) -> None:
    project_id, fates, stopped = st.session_state.get("fates", ("", [], ""))
    if project_id != project.id:
        return
    if stopped:
        st.error(plain(stopped))
    counts = {fate: sum(each.status == fate for each in fates) for fate in FATES}
    told = ", ".join(f"{number:,} {fate}" for fate, number in counts.items() if number)
    if not told:
        return
    (st.success if not counts["refused"] else st.warning)(f"{told}.")
    notable = [each for each in fates if each.reason]
    if notable:
        st.dataframe(
            {
                "File": [each.name for each in notable],
                "What became of it": [each.status for each in notable],
                "Why": [each.reason for each in notable],
            },
            hide_index=True,
        )
