"""The quality of a project's images, looked up again only when something about them changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from cvcore import image_quality
from cvcore.image_quality import Quality
from cvcore.records import Project
from cvcore.store import Store

_KEPT = "quality-kept"


def quality(store: Store, project: Project, image_ids: Sequence[str] | None = None) -> Quality:
    """The quality of the workspace's images, or of these; what is not measured yet is asked of the worker."""
    stamp = project.id, project.modified_at, store.image_facts.changes(), image_ids and tuple(image_ids)
    kept: tuple[Any, Quality] | None = st.session_state.get(_KEPT)
    if kept is None or kept[0] != stamp:
        kept = st.session_state[_KEPT] = stamp, image_quality.quality(store, project, image_ids)
        if kept[1].unmeasured:
            store.jobs.read_files_soon(project.id)
    return kept[1]
