"""Chooses the images answered most certainly, wrong and right, and puts small copies into the page."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from cvcore import imaging, wording
from cvcore.array_types import Bools, Float32s
from cvcore.errors import ImageRefused, NotFound
from cvcore.files import blobs
from cvcore.html_report.section import as_html
from cvcore.languages import marked, t
from cvcore.store import SnapshotImage, Store

IMAGES = 6
IMAGE_PX = 160
NO_TAG = marked("no tag")


def strips(
    store: Store,
    names: Sequence[str],
    images: Sequence[SnapshotImage],
    *,
    truth: Bools,
    answered: Bools,
    probabilities: Float32s,
) -> list[dict[str, Any]]:
    """Two strips of images, each with a title and a sentence for an empty strip.

    `names` are the tags' (k,), `images` (n,); `truth`, `answered` and `probabilities` are (n, k).
    """
    wrong = answered & ~truth
    right = answered & truth & ~wrong.any(axis=1, keepdims=True)
    return [
        {
            "title": title,
            "nothing": nothing,
            "images": [
                {
                    "source": _source(store, images[row]),
                    "answer": as_html(
                        t("answer <b>{tag}</b> {probability}"),
                        tag=names[tag],
                        probability=wording.percent(float(probabilities[row, tag])).replace(" ", "\N{NO-BREAK SPACE}"),
                    ),
                    "tags": t(
                        "tag {names}",
                        names=", ".join(name for name, carried in zip(names, truth[row], strict=True) if carried)
                        or t(NO_TAG),
                    ),
                    "name": images[row].name,
                }
                for row, tag in _most_certain(cells, probabilities)
            ],
        }
        for title, nothing, cells in (
            (t("Most certain and wrong"), t("No answer was wrong."), wrong),
            (t("Most certain and right"), t("No answer was right."), right),
        )
    ]


def _most_certain(cells: Bools, probabilities: Float32s) -> list[tuple[int, int]]:
    """The (row, tag) of the most probable cells, at most one per row and 6 in all."""
    values = np.where(cells, probabilities, -1.0)
    best = values.max(axis=1, initial=-1.0)
    rows = np.argsort(-best, kind="stable")[:IMAGES]
    return [(int(row), int(values[row].argmax())) for row in rows if best[row] >= 0]


def _source(store: Store, image: SnapshotImage) -> str:
    """A small copy of the image as a data URL; empty if its file is missing."""
    try:
        data = imaging.rendition(blobs.read(blobs.thumbnail_path(store.home, image.sha256)), IMAGE_PX)
    except (NotFound, ImageRefused):
        return ""
    return f"data:image/webp;base64,{base64.b64encode(data).decode()}"
