"""The files chosen for an upload: how many images with which tags, what is no image, and thumbnails of some.

Streamlit shows chosen files as chips with a name and a button to remove it. A style sheet puts thumbnails and tags on
the chips, so that there is one list and not two.
"""

from __future__ import annotations

import base64
import io
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from cvcore import datasets, imaging
from cvcore.datasets import stand_ins
from cvcore.errors import TagwiseError
from cvcore.languages import current, t, tn
from cvcore.languages import number as written
from cvcore.settings import Limits
from pages.parts.shell.text import isolated, plain, short
from pages.parts.upload import preview
from pages.parts.upload.preview import Preview

SHOWN = 24
THUMBNAIL_PX = 112
# Of a large phone photo a thumbnail takes 50 ms. Those that are not ready in time are made when the page runs again.
BUDGET_S = 0.4
NAME_LETTERS = 40
KEY = "upload-chosen"
UNKNOWN = "application/octet-stream"
_CHIP = '[class*="st-key-uploader"] [data-testid="stFileChips"] > * > :nth-child({position})'


@dataclass(frozen=True)
class Contents:
    """What is in the chosen files: the number of images, how many have each tag, and what is left out and why.

    `tags_by_position` has the own tags of each loose image by its position among the files, `preview` what was read
    from folders, tables and zips. `several` images have several tags, `untagged` ones none.
    """

    images: int
    tags: Counter[str]
    skipped: tuple[tuple[str, str], ...]
    tags_by_position: dict[int, tuple[str, ...]]
    preview: Preview = field(default_factory=Preview)
    several: int = 0
    untagged: int = 0


def contents(files: Sequence[Any], limits: Limits) -> Contents:
    """What is in the files, by their names, first bytes and, of zips, their lists."""
    readers = {file.getvalue: position for position, file in enumerate(files) if not _is_zip(file)}
    listing = _from_uploads([(files[position].name, read) for read, position in readers.items()])
    by_position: dict[int, tuple[str, ...]] = {}
    skipped: list[tuple[str, str]] = [*listing.skipped]
    for entry in listing.entries:
        if reason := _refusal(entry):
            skipped.append((entry.name, reason))
        else:
            by_position[readers[entry.read]] = entry.tags
    listings = [("", listing)]
    own = [*by_position.values()]
    for file in filter(_is_zip, files):
        try:
            listing = datasets.entries_in_zip(file, limits)
        except TagwiseError as refusal:
            skipped.append((file.name, str(refusal)))
        else:
            own += [entry.tags for entry in listing.entries]
            skipped += listing.skipped
            listings.append((file.name, listing))
    return Contents(
        len(own),
        Counter(tag for tags in own for tag in tags),
        tuple(skipped),
        by_position,
        preview.of(listings, _address),
        several=sum(len(tags) > 1 for tags in own),
        untagged=sum(not tags for tags in own),
    )


def _from_uploads(files: Sequence[tuple[str, Any]]) -> datasets.Listing:
    """The listing of loose files; where a table is refused, of no images, with the reason."""
    try:
        return datasets.entries_from_uploads(files)
    except TagwiseError as refusal:
        return datasets.Listing((), (datasets.Skipped(t("These files"), str(refusal)),))


def _refusal(entry: datasets.Entry) -> str:
    """Why a loose file will not be stored, as far as its first bytes tell; empty if it will be."""
    try:
        data = entry.read()
        return stand_ins.reason(data) or (t("it is no image") if imaging.media_type(data) == UNKNOWN else "")
    except TagwiseError as refusal:
        return str(refusal)


def show(files: Sequence[Any], limits: Limits) -> Contents:
    """Show thumbnails of the chosen files on their chips; returns what is in the files."""
    found = _remembered(files, limits)
    st.html(_chips_style(files, found))
    return found


def show_warnings(found: Contents, chosen_tags: Sequence[str], *, one_tag: bool) -> None:
    """Say which images will be refused for their tags, before they are sent.

    chosen_tags: the tags that all images get. one_tag: whether an image can have only one.
    """
    own = [tag for tag in found.tags if tag not in chosen_tags]
    if one_tag and chosen_tags and own:
        st.warning(
            t(
                "In this project an image has one tag, but some of these have their own, {tags}: they will be refused. "
                "Clear the tag above, or remove these images.",
                tags=preview.named(own),
            )
        )
    elif one_tag and found.several:
        st.warning(
            tn(
                found.several,
                "In this project an image has one tag, but {n} image of these has several: it will be refused. Change "
                "the project to several tags per image first.",
                "In this project an image has one tag, but {n} images of these have several: they will be refused. "
                "Change the project to several tags per image first.",
            )
        )


