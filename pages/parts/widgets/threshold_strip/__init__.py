"""A tag's images in one row, from the least to the most probable, cut by the threshold.

Drawn by strip.js and strip.css, which other widgets import: `mountStrip`, `fillStrip`, `moveStrip`.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from cvcore import urls
from cvcore.evaluation import strips
from cvcore.evaluation.strips import Strip
from cvcore.records import MULTILABEL, Iteration
from cvcore.store import SnapshotImage, Store


def data(store: Store, iteration: Iteration, tag_column: int) -> dict[str, Any]:
    """The strip of the tag in that column, for `fillStrip`; raises as `evaluation.load`.

    Names are text, levels and counts as in `strips.Strip`.
    """
    return _data(iteration.id, tag_column, store, iteration)


# An iteration's numbers and images never change, so its id and the column say it all.
@st.cache_data(max_entries=64, show_spinner=False)
def _data(iteration_id: str, tag_column: int, _store: Store, _iteration: Iteration) -> dict[str, Any]:
    found = strips.load(_store, _iteration, tag_column)
    names = [tag.name for tag in _store.iterations.tags(iteration_id)]
    images = _store.iterations.images_at(iteration_id, found.rows.tolist())
    return {
        "tag": names[tag_column],
        "multilabel": _iteration.classification_type == MULTILABEL,
        "images": [_image(found, place, image, names) for place, image in enumerate(images)],
        "counts": found.counts.tolist(),
        "in_row": found.in_row,
        "below": found.below,
        "floor": found.floor,
    }


def _image(found: Strip, place: int, image: SnapshotImage, names: list[str]) -> dict[str, Any]:
    return {
        "src": urls.thumbnail(image.sha256),
        "name": image.name,
        "tags": [names[column] for column in image.columns],
        "level": int(found.levels[place]),
        "own": bool(found.own[place]),
        "probability": round(float(found.probabilities[place]), 6),
        "first": names[found.first[place]],
        "first_level": int(found.first_levels[place]),
    }
