"""Images that only one of two iterations has right, in two lists side by side; a click shows one of them large."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypedDict

from cvcore.languages import t
from pages.parts.widgets import component


def _html() -> str:
    return f"""
<section class="changed">
  <div class="sides"></div>
  <dialog aria-labelledby="large-name">
    <header><h4 id="large-name" tabindex="-1"></h4><button type="button" class="close">{t("Close")}</button></header>
    <img alt="">
    <dl></dl>
    <footer>
      <button type="button" class="previous">{t("Previous")}</button><span class="place" aria-live="polite"></span>
      <button type="button" class="next">{t("Next")}</button>
    </footer>
  </dialog>
</section>
"""


_WIDGET = component.register(Path(__file__).parent, _html)


class Answer(TypedDict):
    """What an iteration answered: in short, in full with probabilities, and whether every tag is right."""

    short: str
    full: str
    right: bool


class Item(TypedDict):
    """An image: the addresses of its thumbnail and of itself, its name and tags, the earlier and the later answer."""

    src: str
    large: str
    name: str
    tags: str
    answers: list[Answer]


class Side(TypedDict):
    """One list: its heading, a sentence on what it holds, which of the two lists it is, and the images."""

    title: str
    about: str
    kind: Literal["fixed", "broken"]
    items: list[Item]


def show(sides: Sequence[Side], iterations: Sequence[str], *, key: str) -> None:
    """Draw the lists. `iterations`: the names of the earlier and of the later iteration. Names are shown as text."""
    _WIDGET(key=key, data={"sides": list(sides), "iterations": list(iterations)})
