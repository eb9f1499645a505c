"""Registers a widget's folder (widget.js, widget.css) with Streamlit, once for each language.

Scripts are ECMAScript modules that import from each other, so that editors and linters know every name. Streamlit
takes one text, so a script is joined with the files that it imports; and the style sheets of the same names, beside
them, are joined as well.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer
from streamlit.delta_generator import DeltaGenerator

from cvcore.languages import ENGLISH, current, messages_for, sources, using

Renderer = Callable[..., Any]

ROOM_PX, ROOMS = 50, 12
_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=async |class |const |function )", re.MULTILINE)


def register(folder: Path, html: Callable[[], str]) -> Renderer:
    """Register the widget of a folder; the function returned draws it, see `streamlit.components.v2`.

    html: makes the widget's HTML, in the language spoken. The messages of its scripts come with their translations.
    """

    @functools.cache
    def made(language: str) -> ComponentRenderer:
        name = folder.name if language == ENGLISH else f"{folder.name}_{language.lower().replace('-', '_')}"
        script = folder / "widget.js"
        with using(language):
            return st.components.v2.component(
                f"tagwise_{name}", html=html(), css=joined_styles(script), js=_words(script) + joined(script)
            )

    made(ENGLISH)
    return lambda **options: made(current())(**options)


def room(key: str, px: int) -> DeltaGenerator:
    """A container for the widget with that key, about as high from the start as the widget will be.

    So nothing moves when the widget is drawn. Its heights are in shell/style.css.
    """
    return st.container(key=f"room-{min(round(px / ROOM_PX), ROOMS)}-{key}")


def joined(script: Path) -> str:
    """A script with everything it imports in front of it, each file once.

    All files then share one scope, so no two names can be the same. Imports have the form
    `import { name } from "./file.js";`, on one or several lines.
    """
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", text)) for text in _texts(script).values())


def _words(script: Path) -> str:
    """What dom.js needs to speak the language: its code, and the translations of the script's messages."""
    # A generator, not a set: in English nothing is translated, so no script is read for its messages.
    messages = (message for text in _texts(script).values() for message in _messages(text))
    words = json.dumps(messages_for(messages), ensure_ascii=False)
    return f"const LANGUAGE = {json.dumps(current())}, WORDS = {words};\n"


@functools.cache
def _messages(text: str) -> tuple[sources.Message, ...]:
    """The messages of a file, found once: many widgets import the same files."""
    return tuple(sources.of_javascript(text))


def joined_styles(script: Path) -> str:
    """The style sheets beside a script and all that it imports (strip.css beside strip.js), in the scripts' order."""
    sheets = [path.with_suffix(".css") for path in _texts(script)]
    return "\n".join(sheet.read_text("utf-8") for sheet in sheets if sheet.exists())


def _texts(script: Path) -> dict[Path, str]:
    """A script and everything it imports, the imported first, by their paths."""
    texts: dict[Path, str] = {}

    def read(path: Path) -> None:
        if path in texts:
            return
        text = path.read_text("utf-8")
        for imported in _IMPORT.findall(text):
            read((path.parent / imported).resolve())
        texts[path] = text

    read(script.resolve())
    return texts
