"""How Advanced training sees the pictures otherwise: switches, and what they do to the user's own pictures."""

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
from cvcore.finetuning import augmentation
from cvcore.records import Image, Project
from cvcore.store import Store

PICTURES = 3
VERSIONS = 5
# So many pictures are looked at to find some of different tags, and so many are opened to find some that can be read.
LOOKED_AT = 1_000
OPENED = 12
JPEG_QUALITY = 85


def show(store: Store, project: Project, domain: Domain, pictures: Sequence[Image]) -> tuple[str, ...] | None:
    """The names of the transforms that are on, None where they are the domain's own; a few of `pictures` show them."""
    on = st.fragment(_show)(store.home, project, domain, pictures)
    return None if on == domain.policy.transforms else on


def drawn(home: Path, pictures: Sequence[Image], side: int, seed: int) -> list[tuple[Image, NDArray[np.uint8]]]:
    """At most three pictures, `seed` says which, as the network sees them: of different tags where there are.

    Those that are missing or damaged are passed over.
    """
    order = np.random.default_rng(seed).permutation(len(pictures))[:LOOKED_AT]
    shuffled = [pictures[place] for place in order]
    seen: set[str] = set()
    firsts: list[Image] = []
    others: list[Image] = []
    for picture in shuffled:
        (others if seen.issuperset(picture.tag_ids) else firsts).append(picture)
        seen.update(picture.tag_ids)
    found = []
    for picture in islice([*firsts, *others], OPENED):
        try:
            found.append((picture, _pixels(str(home), picture.sha256, side)))
        except TagwiseError:
            continue
        if len(found) == PICTURES:
            break
    return found


def _show(home: Path, project: Project, domain: Domain, pictures: Sequence[Image]) -> tuple[str, ...]:
    with st.container(border=True):
        st.subheader("How pictures are seen otherwise", anchor=False)
        st.caption(
            "In each round the network sees each picture a little changed, so that it learns what does not matter. "
            "Switch off what would make a tag untrue: a digit must not be mirrored."
        )
        switches, strip = st.columns([2, 5], gap="large")
        with switches, st.container(gap="xxsmall"):
            on = tuple(
                each.name
                for each in domains.TRANSFORMS
                if st.toggle(
                    each.title,
                    each.name in domain.policy.transforms,
                    key=f"seen-{project.id}-{domain.id}-{each.name}",
                    help=each.explanation,
                    persist_state="session",
                )
            )
        with strip:
            turn = f"drawn-{project.id}"
            seed = st.session_state.setdefault(turn, 0)
            shown = drawn(home, pictures, domain.side, seed)
            if not shown:
                st.info("No picture can be shown. Tag some on the Images page.")
                return on
            st.html(_strip(shown, domains.with_transforms(domain.policy, on), seed))
            st.button("Draw others", icon=":material/refresh:", on_click=_draw_others, args=[turn])
    return on


def _draw_others(turn: str) -> None:
    st.session_state[turn] += 1


@st.cache_data(show_spinner=False, max_entries=100)
def _pixels(home: str, digest: str, side: int) -> NDArray[np.uint8]:
    return imaging.pixels(blobs.read(blobs.original_path(Path(home), digest)), side)


def _strip(shown: Sequence[tuple[Image, NDArray[np.uint8]]], policy: Policy, seed: int) -> str:
    """A row for each picture: as it is, and then as it may be seen."""
    cells = ["<b>As it is</b>", "<b>As it may be seen</b>"]
    for row, (image, pixels) in enumerate(shown):
        rng = np.random.default_rng([seed, row])
        name = html.escape(image.name)
        cells.append(f'<img src="{_address(pixels)}" alt="{name}, as it is">')
        for number in range(1, VERSIONS + 1):
            seen = augmentation.augmented(pixels, policy, rng)
            cells.append(f'<img src="{_address(seen)}" alt="{name}, seen otherwise {number}">')
    return f'<div class="tagwise-seen">{"".join(cells)}</div>'


def _address(pixels: NDArray[np.uint8]) -> str:
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "JPEG", quality=JPEG_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
