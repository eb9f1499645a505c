"""A row of small images, without a selection. Their addresses contain digests, never names."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from cvcore import urls
from cvcore.records import Image

_STYLE = """<style>
.tagwise-strip {display: grid; grid-template-columns: repeat(auto-fill, minmax(72px, 1fr)); gap: 4px;
    border-radius: 6px; overflow: hidden; min-height: 84px; background: rgba(128, 128, 128, .1)}
.tagwise-strip img {width: 100%; height: 84px; object-fit: cover; display: block}
.tagwise-strip span {grid-column: 1 / -1; place-self: center; opacity: .75; font-size: .875rem}
</style>"""


def strip(images: Sequence[Image], *, empty: str = "") -> None:
    """Show images side by side, or the text `empty` if there are none."""
    tiles = "".join(
        f'<img src="{urls.thumbnail(image.sha256)}" alt="{html.escape(image.name)}" loading="lazy">' for image in images
    )
    st.html(f'{_STYLE}<div class="tagwise-strip">{tiles or f"<span>{html.escape(empty)}</span>"}</div>')
