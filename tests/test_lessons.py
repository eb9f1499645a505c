"""Lessons name only what is on the screen, have all their parts, and fit on a page."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LESSONS = sorted((ROOT / "docs" / "lessons").glob("[0-9]-*.md"))
SECTIONS = ["Aim", "What you need", "Steps", "Questions", "Standards"]
# Printed on A4 at 10 points with margins of 15 mm, pages of up to 560 words stayed one page.
WORDS_MOST = 560
MINUTES = 45


def lesson(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def named(text: str) -> set[str]:
    """What a page writes *in italics*: names of pages, views, buttons and fields."""
    return {" ".join(name.split()) for name in re.findall(r"(?<![*\w])\*([^*]+)\*(?!\*)", text)}


@cache
def literals() -> frozenset[str]:
    """Every text in the code of the pages."""
    files = [ROOT / "app.py", *(ROOT / "pages").rglob("*.py")]
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def is_shown(name: str) -> bool:
    """Whether a text of the code is this name, or begins or ends with it before or after what is filled in."""
    whole = re.compile(rf"(?:^|[\w ]+ ){re.escape(name)}(?:$|[ .:?]).*", re.DOTALL)
    return name in literals() or (" " in name and any(whole.match(text) for text in literals() if name in text))


@pytest.mark.parametrize("path", [*LESSONS, ROOT / "docs/lessons/README.md"], ids=lambda path: path.stem)
def test_everything_named_is_on_the_screen(path: Path) -> None:
    """Each button, page, view and field that a lesson names exists in the code under that name."""
    assert [] == sorted(name for name in named(lesson(path)) if not is_shown(name) and name != "in italics")


def test_a_name_that_is_gone_is_noticed() -> None:
    """A button that was never there is not taken for one that is."""
    assert {"Train", "Teach it"} == named("Press *Train*, **then** wait, *Teach\nit*.")
    assert is_shown("Train")
    assert not is_shown("Teach it")
    assert not is_shown("Trai")


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_has_its_parts(path: Path) -> None:
    """Each lesson has its sections in order, steps of 45 minutes in all, answered questions, and both standards."""
    text = lesson(path)
    assert SECTIONS == re.findall(r"^## (.+)$", text, re.MULTILINE)
    of_steps, of_questions = text.split("## Steps")[1].split("## Questions")
    assert MINUTES == sum(map(int, re.findall(r"^\d\. \*\*(\d+) min", of_steps, re.MULTILINE)))
    questions, standards = of_questions.split("## Standards")
    assert len(re.findall(r"^- \*\*.+\?\*\*.* \w", questions, re.MULTILINE)) >= 4
    assert "AI4K12" in standards
    assert re.search(r"CSTA \d\w?-[A-Z]{2}-\d\d", standards)
    assert len(text.split()) <= WORDS_MOST


def test_the_index_links_all_five() -> None:
    """The page of lessons lists each by its own heading."""
    index = lesson(ROOT / "docs/lessons/README.md")
    titles = [lesson(path).split("\n")[0].removeprefix("# Lesson ").replace(": ", " ", 1) for path in LESSONS]
    assert [f"[{title}]({path.name})" for title, path in zip(titles, LESSONS, strict=True)] == re.findall(
        r"^\| (\[.+\))", index, re.MULTILINE
    )
    assert 5 == len(LESSONS)
