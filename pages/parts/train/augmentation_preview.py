"""Augmentation for Advanced training: a switch for each transform, and its effect on the user's own images."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image as Pillow

from cvcore import domains, imaging
from cvcore.domains import Domain, Policy
from cvcore.errors import TagwiseError
from cvcore.files import blobs
from cvcore.finetuning.features import augmentation
from cvcore.languages import t
from cvcore.records import Image, Project
from cvcore.store import Store
from pages.parts.shell.help_marks import HELP

ROWS = 3
VERSIONS = 5
# The most images among which some of different tags are searched, and the most that are opened to find readable ones.
SEARCHED_MOST = 1_000
OPENED_MOST = 12
JPEG_QUALITY = 85


def show(store: Store, project: Project, domain: Domain, examples: Sequence[Image]) -> tuple[str, ...] | None:
    """Choose transforms; returns their names, None for the domain's own. A few of the `examples` show their effect."""
    on = st.fragment(_show)(store.home, project, domain, examples)
    return None if on == domain.policy.transforms else on


def drawn(home: Path, examples: Sequence[Image], side: int, seed: int) -> list[tuple[Image, NDArray[np.uint8]]]:
    """Draw up to three images by `seed`, with their pixels at the network's size; of different tags if possible.

    Images that are missing or damaged are skipped.
    """
    order = np.random.default_rng(seed).permutation(len(examples))[:SEARCHED_MOST]
    shuffled = [examples[place] for place in order]
    seen: set[str] = set()
    firsts: list[Image] = []
    others: list[Image] = []
    for image in shuffled:
        (others if seen.issuperset(image.tag_ids) else firsts).append(image)
        seen.update(image.tag_ids)
    readable = []
    for image in islice([*firsts, *others], OPENED_MOST):
        try:
            readable.append((image, _pixels(str(home), image.sha256, side)))
        except TagwiseError:
            continue
        if len(readable) == ROWS:
            break
    return readable


def _show(home: Path, project: Project, domain: Domain, examples: Sequence[Image]) -> tuple[str, ...]:
    with st.container(border=True):
        st.header(t("Augmentation: how images are changed for training"), anchor=False, help=t(HELP["augmentation"]))
        st.caption(t("Switch off a change that would make a tag wrong: a digit must not be mirrored."))
        switches, strip = st.columns([2, 5], gap="large")
        with switches, st.container(gap="xxsmall"):
            on = tuple(
                transform.name
                for transform in domains.TRANSFORMS
                if st.toggle(
                    t(transform.title),
                    transform.name in domain.policy.transforms,
                    key=f"seen-{project.id}-{domain.id}-{transform.name}",
                    help=t(transform.explanation),
                    persist_state="session",
                )
            )
        with strip:
            seed_key = f"drawn-{project.id}"
            seed = st.session_state.setdefault(seed_key, 0)
            shown = drawn(home, examples, domain.side, seed)
            if not shown:
                st.info(t("No image can be shown. Tag some on the Images page."))
                return on
            st.html(_strip(shown, domains.with_transforms(domain.policy, on), seed))
            st.button(t("Draw others"), icon=":material/refresh:", on_click=_draw_others, args=[seed_key])
    return on


def _draw_others(seed_key: str) -> None:
    st.session_state[seed_key] += 1


@st.cache_data(show_spinner=False, max_entries=100)
def _pixels(home: str, digest: str, side: int) -> NDArray[np.uint8]:
    return imaging.pixels(blobs.read(blobs.original_path(Path(home), digest)), side)


def _strip(shown: Sequence[tuple[Image, NDArray[np.uint8]]], policy: Policy, seed: int) -> str:
    """A row for each image: the original, and then augmented copies."""
    cells = [f"<b>{html.escape(heading)}</b>" for heading in (t("Original"), t("Augmented"))]
    for row, (image, pixels) in enumerate(shown):
        rng = np.random.default_rng([seed, row])
        cells.append(_tile(pixels, t("{image}, original", image=image.name)))
        for number in range(1, VERSIONS + 1):
            copy = augmentation.augmented(pixels, policy, rng)
            cells.append(_tile(copy, t("{image}, augmented {number}", image=image.name, number=number)))
    return f'<div class="tagwise-seen">{"".join(cells)}</div>'


def _tile(pixels: NDArray[np.uint8], alt: str) -> str:
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "JPEG", quality=JPEG_QUALITY)
    source = f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
    return f'<img src="{source}" alt="{html.escape(alt)}">'
