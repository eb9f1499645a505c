"""What was read from the chosen folders, tables and zips: in a line, with remarks and examples, before it is stored."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st

from cvcore import datasets
from cvcore.errors import TagwiseError
from cvcore.wording import count
from pages.parts.shell.text import isolated, plain, sentence, short

EXAMPLES = 8
BUDGET_S = 0.4
NAME_LETTERS, TAG_LETTERS = 60, 40
NOTES, ROWS, NAMED = 10, 200, 5
T = TypeVar("T")
_LINE = re.compile(r" line \d+$")


@dataclass(frozen=True)
class Example:
    """An image of the upload: its name, its tags, whether it is kept for testing, and its thumbnail, or no text."""

    name: str
    tags: tuple[str, ...]
    is_test: bool
    thumbnail: str


@dataclass(frozen=True)
class Preview:
    """How each folder and zip was read, in a line; sentences about it; and some of its images."""

    read_as: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()


def of(listings: Sequence[tuple[str, datasets.Listing]], thumbnail: Callable[[bytes], str]) -> Preview:
    """The preview of listings, each with the name of its zip, or an empty text.

    thumbnail: an image's address in a page, or an empty text. Of loose images without tags and tables nothing is told.
    """
    told = [(name, listing) for name, listing in listings if name or _has_more_than_images(listing)]
    read_as = [f"{name}: {listing.read_as}" if len(told) > 1 and name else listing.read_as for name, listing in told]
    notes = dict.fromkeys(note for _, listing in listings for note in listing.notes)
    entries = _in_turn(entry for _, listing in told for entry in listing.entries)
    end = time.monotonic() + BUDGET_S
    examples = [
        Example(entry.name, entry.tags, entry.is_test, _thumbnail(entry, thumbnail) if time.monotonic() < end else "")
        for entry in entries
    ]
    return Preview(tuple(filter(None, read_as)), tuple(notes), tuple(examples))


def show(found: Preview, skipped: Sequence[tuple[str, str]], remarks: Sequence[str] = ()) -> None:
    """Show what was read, what a person should look at, some images, and all that is left out with the reason.

    remarks: sentences about the upload and the project together.
    """
    if found.read_as:
        st.markdown("  \n".join(f"Read as: {plain(line)}" for line in found.read_as))
    if notes := list(dict.fromkeys([*found.notes, *remarks])):
        more = [f"And {len(notes) - NOTES:,} more."] if len(notes) > NOTES else []
        st.info("\n".join(f"- {plain(sentence(note))}" for note in [*notes[:NOTES], *more]))
    if found.examples:
        st.html(examples_table(found.examples))
    if skipped:
        _show_skipped(skipped)


def _show_skipped(skipped: Sequence[tuple[str, str]]) -> None:
    lines = [name for name, _ in skipped if _LINE.search(name)]
    files = [name for name, _ in skipped if not _LINE.search(name)]
    texts = [f"{count(len(files), 'file')} will not be stored: {named(files)}. The images will."] if files else []
    texts += [f"{count(len(lines), 'line')} could not be read: {named(lines)}."] if lines else []
    st.warning(" ".join(texts))
    with st.expander("What is left out, and why"):
        st.html(reasons_table(skipped[:ROWS]))
        if len(skipped) > ROWS:
            st.caption(f"The first {ROWS:,} of {len(skipped):,}.")


def examples_table(examples: Sequence[Example]) -> str:
    """A table of images with their tags and use, as escaped HTML.

    >>> examples_table([Example("<b>", ("<i>",), True, "")]).count("<b>")
    0
    """
    rows = []
    for example in examples:
        image = f'<img src="{html.escape(example.thumbnail)}" alt="">' if example.thumbnail else ""
        tags = ", ".join(isolated(short(tag, TAG_LETTERS)) for tag in example.tags) or "none"
        use = "testing" if example.is_test else "training" if example.tags else "–"
        rows.append((image, *map(html.escape, (short(example.name, NAME_LETTERS), tags, use))))
    return _table("Some of the images", ("Image", "File", "Own tags", "For"), rows, "tagwise-uploads")


def reasons_table(skipped: Sequence[tuple[str, str]]) -> str:
    """A table of files and lines that are left out, with the reason, as escaped HTML."""
    rows = [(html.escape(short(name, NAME_LETTERS)), html.escape(sentence(reason))) for name, reason in skipped]
    return _table("Files and lines that will be left out", ("File or line", "Why"), rows)


def _table(label: str, heads: Iterable[str], rows: Iterable[Iterable[str]], kind: str = "") -> str:
    head = "".join(f"<th>{text}</th>" for text in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>" for cells in rows)
    return (
        f'<div class="tagwise-fates {kind}" tabindex="0" role="region" aria-label="{label}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _has_more_than_images(listing: datasets.Listing) -> bool:
    has_lines = any(_LINE.search(skipped.name) for skipped in listing.skipped)
    return has_lines or bool(listing.notes) or any(entry.tags or entry.is_test for entry in listing.entries)


def _in_turn(entries: Iterable[datasets.Entry]) -> list[datasets.Entry]:
    """A few images: of each combination of tags and use one, then the second of each, grouped."""
    groups: dict[tuple[tuple[str, ...], bool], list[datasets.Entry]] = {}
    for entry in entries:
        group = groups.setdefault((entry.tags, entry.is_test), [])
        if len(group) < EXAMPLES:
            group.append(entry)
    return in_turn(list(groups.values()), EXAMPLES)


def in_turn(groups: Sequence[Sequence[T]], most: int) -> list[T]:
    """At most so many items: of each group the first, then of each the second, and so on; then grouped.

    >>> in_turn(["abc", "x"], 3)
    ['a', 'b', 'x']
    """
    ranked = sorted((rank, order) for order, group in enumerate(groups) for rank in range(len(group)))
    return [groups[order][rank] for order, rank in sorted((order, rank) for rank, order in ranked[:most])]


def _thumbnail(entry: datasets.Entry, thumbnail: Callable[[bytes], str]) -> str:
    try:
        return thumbnail(entry.read())
    except TagwiseError:
        return ""


def named(names: Sequence[str]) -> str:
    """Some names, as Markdown."""
    shown = ", ".join(plain(short(name, NAME_LETTERS)) for name in names[:NAMED])
    return f"{shown} and {len(names) - NAMED:,} more" if len(names) > NAMED else shown