def tags_of(found: Contents, chosen_tags: Sequence[str]) -> str:
    """The tags that the images will get, as Markdown: their own, with how many images each has, and the chosen ones.

    >>> tags_of(Contents(3, Counter(rose=2, tulip=1), (), {}), [])
    '2 tags: rose 2, tulip 1'
    >>> tags_of(Contents(3, Counter(), (), {}), ["daisy"]), tags_of(Contents(3, Counter(), (), {}), [])
    ('All tagged **daisy**', 'Without a tag')
    """
    texts = []
    if own := [(tag, number) for tag, number in found.tags.most_common() if tag not in chosen_tags]:
        tags = ", ".join(f"{_tag(tag)} {written(number)}" for tag, number in own[:SHOWN])
        tags += " …" if len(own) > SHOWN else ""
        texts.append(tn(len(own), "{n} tag: {tags}", "{n} tags: {tags}", tags=tags))
    if chosen_tags:
        texts.append(t("All tagged {tags}", tags=", ".join(f"**{_tag(tag)}**" for tag in chosen_tags)))
    return ". ".join(texts) or t("Without a tag")


def _remembered(files: Sequence[Any], limits: Limits) -> Contents:
    """The contents of the files, found once for the same files."""
    # What was left out and why is said in a language.
    ids = (current(), *(file.file_id for file in files))
    known: tuple[tuple[str, ...], Contents] | None = st.session_state.get(KEY)
    if known is None or known[0] != ids:
        known = st.session_state[KEY] = ids, contents(files, limits)
    return known[1]


def _chips_style(files: Sequence[Any], found: Contents) -> str:
    """A style sheet with the thumbnails and tags of some images, of all tags in turn; it hides the other chips."""
    rules = []
    positions = shown_positions(found, len(files))
    thumbnails = _thumbnails([files[position] for position in positions if position in found.tags_by_position])
    for order, position in enumerate(positions):
        chip = _CHIP.format(position=position + 1)
        rules.append(f"{chip} {{ display: block; order: {order}; }}")
        own = found.tags_by_position.get(position)
        if own is not None:
            image = thumbnails.get(files[position].file_id, "none")
            tag = _css_text(short(", ".join(own), NAME_LETTERS))
            rules.append(f"{chip} .stFileChip {{ --image: {image}; --tag: {tag}; --named: none; }}")
    return f"<style>{''.join(rules)}</style>"


def shown_positions(found: Contents, files: int) -> list[int]:
    """The positions of the files shown, at most `SHOWN`, in turn of each tag, grouped by tag; first those left out.

    >>> shown_positions(Contents(3, Counter(), (), {0: ("a",), 1: ("a",), 3: ("b",)}), 4)
    [2, 0, 1, 3]
    """
    groups: dict[tuple[bool, tuple[str, ...]], list[int]] = {}
    for position in range(files):
        tags = found.tags_by_position.get(position)
        groups.setdefault((tags is not None, tags or ()), []).append(position)
    return preview.in_turn([groups[key] for key in sorted(groups)], SHOWN)


def _thumbnails(files: Iterable[Any]) -> dict[str, str]:
    """CSS images by the files' ids, as many as can be made in `BUDGET_S`; those made before are remembered."""
    known: dict[str, str] = st.session_state.get(f"{KEY}-thumbnails", {})
    made: dict[str, str] = {}
    end = time.monotonic() + BUDGET_S
    for file in files:
        if file.file_id in known:
            made[file.file_id] = known[file.file_id]
        elif time.monotonic() < end:
            made[file.file_id] = _css_image(file.getvalue())
    st.session_state[f"{KEY}-thumbnails"] = made
    return made


def _css_image(data: bytes) -> str:
    address = _address(data)
    return f"url({address})" if address else "none"


def _address(data: bytes) -> str:
    """A thumbnail of an image as a data address; empty if it cannot be read."""
    try:
        image = imaging.upright(data, at_least_px=THUMBNAIL_PX)
    except TagwiseError:
        return ""
    image.thumbnail((2 * THUMBNAIL_PX, THUMBNAIL_PX))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=70)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


def _css_text(text: str) -> str:
    """A text as a string of a style sheet, in which no letter can act.

    >>> _css_text("a</style>")
    '"\\\\61 \\\\3c \\\\2f \\\\73 \\\\74 \\\\79 \\\\6c \\\\65 \\\\3e "'
    """
    return '"' + "".join(f"\\{ord(letter):x} " for letter in text) + '"'


def _is_zip(file: Any) -> bool:
    return str(file.name).lower().endswith(".zip")


def _tag(name: str) -> str:
    return plain(isolated(short(name, NAME_LETTERS)))
