"""Names are hostile text until they are clean."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvcore import names
from cvcore.errors import InvalidInput

LETTERS = 128


@pytest.mark.parametrize(
    "name",
    [
        "rose",
        "<script>alert(1)</script>",
        "**bold** [link](http://example.org) `code`",
        "'; drop table tags; --",
        "../../etc/passwd",
        "rose, red",
        "-",
        "7",
        "バラ",
        "וֶרֶד",
        "می‌خواهم",  # Persian needs its zero-width non-joiner
        "👩‍🌾",  # as this needs its joiner
        "x" * LETTERS,
    ],
)
def test_plain_text_is_kept_letter_by_letter(name: str) -> None:
    """Markup, quotes and any script's letters are text like any other; showing them safely is the page's task."""
    assert names.clean("tag", name, letters=LETTERS) == name
    assert names.tag(name, letters=LETTERS) == name


def test_two_ways_to_write_a_name_are_one() -> None:
    """Letters with their accent beside them become one letter, and space around goes, so that names can be compared."""
    assert names.clean("tag", "\u00a0Ga\u0308nseblu\u0308mchen \n", letters=LETTERS) == "Gänseblümchen"


@pytest.mark.parametrize("name", ["", "   ", "\t\n", "\u3000"])
def test_an_empty_name_is_refused(name: str) -> None:
    """A name that is empty once the space is gone is none."""
    with pytest.raises(InvalidInput) as refusal:
        names.clean("project", name, letters=LETTERS)
    assert str(refusal.value) == "the project must have a name, it has none yet: type one"


def test_a_long_name_is_refused_in_a_short_message() -> None:
    """10,000 letters are counted, not repeated."""
    with pytest.raises(InvalidInput) as refusal:
        names.clean("iteration", "x" * 10_000, letters=LETTERS)
    assert str(refusal.value) == "the iteration's name must have at most 128 letters, this one has 10,000"


@pytest.mark.parametrize(
    "letter",
    ["\n", "\r", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ud800"],
)
def test_controls_and_line_breaks_are_refused(letter: str) -> None:
    """Whatever breaks the line, rings a bell or is half a letter has no place inside a name."""
    with pytest.raises(InvalidInput, match="one line of plain text"):
        names.clean("tag", f"ro{letter}se", letters=LETTERS)


@pytest.mark.parametrize("letter", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_turns_of_direction_are_refused(letter: str) -> None:
    """A name must not turn the direction of what stands after it on the page."""
    with pytest.raises(InvalidInput) as refusal:
        names.clean("tag", f"gpj.{letter}esor", letters=LETTERS)
    assert str(refusal.value) == f"the tag's name must be one line of plain text, got 'gpj.\\u{ord(letter):x}esor'"


@pytest.mark.parametrize("name", ["\u200b", "\u200d\u200c", "\ufeff", "\u00ad", "\u0301"])
def test_a_name_that_shows_nothing_is_refused(name: str) -> None:
    """A name made of marks and joiners alone would be empty to the eye."""
    with pytest.raises(InvalidInput, match="one line of plain text"):
        names.clean("tag", name, letters=LETTERS)


def test_a_tag_has_no_bar() -> None:
    """Tags are joined by bars in files, so none may have one; a project may."""
    with pytest.raises(InvalidInput) as refusal:
        names.tag("rose|red", letters=LETTERS)
    assert str(refusal.value) == "the tag's name must not contain |, which separates tags in files, got 'rose|red'"
    assert names.clean("project", "rose|red", letters=LETTERS) == "rose|red"


@given(st.text(max_size=300))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    """Whatever comes is refused, or is clean for good."""
    try:
        cleaned = names.clean("tag", text, letters=LETTERS)
    except InvalidInput:
        return
    assert names.clean("tag", cleaned, letters=LETTERS) == cleaned
    assert 1 <= len(cleaned) <= LETTERS


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("rose.jpg", "rose.jpg"),
        ("flowers/rose.jpg", "rose.jpg"),
        ("C:\\fakepath\\rose.jpg", "rose.jpg"),
        ("../../etc/passwd", "passwd"),
        ("ro\u202ese\0\n.jpg", "rose.jpg"),
        ("", "unnamed"),
        ("flowers/", "unnamed"),
        (" \t ", "unnamed"),
        ("x" * 1000 + ".jpg", "x" * 196 + ".jpg"),
    ],
)
def test_a_file_is_shown_by_its_last_part(path: str, shown: str) -> None:
    """Folders, controls and all but the last 200 letters are left out; a file always has some name."""
    assert names.file(path) == shown


@given(st.text(max_size=400))
def test_any_file_has_a_name_to_show(text: str) -> None:
    """No file's name is empty, too long, a path, or has a control character."""
    shown = names.file(text)
    assert 1 <= len(shown) <= names.FILE_LETTERS
    assert "/" not in shown
    assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in shown)
