"""Selections of images as text: what they have in common, and their part of the page's address."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import get_args

from cvcore.evaluation import analysis
from cvcore.evaluation.analysis import ListName
from cvcore.metrics.confusion import OUTCOMES, Cell, Swap, TagOutcome
from cvcore.slices import Condition, SliceMistakes, heading_of
from cvcore.wording import count
from pages.parts.shell.text import short

Selection = analysis.Selection | SliceMistakes

NAME_LETTERS = 32

_CELL = re.compile(r"(cell|swap)-(\d{1,6})-(\d{1,6})")
_OUTCOME = re.compile(rf"({'|'.join(OUTCOMES)})-(\d{{1,6}})")


def address(selection: Selection) -> str:
    """A selection as a part of addresses and widget keys.

    >>> address(TagOutcome(3, "fp")), address(Cell(0, 1)), address("hardest")
    ('fp-3', 'cell-0-1', 'hardest')
    """
    match selection:
        case Cell(actual, answered):
            return f"cell-{actual}-{answered}"
        case Swap(missed, wrong):
            return f"swap-{missed}-{wrong}"
        case TagOutcome(tag, outcome):
            return f"{outcome}-{tag}"
        case SliceMistakes(conditions):
            return f"slice-{json.dumps([[each.key, each.value] for each in conditions], ensure_ascii=False)}"
        case name:
            return name


def parse(text: str, tags: int, *, multilabel: bool) -> Selection | None:
    """The selection of an address, None if an iteration with so many tags has no such selection.

    >>> parse("fp-3", 4, multilabel=False), parse("fp-4", 4, multilabel=False), parse("cell-4-1", 4, multilabel=False)
    (TagOutcome(tag=3, outcome='fp'), None, Cell(actual=4, predicted=1))
    """
    if text in get_args(ListName):
        return next(name for name in get_args(ListName) if name == text)
    if found := _OUTCOME.fullmatch(text):
        outcome = next(each for each in OUTCOMES if each == found[1])
        return TagOutcome(int(found[2]), outcome) if int(found[2]) < tags else None
    if text.startswith("slice-"):
        return _parse_slice(text.removeprefix("slice-"))
    if not (found := _CELL.fullmatch(text)):
        return None
    kind, row, column = found[1], int(found[2]), int(found[3])
    if kind == "cell":
        return Cell(row, column) if max(row, column) <= tags and not multilabel else None
    return Swap(row, column) if max(row, column) < tags and row != column and multilabel else None


def _parse_slice(text: str) -> SliceMistakes | None:
    try:
        parts = json.loads(text)
        conditions = [Condition(key, value) for key, value in parts]
    except (ValueError, TypeError, RecursionError):
        return None
    is_text = all(isinstance(part, str) for each in conditions for part in (each.key, each.value))
    return SliceMistakes(tuple(conditions)) if conditions and is_text else None


def heading(selection: Selection, number: int, tags: Sequence[str], *, multilabel: bool) -> list[tuple[str, bool]]:
    """The number of images and what they have in common, as texts; those that are True are names of tags.

    >>> heading(TagOutcome(0, "fn"), 2, ["rose"], multilabel=False)
    [('2 images tagged ', False), ('rose', True), (' but not answered with it', False)]
    """
    images = count(number, "image")
    match selection:
        case Cell() | Swap():
            parts = _of_pair(selection, images, tags)
        case TagOutcome(tag, outcome):
            own = "tagged" if outcome in ("tp", "fn") else "not tagged"
            joint = "and" if outcome in ("tp", "tn") else "but"
            how = "answered with it" if outcome in ("tp", "fp") else "not answered with it"
            parts = [f"{images} {own} ", tag, f" {joint} {how}"]
        case "label_issues":
            parts = [f"{count(number, 'tag')} that may be missing or wrong" if multilabel else _doubted(images)]
        case "hardest":
            parts = [f"{images} that the model gets wrong or nearly"]
        case "duplicates":
            parts = [f"{images} with a near duplicate"]
        case SliceMistakes(conditions):
            parts = [f"{images} with a wrong answer and {short(heading_of(conditions), 3 * NAME_LETTERS)}"]
    return [(short(tags[part], NAME_LETTERS), True) if isinstance(part, int) else (part, False) for part in parts]


def _doubted(images: str) -> str:
    return f"{images} with a tag that may be wrong"


def _of_pair(pair: Cell | Swap, images: str, tags: Sequence[str]) -> list[str | int]:
    """The heading of images with one tag and another answer; a number is the column of a tag."""
    match pair:
        case Swap(missed, wrong):
            return [f"{images} tagged ", missed, ", answered with ", wrong, " in its place"]
        case Cell(actual, answered):
            own: list[str | int] = [f"{images} tagged ", actual] if actual < len(tags) else [f"{images} without a tag"]
            if actual == answered:
                return [*own, ", answered correctly"]
            return [*own, ", with no answer"] if answered == len(tags) else [*own, ", answered with ", answered]
