"""A part of the report that an analysis adds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cvcore.records import Iteration, Thresholds
from cvcore.store import Store


@dataclass(frozen=True)
class Chart:
    """A chart as SVG text from `charts`, and the line below it; `keys` name its lines by their CSS class."""

    svg: str
    caption: str
    keys: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Table:
    """The titles of the columns, and the rows; the first cell of a row is its heading."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Section:
    """A heading, text, charts side by side, a table, and a list of sentences; what is empty is left out.

    The template escapes every text except the charts' SVG, so that names of users are put in as they are.
    """

    title: str
    text: str = ""
    charts: Sequence[Chart] = ()
    table: Table | None = None
    sentences: Sequence[str] = field(default=())


def as_html(message: str, **parts: str) -> str:
    """A message that has HTML in it, as HTML for the template; its parts, names of users among them, are escaped."""
    from markupsafe import Markup  # comes with jinja2

    return Markup(message).format(**parts)  # noqa: S704 -- messages are ours, and `format` escapes the parts


# What an analysis has to say of an iteration at the chosen thresholds; None if it was not made.
MakeSection = Callable[[Store, Iteration, Thresholds], Section | None]
