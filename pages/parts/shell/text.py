"""How names, numbers and refusals are shown. Names are people's own text: none of it may act as Markdown or HTML."""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Iterator, Sequence

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


def sentence(text: str) -> str:
    """A message as it stands on a page: with a capital and a full stop.

    >>> sentence("choose another")
    'Choose another.'
    """
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """Show what Tagwise refuses in the block as one sentence, and go on."""
    try:
        yield
    except TagwiseError as error:
        st.error(plain(sentence(str(error))))


def table(fates: Sequence[Upload]) -> str:
    """Each file's result and reason as HTML, escaped.

    >>> table([Upload("<b>.txt", "refused", "no image")]).count("<b>")
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
