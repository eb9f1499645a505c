"""What is known of workspace images beside tags and metadata, in the columns of one index of their rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from cvcore.store.database import Connections

Text = Literal["folder", "upload", "camera", "day", "file_type"]
Number = Literal["shorter_px", "ratio", "brightness", "sharpness"]
TEXTS: tuple[Text, ...] = get_args(Text)
# Images that were erased before they came in a zip have no size.
NUMBERS: dict[Number, str] = {
    "shorter_px": "nullif(min(width, height), 0)",
    "ratio": "1.0 * width / height",
    "brightness": "brightness",
    "sharpness": "sharpness",
}
# Read at a time.
_ROWS = 10_000


@dataclass(frozen=True)
class TextIs:
    """A condition: this text; an empty one means that nothing is known."""

    fact: Text
    text: str

    def sql(self, bound: Callable[[str | float], str]) -> str:
        """The condition on `images`; `bound` binds a value and returns its name."""
        return f"{self.fact} = {bound(self.text)}"


@dataclass(frozen=True)
class NumberIn:
    """A condition: a number from one bound, inclusive, to another, exclusive; without them, that nothing is known.

    One of the bounds can be infinite: an image's sharpest edge can be infinitely steep.
    """

    fact: Number
    bounds: tuple[float, float] | None

    def sql(self, bound: Callable[[str | float], str]) -> str:
        """The condition on `images`; `bound` binds a value and returns its name."""
        number = NUMBERS[self.fact]
        if self.bounds is None:
            return f"{number} is null"
        low, high = self.bounds
        parts = [f"{number} >= {bound(low)}"] * (low > -math.inf) + [f"{number} < {bound(high)}"] * (high < math.inf)
        return " and ".join(parts)


Known = TextIs | NumberIn


class KnownFacts:
    """Counts what is known of a project's workspace images; `store.searches` finds them. Reads it of a snapshot's."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def of_any(self, project_id: str) -> set[Text | Number]:
        """The facts that at least one image has."""
        columns: list[tuple[Text | Number, str]] = [*((fact, fact) for fact in TEXTS), *NUMBERS.items()]
        query = f"select {', '.join(f'max({sql})' for _, sql in columns)} from images where {_LISTED}"
        most = self._db.connection.execute(query, [project_id]).fetchone()
        return {fact for (fact, _), value in zip(columns, most, strict=True) if value not in ("", None)}

    def texts(self, project_id: str, fact: Text) -> dict[str, int]:
        """How many images have each text; an empty one where nothing is known."""
        query = f"select {fact}, count(*) from images where {_LISTED} group by {fact}"
        return dict(self._db.connection.execute(query, [project_id]).fetchall())

    def classes(self, project_id: str, fact: Number, bounds: Sequence[float]) -> list[int]:
        """How many images are in each class between these bounds, the outer ones open; last, of how many it is unknown.

        bounds: ascending; class i is from `bounds[i - 1]`, inclusive, to `bounds[i]`, exclusive.
        """
        number = NUMBERS[fact]
        below = [f"coalesce(sum({number} < ?), 0)" for _ in bounds]
        query = f"select {', '.join([*below, f'count({number})', 'count(*)'])} from images where {_LISTED}"
        *under, known, everything = self._db.connection.execute(query, [*bounds, project_id]).fetchone()
        return [*(high - low for low, high in zip([0, *under], [*under, known], strict=True)), everything - known]

    def of_snapshot(self, iteration_id: str) -> Iterator[list[tuple[Any, ...]]]:
        """The `TEXTS`, the `NUMBERS` and whether it is for testing, of each image of a snapshot in its order.

        Some rows at a time; a number is None where it is not known.
        """
        cursor = self._db.connection.execute(
            f"""select {", ".join(TEXTS)}, {", ".join(NUMBERS.values())}, exists (
                    select 1 from iteration_test_images as test
                    where test.iteration_id = held.iteration_id and test.position = held.position)
                from iteration_images as held join images on images.id = held.image_id
                where held.iteration_id = ? order by held.position""",
            [iteration_id],
        )
        while rows := cursor.fetchmany(_ROWS):
            yield rows


# In this form SQLite uses the index images_by_age.
_LISTED = "project_id = ? and in_workspace = 1"
