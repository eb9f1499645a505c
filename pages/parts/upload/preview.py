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
from cvcore.languages import number, t, tn
from pages.parts.shell.text import isolated, plain, sentence, short

EXAMPLES = 8
BUDGET_S = 0.4
NAME_LETTERS, TAG_LETTERS = 60, 40
NOTES, ROWS, NAMED = 10, 200, 5
T = TypeVar("T")
_LINE = re.compile(r"^(.*) line (\d+)$", re.DOTALL)


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
        st.markdown("  \n".join(t("Read as: {layout}", layout=plain(line)) for line in found.read_as))
    if notes := list(dict.fromkeys([*found.notes, *remarks])):
        more = [tn(len(notes) - NOTES, "And {n} more.", "And {n} more.")] if len(notes) > NOTES else []
        st.info("\n".join(f"- {plain(sentence(note))}" for note in [*notes[:NOTES], *more]))
    if found.examples:
        st.html(examples_table(found.examples))
    if skipped:
        _show_skipped(skipped)


def _show_skipped(skipped: Sequence[tuple[str, str]]) -> None:
    lines = [name for name, _ in skipped if _LINE.match(name)]
    files = [name for name, _ in skipped if not _LINE.match(name)]
    texts = []
    if files:
        texts.append(
            tn(
                len(files),
                "{n} file will not be stored: {names}. The images will.",
                "{n} files will not be stored: {names}. The images will.",
                names=named(files),
            )
        )
    if lines:
        texts.append(
            tn(
                len(lines),
                "{n} line could not be read: {names}.",
                "{n} lines could not be read: {names}.",
                names=named([file_or_line(name) for name in lines]),
            )
        )
    st.warning(" ".join(texts))
    with st.expander(t("What is left out, and why")):
        st.html(reasons_table(skipped[:ROWS]))
        if len(skipped) > ROWS:
            st.caption(t("The first {shown} of {number}.", shown=number(ROWS), number=number(len(skipped))))


def examples_table(examples: Sequence[Example]) -> str:
    """A table of images with their tags and use, as escaped HTML.

    >>> examples_table([Example("<b>", ("<i>",), True, "")]).count("<b>")
    0
    """
    rows = []
    for example in examples:
        image = f'<img src="{html.escape(example.thumbnail)}" alt="">' if example.thumbnail else ""
        tags = ", ".join(isolated(short(tag, TAG_LETTERS)) for tag in example.tags) or t("none")
        use = t("testing") if example.is_test else t("training") if example.tags else "–"
        rows.append((image, *map(html.escape, (short(example.name, NAME_LETTERS), tags, use))))
    return table_of(t("Some of the images"), (t("Image"), t("File"), t("Own tags"), t("For")), rows, "tagwise-uploads")


def reasons_table(skipped: Sequence[tuple[str, str]]) -> str:
    """A table of files and lines that are left out, with the reason, as escaped HTML."""
    rows = [
        (html.escape(short(file_or_line(name), NAME_LETTERS)), html.escape(sentence(reason)))
        for name, reason in skipped
    ]
    return table_of(t("Files and lines that will be left out"), (t("File or line"), t("Why")), rows)


def file_or_line(name: str) -> str:
    """What a listing left out, in the language spoken: a file by its name, or a line of a file.

    >>> file_or_line("labels.csv line 3"), file_or_line("notes.txt")
    ('labels.csv line 3', 'notes.txt')
    """
    found = _LINE.match(name)
    return t("{file} line {number}", file=found[1], number=found[2]) if found else name


def table_of(label: str, heads: Iterable[str], rows: Iterable[Iterable[str]], kind: str = "") -> str:
    """A table as HTML that can be scrolled; the cells are HTML, the other texts are plain."""
    head = "".join(f"<th>{html.escape(text)}</th>" for text in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>" for cells in rows)
    return (
        f'<div class="tagwise-fates {kind}" tabindex="0" role="region" aria-label="{html.escape(label)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _has_more_than_images(listing: datasets.Listing) -> bool:
    has_lines = any(_LINE.match(skipped.name) for skipped in listing.skipped)
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
    if (more := len(names) - NAMED) > 0:
        return tn(more, "{names} and {n} more", "{names} and {n} more", names=shown)
    return shown
