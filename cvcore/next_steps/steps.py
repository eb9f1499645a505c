"""What can be done next, and what each is expected to bring. Kept in files and read from strangers' project zips.

Structs rather than dataclasses, because msgspec tells the kinds apart by their tag and checks every number.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from cvcore.records import Count, Rate, Thresholds

Column = Annotated[int, Meta(ge=0, lt=10_000)]
# Images as rows of the iteration's arrays; of more than so many, the first.
ROWS_MOST = 2000
Rows = Annotated[tuple[Count, ...], Meta(max_length=ROWS_MOST)]
Amount = Annotated[float, Meta(ge=0, le=1e9)]
Difference = Annotated[float, Meta(ge=-1, le=1)]


class Gain(Struct, frozen=True):
    """The expected change of the mean F1 over the tags, -1..1, with its 95 % interval.

    Steps are ranked by `low`: the largest of several estimates is too large on average, most of all an uncertain one,
    and the lower end makes up for that.
    """

    expected: Difference
    low: Difference
    high: Difference


class MoreImages(Struct, frozen=True, tag="more-images"):
    """As many images again of every tag, `images` each on average; `most` are columns that gain more than others."""

    gain: Gain
    images: Amount
    evaluated: Count
    most: Annotated[tuple[Column, ...], Meta(max_length=100)] = ()


class WrongTags(Struct, frozen=True, tag="wrong-tags"):
    """Tags that are probably wrong, `listed` in all, on the images `rows`, of which so many are expected to be so."""

    gain: Gain
    listed: Count
    evaluated: Count
    wrong: Amount
    wrong_low: Amount
    wrong_high: Amount
    rows: Rows


class Merge(Struct, frozen=True, tag="merge"):
    """Two tags that cannot be told apart, with `images` together.

    `apart` is how often the model finds which is which of two images, one of each: 0.5 is chance. `confused` is how
    many of the first are taken for the second, and of the second for the first. `gain` is that of one tag in place of
    both.
    """

    gain: Gain
    first: Column
    second: Column
    images: Count
    apart: Rate
    confused: tuple[Count, Count]


class BetterThresholds(Struct, frozen=True, tag="thresholds"):
    """Thresholds with a better F1 on images that they were not chosen on, in place of those that were in use."""

    gain: Gain
    thresholds: Thresholds
    used: Thresholds
    evaluated: Count


class DifferentDuplicates(Struct, frozen=True, tag="duplicates"):
    """Groups of near duplicates that are tagged differently, with `images` in all: `rows`, and the group of each."""

    gain: Gain
    groups: Count
    images: Count
    rows: Rows
    numbers: Rows


class Shortcut(Struct, frozen=True, tag="shortcut"):
    """A tag that is told from another, or from all others (`other` is None), by one kind of numbers alone.

    The fields are those of `shortcuts.Finding`. It promises no gain on these images: their numbers may be too good.
    """

    family: Annotated[str, Meta(max_length=40)]
    tag: Column
    other: Column | None
    share: Rate
    low: Rate
    high: Rate
    images: Count
    others: Count


StepWithGain = MoreImages | WrongTags | Merge | BetterThresholds | DifferentDuplicates
Step = StepWithGain | Shortcut


class NextSteps(Struct, frozen=True):
    """The steps for an iteration, the best first, at the thresholds that were in use when they were looked for.

    A shortcut, of which there is at most one, comes last.
    """

    steps: Annotated[tuple[Step, ...], Meta(max_length=20)]
