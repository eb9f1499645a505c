"""How names, numbers and refusals are shown. Names are people's own text: none of it may act as Markdown or HTML."""

from __future__ import annotations

import contextlib
import html
import math
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

import streamlit as st

from cvcore.errors import TagwiseError
from cvcore.projects.uploads import Upload

_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$:<>&@/])")

# Where Streamlit would find an address in plain text and make a link of it, escaped or not: a joiner, which is not
# seen, keeps the address apart.
_LINKS = re.compile(r"(?=://|@)|(?<=www)(?=\.)", re.IGNORECASE)
_JOINER = "\u2060"


def plain(text: str) -> str:
    """Text that Streamlit's Markdown shows letter by letter, and makes no link of.

    >>> plain("![x](a)"), plain("http://a")
    ('\\\\!\\\\[x\\\\]\\\\(a\\\\)', 'http\\u2060\\\\:\\\\/\\\\/a')
    """
    return _MARKS.sub(r"\\\1", _LINKS.sub(_JOINER, text))


def short(text: str, letters: int) -> str:
    """A name in a place that is not made for long ones, cut where it has more letters.

    >>> short("sunflower", 6), short("rose", 6)
    ('sunfl…', 'rose')
    """
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def percent(rate: float | None) -> str:
    """A rate in per cent, or a dash where it is undefined.

    >>> percent(0.873), percent(None)
    ('87.3 %', '–')
    """
    if rate is None or math.isnan(rate):
        return "–"
    # Half up, as the browser rounds, so that a number reads the same wherever it stands.
    return f"{Decimal(100 * rate).quantize(Decimal('0.1'), ROUND_HALF_UP)} %"


def sentence(text: str) -> str:
    """A message as it stands on a page: with a capital and a full stop.

    >>> sentence("choose another")
    'Choose another.'
    """
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def count(number: int, noun: str) -> str:
    """A number of things.

    >>> count(1, "image"), count(1200, "image")
    ('1 image', '1,200 images')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def day(moment: datetime) -> str:
    """A moment on this machine's clock, as `22 Nov 2026, 14:03`."""
    return f"{moment.astimezone():%d %b %Y, %H:%M}".lstrip("0")


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """Show what Tagwise refuses in the block as one sentence, and go on."""
    try:
        yield
    except TagwiseError as error:
        st.error(plain(sentence(str(error))))


def table(fates: Sequence[Upload]) -> str:
    """Each file's fate and reason as HTML, escaped.

    >>> table([Upload("<b>.txt", "refused", "no picture")]).count("<b>")
    0
    """
    rows = "".join(
        f"<tr><td>{html.escape(each.name)}</td><td>{each.status}</td><td>{html.escape(sentence(each.reason))}</td></tr>"
        for each in fates
    )
    return (
        '<div class="tagwise-fates" tabindex="0"><table>'
        f"<thead><tr><th>File</th><th>Outcome</th><th>Why</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )
