"""Every sentence in the sources of the pages is said by `t`, `tn` or is `marked`, so that it can be translated."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cvcore.languages.sources import KEYWORDS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "pages").rglob("*.py"))

# Two words with a space between, once HTML and parts are taken out, are a sentence.
_TAGS = re.compile(r"<[^<>]*(?:>|$)|\{[^{}]*\}")
_SENTENCE = re.compile(r"[^\W\d_]{2,}[,.:;]? +[^\W\d_]{2,}")
# Scripts, style sheets and names of CSS, which are text for browsers.
_CODE = re.compile(
    r"[{};]\s*$|=>|document\.|querySelector|^\s*[.#\[:]|\b(?:px|rem|auto|solid|display|const)\b", re.MULTILINE
)
# What takes text that nobody reads.
_UNREAD = {"getLogger", "compile", "error_log", "debug", "warning_log", "info_log"}


def sentences(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The line and text of each sentence that cannot be translated; docstrings are none."""
    if isinstance(tree, ast.Call):
        name = tree.func.id if isinstance(tree.func, ast.Name) else getattr(tree.func, "attr", "")
        if name in KEYWORDS or name in _UNREAD:
            # Parts of a message are looked at, the message is not.
            for keyword in tree.keywords:
                yield from sentences(keyword.value)
            return
    if isinstance(tree, ast.Compare) or (isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Constant)):
        return
    if isinstance(tree, ast.Subscript):  # a key
        yield from sentences(tree.value)
        return
    if isinstance(tree, ast.Dict):
        for value in tree.values:
            yield from sentences(value)
        return
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        text = _TAGS.sub(" ", tree.value)
        if _SENTENCE.search(text) and not _CODE.search(tree.value):
            yield tree.lineno, tree.value
    for child in ast.iter_child_nodes(tree):
        yield from sentences(child)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_sentences_can_be_translated(path: Path) -> None:
    """A sentence in a page's source is a message of the catalogs."""
    assert [] == [f"line {line}: {text}" for line, text in sentences(ast.parse(path.read_text("utf-8")))]
