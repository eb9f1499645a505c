"""Sentences in the reader's language: catalogs, plural forms, numbers, and English wherever nobody reads a page."""

from __future__ import annotations

import re
import threading
from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from cvcore import languages, wording
from cvcore.languages import ENGLISH, LANGUAGES, catalogs, sources, t, update, using

TRANSLATED = [code for code in LANGUAGES if code != ENGLISH]
PARTS = re.compile(r"\{[^{}]*\}|<[^<>]+>|\]\([^)]*\)|:material/[a-z_]+:|\*\*|`")


def test_a_language_holds_within_its_block_and_thread() -> None:
    """Who serves one person in Korean says nothing in Korean to another, and English again after it."""
    other: list[str] = []
    with using("ko"):
        assert "ko" == languages.current()
        thread = threading.Thread(target=lambda: other.append(languages.current()))
        thread.start()
        thread.join()
    assert (["en"], "en") == (other, languages.current())


def test_parts_are_put_in_as_they_are() -> None:
    """A tag that looks like a place for a part, or like a pattern, stays what it is, in every language."""
    for code in [*LANGUAGES, *languages.PSEUDO]:
        with using(code):
            assert "{tag}\\1%s" in t("Delete {tag}?", tag="{tag}\\1%s")


@pytest.mark.parametrize("code", languages.PSEUDO)
def test_pseudo_languages_say_everything_longer(code: str) -> None:
    """They are at least 40 % longer, keep parts, HTML and links, and stand in brackets."""
    message = "Open **{name}** in <b>Images</b> [here](http://a) :material/add:"
    with using(code):
        said = t(message, name="rose")
    assert "⟦" in said
    assert 1.4 * len(message.format(name="rose")) <= len(said) + 2
    for kept in ("**rose**", "<b>", "</b>", "](http://a)", ":material/add:"):
        assert kept in said


def test_numbers_are_written_as_the_language_does() -> None:
    """Thousands, decimals and per cent: each language in its own way, English as it always was."""
    written = {}
    for code in LANGUAGES:
        with using(code):
            written[code] = (languages.number(12345), wording.percent(0.87349), wording.points(-0.0213))
    assert written["en"] == ("12,345", "87.3 %", "−2.1")
    assert written["ko"] == ("12,345", "87.3%", "−2.1")
    assert written["de"] == ("12.345", "87,3\u00a0%", "−2,1")
    assert written["es"] == ("12.345", "87,3\u00a0%", "−2,1")
    assert written["fr"] == ("12\u202f345", "87,3\u202f%", "−2,1")


def test_moments_are_written_as_the_language_does() -> None:
    """The day before the month in German, the year first in Korean."""
    at = datetime(2026, 11, 22, 14, 3).astimezone()
    with using("de"):
        assert "22.11.2026 14:03" == wording.day(at)
    with using("ko"):
        assert wording.day(at).startswith("2026")
    assert "22 Nov 2026, 14:03" == wording.day(at)


def test_decimals_are_rounded_half_up() -> None:
    """A half is rounded up, never to the even neighbour, as browsers round the same number."""
    assert ["0.1", "0.3", "0.4"] == [languages.decimal(Decimal(each)) for each in ("0.05", "0.25", "0.35")]


def test_a_call_without_literals_is_told(tmp_path: Path) -> None:
    """What cannot be found in the sources could never be translated, so it is refused with its line."""
    (tmp_path / "pages").mkdir()
    (tmp_path / "cvcore").mkdir()
    (tmp_path / "pages" / "a.py").write_text('x = "b"\ntn(3, x, x)\n')
    with pytest.raises(ValueError, match="line 2"):
        list(sources.of_tree(tmp_path))


@pytest.mark.parametrize("code", [*LANGUAGES, *languages.PSEUDO])
def test_nothing_is_said_of_nothing(code: str) -> None:
    """An empty text stays empty; in a catalog it stands for the header."""
    with using(code):
        assert t("") == ""


def test_scripts_get_the_forms_of_their_messages() -> None:
    """A script gets a text, or all forms of a message about a number; nothing in English, where it has its own."""
    asked = ["Close", ("{n} image", "{n} images")]
    assert {} == languages.messages_for(asked)
    with using("en-XA"):
        words = languages.messages_for(asked)
    assert isinstance(words["Close"], str)
    assert 2 == len(words["{n} image"])
    with using("ko"):
        assert 1 == len(languages.messages_for(asked)["{n} image"])


def test_a_damaged_message_would_be_seen() -> None:
    """The check of the catalogs below finds a lost part, a changed link and lost bold letters."""
    good = "See **{tag}** [here](http://a)"
    for bad in ("Siehe **{tag}** hier", "Siehe {tag} [hier](http://a)", "Siehe **{Tag}** [hier](http://a)"):
        assert Counter(PARTS.findall(good)) != Counter(PARTS.findall(bad))


def entries(code: str) -> dict[object, Message]:
    """The messages of a language's catalog by their ids."""
    with (catalogs.FOLDER / f"{code}.po").open("rb") as file:
        return {message.id: message for message in read_po(file, locale=code) if message.id}


@pytest.mark.parametrize("code", TRANSLATED)
def test_parts_of_translations_are_those_of_the_message(code: str) -> None:
    """Each translation has the parts, HTML, links, icons and bold letters of its message, in whatever order."""
    wrong = []
    for message in entries(code).values():
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        allowed = [Counter(PARTS.findall(each)) for each in originals]
        # A form for one thing alone may leave the number out.
        allowed += [each - Counter(["{n}"]) for each in allowed] if len(originals) > 1 else []
        wrong += [each for each in forms if each and Counter(PARTS.findall(each)) not in allowed]
    assert wrong == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_message_is_translated(code: str) -> None:
    """A message without a translation would be said in English, in the middle of a page that is not."""
    missing = [message.id for message in entries(code).values() if not message.string or not all(message.string)]
    assert missing == []


@pytest.fixture(scope="module")
def of_the_sources() -> set[object]:
    """The ids of the messages that the sources say."""
    return {message.id for message in update.template() if message.id}


@pytest.mark.parametrize("code", TRANSLATED)
def test_catalogs_have_the_messages_of_the_sources(code: str, of_the_sources: set[object]) -> None:
    """`python -m cvcore.languages.update` has been run: no message is missing, none is left over."""
    known = set(entries(code))
    assert (of_the_sources - known, known - of_the_sources) == (set(), set())
