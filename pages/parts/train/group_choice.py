"""The choice of a key whose values are kept together, and what to expect of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from cvcore import image_facts
from cvcore.languages import t
from cvcore.records import QUICK, Project, TrainingOptions
from cvcore.store import Store
from cvcore.training.readiness import Readiness
from cvcore.training.steps import group_keys
from pages.parts.shell.help_marks import HELP
from pages.parts.shell.text import plain, short

LETTERS = 60


def show(
    store: Store, project: Project, ready: Readiness, options: TrainingOptions, running: TrainingOptions | None = None
) -> TrainingOptions:
    """The options with the key that the user chooses, by default the last training's; or show a `running` one's.

    Nothing is shown where no key groups the images.
    """
    columns = image_facts.columns(store, ready.images)
    keys = group_keys.keys(store, ready.images)
    if running is not None:
        keys = [running.group_key] if running.group_key else []
    if not keys:
        return options
    key = st.selectbox(
        t("Keep together images with the same"),
        ["", *keys],
        index=1 + keys.index(last) if (last := _last(store, project, running)) in keys else 0,
        format_func=lambda each: (
            short(image_facts.said_key(each), LETTERS) if each else t("nothing (near duplicates only)")
        ),
        key=f"group-{project.id}" if running is None else f"group-running-{project.id}",
        persist_state="session" if running is None else None,
        disabled=running is not None,
        help=t(HELP["group key"]),
    )
    if key and running is None:
        truth = np.array([[tag.id in image.tag_ids for tag in ready.tags] for image in ready.images], np.bool_)
        for line in group_keys.advice(columns[key], truth, [tag.name for tag in ready.tags]):
            st.caption(plain(line))
    return replace(options, group_key=key)


def _last(store: Store, project: Project, running: TrainingOptions | None) -> str:
    if running is not None:
        return running.group_key
    trained = store.iterations.trained(project.id)[:1]
    return (store.trainings.options(trained[0].id) if trained else QUICK).group_key
