"""Registers a widget's folder (widget.js, widget.css) with Streamlit.

Scripts are ECMAScript modules that import from each other, so that editors and linters know every name. Streamlit
takes one text, so a script is joined with the files that it imports; and the style sheets of the same names, beside
them, are joined as well.
"""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer
from streamlit.delta_generator import DeltaGenerator

ROOM_PX, ROOMS = 50, 12
_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=async |class |const |function )", re.MULTILINE)


def register(folder: Path, html: str) -> ComponentRenderer:
    """Register the widget of a folder; the function returned draws it, see `streamlit.components.v2`."""
    return st.components.v2.component(
        f"tagwise_{folder.name}",
        html=html,
        css=joined_styles(folder / "widget.js"),
        js=joined(folder / "widget.js"),
    )


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
