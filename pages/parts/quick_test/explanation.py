"""Where the network looked: the image with the parts that its answer depends on in colour."""

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


def show(store: Store, iteration: Iteration, image: bytes, *, limits: Limits, key: str, tag: str | None = None) -> None:
    """A choice of tag, the image with its heat, and what covering the framed part does, in a sentence.

    `tag` is the name of the tag chosen at first, by default the most probable; `key` names this place on the page.
    """
    with refusals():
        evidence = occlusion.explain(store, iteration, image, limits=limits)
        order = np.argsort(-evidence.probabilities, kind="stable").tolist()
        first = evidence.names.index(tag) if tag in evidence.names else order[0]
        chosen = st.selectbox(
            "Explain",
            order,
            index=order.index(first),
            format_func=lambda column: f"{evidence.names[column]}, {percent(float(evidence.probabilities[column]))}",
            # Other images have another order, and a list of other words must not keep the old choice.
            key=f"explain-{key}-{iteration.id}-{first}-{hash(image)}",
        )
        drawn = occlusion.overlay(image, evidence.heat(chosen), evidence.strongest_place(chosen))
        st.image(_png(drawn), width="stretch")
        st.markdown(sentence(evidence, chosen))
        st.caption(
            "Part after part was covered with the image's mean colour, and the model predicted again. The stronger "
            "the orange, the more the probability fell; the frame is where it fell most."
        )


def sentence(evidence: Explanation, tag: int) -> str:
    """How covering the most important part changes a tag's probability, as Markdown."""
    name, before = plain(evidence.names[tag]), percent(float(evidence.probabilities[tag]))
    place = evidence.strongest_place(tag)
    if place is None:
        return f"Covering no part lowers **{name}** from {before} by much: no single part decides it."
    after = percent(float(evidence.covered[*place, tag]))
    return f"Covering the framed part lowers **{name}** from {before} to {after}."


def _png(drawn: Pillow.Image) -> bytes:
    file = io.BytesIO()
    drawn.save(file, "PNG")
    return file.getvalue()
