"""Where the model looked: the parts of the image on which a tag's probability depends, in colour."""

from __future__ import annotations

import io

import numpy as np
import streamlit as st
from PIL import Image as Pillow

from cvcore.languages import t
from cvcore.prediction import occlusion
from cvcore.prediction.occlusion import Explanation
from cvcore.records import Iteration
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.wording import percent
from pages.parts.quick_test import shown_image
from pages.parts.shell.text import plain, refusals


def show(store: Store, iteration: Iteration, image: bytes, *, limits: Limits, key: str, tag: str | None = None) -> None:
    """Show a choice of tag, the image with its heat map, and a sentence on the effect of covering the framed part.

    `tag` is the name of the tag chosen at first, by default the most probable one; `key` is the widgets' key.
    """
    with refusals():
        result = occlusion.explain(store, iteration, image, limits=limits)
        order = np.argsort(-result.probabilities, kind="stable").tolist()
        first = result.names.index(tag) if tag in result.names else order[0]
        chosen = st.selectbox(
            t("Explain"),
            order,
            index=order.index(first),
            format_func=lambda column: f"{result.names[column]}, {percent(float(result.probabilities[column]))}",
            # Another image has another order of tags: the key changes, so that the old choice is not kept.
            key=f"explain-{key}-{iteration.id}-{first}-{hash(image)}",
        )
        drawn = occlusion.overlay(image, result.heat(chosen), result.strongest_place(chosen))
        shown_image.show(_png(drawn), "png", t("Where the model looked for {tag}", tag=result.names[chosen]))
        st.markdown(sentence(result, chosen))
        st.caption(
            t(
                "One part of the image after another was covered with the image's mean colour, and the model predicted "
                "again. The stronger the orange, the more the probability fell. The frame shows where it fell most."
            )
        )


def sentence(result: Explanation, tag: int) -> str:
    """How covering the most important part changes a tag's probability, as Markdown."""
    name, before = plain(result.names[tag]), percent(float(result.probabilities[tag]))
    place = result.strongest_place(tag)
    if place is None:
        return t(
            "Whichever part is covered, **{tag}** stays near {before}: no single part decides it.",
            tag=name,
            before=before,
        )
    after = percent(float(result.covered[*place, tag]))
    return t(
        "Covering the framed part lowers **{tag}** from {before} to {after}.", tag=name, before=before, after=after
    )


def _png(drawn: Pillow.Image) -> bytes:
    file = io.BytesIO()
    drawn.save(file, "PNG")
    return file.getvalue()
