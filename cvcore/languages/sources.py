"""Finds the messages in Python, JavaScript and Jinja files: what stands as a literal in `t`, `tn` and `marked`."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from pathlib import Path
from typing import cast

Message = str | tuple[str, str]
# The places of a call's arguments, from 1, that are messages: the text, or a singular and its plural.
KEYWORDS: dict[str, tuple[int, ...] | None] = {"t": None, "marked": None, "tn": (2, 3)}


def of_tree(root: Path) -> Iterator[tuple[Path, Message]]:
    """Each message in the files of the pages and of cvcore, with the file; one that is said twice comes twice.

    ValueError: a call without a literal.
    """
    for path in sorted([*(root / "pages").rglob("*"), *(root / "cvcore").rglob("*")]):
        if path.parent.name != "languages" and (found := _READERS.get(path.suffix)):
            for message in found(path.read_text("utf-8")):
                yield path, message


def of_python(text: str) -> Iterator[Message]:
    """The messages in a Python file, also those inside f-strings.

    ValueError: a call of `tn` or `marked` without literals; `t` may be given a name that was marked elsewhere.

    >>> list(of_python('t("Delete {tag}?", tag=f"{t(name)}"); tn(3, "{n} image", "{n} images"); t(chosen)'))
    ['Delete {tag}?', ('{n} image', '{n} images')]
    """
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS:
            places = KEYWORDS[node.func.id] or (1,)
            given = [_literal(node.args[place - 1]) for place in places if place <= len(node.args)]
            if all(given) and len(given) == len(places):
                yield cast(Message, tuple(given) if len(given) > 1 else given[0])
            elif node.func.id != "t":
                raise ValueError(f"line {node.lineno}: {ast.unparse(node)} needs literals")


def of_javascript(text: str) -> Iterator[Message]:
    """The messages in a script.

    >>> list(of_javascript("t('Close'); const a = `${tn(n, '{n} tag', '{n} tags')}`;"))
    ['Close', ('{n} tag', '{n} tags')]
    """
    from babel.messages.extract import extract

    found = extract("javascript", io.BytesIO(text.encode()), KEYWORDS, options={"parse_template_string": "true"})
    for _line, message, _comments, _context in found:
        yield cast(Message, message)


def of_template(text: str) -> Iterator[Message]:
    """The messages in a Jinja template.

    >>> list(of_template("<h1>{{ t('Tags of {name}', name=name) }}</h1>"))
    ['Tags of {name}']
    """
    from babel.messages.extract import extract

    found = extract("jinja2.ext:babel_extract", io.BytesIO(text.encode()), KEYWORDS)
    for _line, message, _comments, _context in found:
        # A call with named parts comes as a list of what stands at the arguments' places.
        texts = [each for each in message if each] if isinstance(message, tuple | list) else [message]
        yield cast(Message, tuple(texts) if len(texts) > 1 else texts[0])


def _literal(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


_READERS = {".py": of_python, ".js": of_javascript, ".j2": of_template}
