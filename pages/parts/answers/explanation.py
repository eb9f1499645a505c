"""Where the network looked: the picture with the parts that made its answer laid over in colour."""

from __future__ import annotations

import io

import numpy as np
import streamlit as st
from PIL import Image as Pillow

from cvcore.prediction import occlusion
from cvcore.prediction.occlusion import Explanation
from cvcore.records import Iteration
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.wording import percent
from pages.parts.shell.text import plain, refusals


def show(
    store: Store, iteration: Iteration, picture: bytes, *, limits: Limits, key: str, tag: str | None = None
) -> None:
    """A choice of tag, the picture with its heat, and what covering the framed part does, in a sentence.

    `tag` is the name of the tag chosen at first, by default the most probable; `key` names this place on the page.
    """
    with refusals():
        told = occlusion.explain(store, iteration, picture, limits=limits)
        order = np.argsort(-told.probabilities, kind="stable").tolist()
        asked = told.names.index(tag) if tag in told.names else order[0]
        chosen = st.selectbox(
            "What speaks for",
            order,
            index=order.index(asked),
            format_func=lambda column: f"{told.names[column]}, {percent(float(told.probabilities[column]))}",
            # Other pictures have another order, and a list of other words must not keep the old choice.
            key=f"explain-{key}-{iteration.id}-{asked}-{hash(picture)}",
        )
        drawn = occlusion.overlay(picture, told.heat(chosen), told.telling_place(chosen))
        st.image(_png(drawn), width="stretch")
        st.markdown(sentence(told, chosen))
        st.caption(
            "Part after part was covered with the picture's mean colour, and the model asked again. The stronger the "
            "orange, the more its probability fell; the frame is where it fell most."
        )


def sentence(told: Explanation, tag: int) -> str:
    """What covering the most telling part does to a tag, as Markdown."""
    name, before = plain(told.names[tag]), percent(float(told.probabilities[tag]))
    place = told.telling_place(tag)
    if place is None:
        return f"Covering no part lowers **{name}** from {before} by much: it does not hang on one place."
    after = percent(float(told.covered[*place, tag]))
    return f"Covering the framed part lowers **{name}** from {before} to {after}."


def _png(drawn: Pillow.Image) -> bytes:
    file = io.BytesIO()
    drawn.save(file, "PNG")
    return file.getvalue()
