"""Selections of images as text: what they have in common, and their part of the page's address."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import get_args

from cvcore.evaluation import analysis
from cvcore.evaluation.analysis import ListName
from cvcore.languages import tn
from cvcore.metrics.confusion import OUTCOMES, Cell, Outcome, Swap, TagOutcome
from cvcore.slices import Condition, SliceMistakes, heading_of
from pages.parts.shell.text import short

Selection = analysis.Selection | SliceMistakes

NAME_LETTERS = 32

_LEFT = {"tag": "{tag}", "answer": "{answer}"}
_PLACES = re.compile(r"(\{tag\}|\{answer\})")

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
    columns: dict[str, int] = {}
    match selection:
        case Cell(actual, answered):
            said, columns = _of_cell(number, selection, len(tags)), {"{tag}": actual, "{answer}": answered}
        case Swap(missed, wrong):
            said, columns = _of_swap(number), {"{tag}": missed, "{answer}": wrong}
        case TagOutcome(tag, outcome):
            said, columns = _of_outcome(number, outcome), {"{tag}": tag}
        case SliceMistakes(conditions):
            said = _of_slice(number, short(heading_of(conditions), 3 * NAME_LETTERS))
        case name:
            said = _of_list(number, name, multilabel=multilabel)
    pieces = [piece for piece in _PLACES.split(said) if piece] if columns else [said]
    return [
        (short(tags[columns[piece]], NAME_LETTERS), True) if piece in columns else (piece, False) for piece in pieces
    ]


# ---- messages about a number of images; names of tags come later into the places that they leave ---------------------


def _of_cell(number: int, cell: Cell, tags: int) -> str:
    if cell.actual == cell.predicted == tags:
        return tn(number, "{n} image without a tag, answered correctly", "{n} images without a tag, answered correctly")
    if cell.actual == tags:
        return tn(
            number,
            "{n} image without a tag, answered with {answer}",
            "{n} images without a tag, answered with {answer}",
            **_LEFT,
        )
    if cell.actual == cell.predicted:
        return tn(
            number, "{n} image tagged {tag}, answered correctly", "{n} images tagged {tag}, answered correctly", **_LEFT
        )
    if cell.predicted == tags:
        return tn(number, "{n} image tagged {tag}, with no answer", "{n} images tagged {tag}, with no answer", **_LEFT)
    return tn(
        number,
        "{n} image tagged {tag}, answered with {answer}",
        "{n} images tagged {tag}, answered with {answer}",
        **_LEFT,
    )


def _of_swap(number: int) -> str:
    return tn(
        number,
        "{n} image tagged {tag}, answered with {answer} in its place",
        "{n} images tagged {tag}, answered with {answer} in its place",
        **_LEFT,
    )


def _of_outcome(number: int, outcome: Outcome) -> str:
    match outcome:
        case "tp":
            return tn(
                number,
                "{n} image tagged {tag} and answered with it",
                "{n} images tagged {tag} and answered with it",
                **_LEFT,
            )
        case "fn":
            return tn(
                number,
                "{n} image tagged {tag} but not answered with it",
                "{n} images tagged {tag} but not answered with it",
                **_LEFT,
            )
        case "fp":
            return tn(
                number,
                "{n} image not tagged {tag} but answered with it",
                "{n} images not tagged {tag} but answered with it",
                **_LEFT,
            )
        case "tn":
            return tn(
                number,
                "{n} image not tagged {tag} and not answered with it",
                "{n} images not tagged {tag} and not answered with it",
                **_LEFT,
            )


def _of_slice(number: int, part: str) -> str:
    return tn(
        number,
        "{n} image with a wrong answer and {part}",
        "{n} images with a wrong answer and {part}",
        part=part,
    )


def _of_list(number: int, name: ListName, *, multilabel: bool) -> str:
    match name:
        case "hardest":
            return tn(
                number,
                "{n} image that the model gets wrong or nearly",
                "{n} images that the model gets wrong or nearly",
            )
        case "duplicates":
            return tn(number, "{n} image with a near duplicate", "{n} images with a near duplicate")
        case "label_issues" if multilabel:
            return tn(number, "{n} tag that may be missing or wrong", "{n} tags that may be missing or wrong")
        case "label_issues":
            return tn(number, "{n} image with a tag that may be wrong", "{n} images with a tag that may be wrong")
