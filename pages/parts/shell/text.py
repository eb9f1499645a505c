"""Text for the pages: escaped or shortened names, sentences, errors. Users' text never acts as Markdown or HTML."""

from __future__ import annotations

import contextlib
import html
import re
import unicodedata
from collections.abc import Iterator, Sequence

import streamlit as st

from cvcore import languages
from cvcore.errors import TagwiseError
from cvcore.languages import marked, t
from cvcore.projects.uploads import Upload
from cvcore.records import Iteration

_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$:<>&@/])")

# Streamlit turns addresses into links even if they are escaped. An invisible joiner at these places prevents it.
_LINKS = re.compile(r"(?=://|@)|(?<=www)(?=\.)", re.IGNORECASE)
_JOINER = "\u2060"

# What became of an uploaded file.
OUTCOMES = {"stored": marked("stored"), "duplicate": marked("duplicate"), "refused": marked("refused")}


def plain(text: str) -> str:
    """Escape text, so that Streamlit's Markdown shows it unchanged and makes no links.

    >>> plain("![x](a)"), plain("http://a")
    ('\\\\!\\\\[x\\\\]\\\\(a\\\\)', 'http\\u2060\\\\:\\\\/\\\\/a')
    """
    return _MARKS.sub(r"\\\1", _LINKS.sub(_JOINER, text))


def isolated(name: str) -> str:
    """A name, in marks that keep it from moving the text around it if it is written from right to left.

    >>> isolated("rose"), isolated("ورد") == "\u2068ورد\u2069"
    ('rose', True)
    """
    is_from_right = any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in name)
    return f"\u2068{name}\u2069" if is_from_right else name


def short(text: str, letters: int) -> str:
    """A name, cut if it has more letters than that.

    >>> short("sunflower", 6), short("rose", 6)
    ('sunfl…', 'rose')
    """
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def sentence(text: str) -> str:
    """A message as a sentence: with a capital letter and a full stop.

    >>> sentence("choose another")
    'Choose another.'
    """
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def scored_at(scores: str, iteration: Iteration) -> str:
    """An iteration's scores in words, with their threshold, 50 %, if other thresholds are saved with the iteration."""
    if iteration.thresholds in (None, 0.5):
        return scores
    return t("{scores} at {threshold}", scores=scores, threshold=languages.percent("50").replace(" ", "\u00a0"))


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """Show a TagwiseError of the block as one sentence on the page, and continue after the block."""
    try:
        yield
    except TagwiseError as error:
        st.error(plain(sentence(str(error))))


def table(uploads: Sequence[Upload]) -> str:
    """A table of files with their results and reasons, as escaped HTML.

    >>> table([Upload("<b>.txt", "refused", "no image")]).count("<b>")
    0
    """
    rows = "".join(
        f"<tr><td>{html.escape(upload.name)}</td><td>{html.escape(t(OUTCOMES[upload.status]))}</td><td>{html.escape(sentence(upload.reason))}</td></tr>"
        for upload in uploads
    )
    return (
        '<div class="tagwise-fates" tabindex="0"><table>'
        f"<thead><tr><th>{t('File')}</th><th>{t('Outcome')}</th><th>{t('Why')}</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )
