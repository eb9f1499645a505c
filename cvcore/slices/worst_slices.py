"""The slices in which the answers are wrong more often than elsewhere, by more than chance and tags explain.

- Every `key=value` with enough images is looked at, and the more are looked at, the more a difference must be to count
  (Benjamini and Hochberg): where nothing is wrong with any slice, at most 1 list in 20 is not empty.
- Images are compared with those of the same tags, so that a slice that holds the hard tag only is no finding.
- Of a group of near duplicates, or of images that training keeps together, one image counts: the others repeat it. It
  is chosen by lot.
- The intervals of the differences are wide enough for having been chosen: of those that are listed, 1 in 20 misses
  (Benjamini and Yekutieli 2005, https://doi.org/10.1198/016214504000001907).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from cvcore.array_types import Bools, Integers
from cvcore.image_facts import Column
from cvcore.metrics import paired_comparison
from cvcore.slices import exact_tests
from cvcore.slices.conditions import Condition
from cvcore.slices.strata import strata

IMAGES_LEAST = 20
GROUPS_LEAST = 10
FALSE_DISCOVERIES = 0.05
SEED = 0


@dataclass(frozen=True)
class Finding:
    """A slice in which more answers are wrong than elsewhere.

    `same` are other conditions that just the same images fulfil. `images`, `wrong`, `rest_images`, `rest_wrong` count
    evaluated images, and those with a wrong answer, in the slice and outside. `groups` counts the independent images
    in it. `difference` is how much larger the share of wrong answers is than outside among images of the same tags,
    -1..1, with its interval. `p_value` is that of the slice alone, `rate` Benjamini and Hochberg's for all.
    """

    condition: Condition
    same: tuple[Condition, ...]
    images: int
    wrong: int
    groups: int
    rest_images: int
    rest_wrong: int
    difference: float
    interval: tuple[float, float]
    p_value: float
    rate: float


@dataclass(frozen=True)
class WorstSlices:
    """The findings, the worst first; how many slices were looked at, and how many have too few images for that."""

    findings: tuple[Finding, ...]
    looked_at: int
    too_small: int


def worst(
    truth: Bools, is_wrong: Bools, groups: Integers, columns: Mapping[str, Column], rows: Integers | None = None
) -> WorstSlices:
    """The slices of evaluated images, n of them, that do worst.

    `is_wrong` (n,) is whether an answer is wrong, `groups` (n,) number groups of near duplicates, and the columns are
    of the same images. `truth` and `rows` are as for `strata`. Keys whose values are all alike have no slice.
    """
    alone = _one_of_each(groups)
    stratum = strata(truth, is_wrong[alone], alone if rows is None else rows[alone])
    lots = np.random.default_rng(SEED).integers(1, 2**30, (2, len(groups)))
    tables = [_table(column, is_wrong, alone, stratum, lots) for column in columns.values()]
    kept = [(table, place) for table in tables for place in np.flatnonzero(table.is_large).tolist()]
    distinct = [list(same) for _, same in groupby(sorted(kept, key=_signature), _signature)]
    too_small = sum(len(column.values) for column in columns.values()) - len(kept)
    if not distinct:
        return WorstSlices((), 0, too_small)
    of_all = [np.bincount(stratum, weights).astype(np.int64) for weights in (is_wrong[alone], None)]
    wrong, inside = (
        np.stack([getattr(table, name)[place] for (table, place), *_ in distinct]) for name in ("wrong", "inside")
    )
    scores = exact_tests.scores(wrong, inside, *of_all)
    p_values = exact_tests.tested(scores, wrong, inside, *of_all)
    rates = paired_comparison.adjusted(p_values)
    found = np.flatnonzero(rates <= FALSE_DISCOVERIES).tolist()
    miss = FALSE_DISCOVERIES * len(found) / len(distinct)
    findings = []
    for number in found:
        difference, *interval = exact_tests.common_difference(wrong[number], inside[number], *of_all, miss=miss)
        findings.append(
            _finding(distinct[number], is_wrong, difference, interval, float(p_values[number]), float(rates[number]))
        )
    findings.sort(key=lambda finding: (-finding.interval[0], str(finding.condition)))
    return WorstSlices(tuple(findings), len(distinct), too_small)


@dataclass(frozen=True, eq=False)
class _Table:
    """What is counted of one key: arrays by value, and by value and stratum.

    images, mistakes: (v,), of all evaluated images. inside, wrong: (v, s), of independent images. signature: (v, 2),
    equal for equal images. is_large: (v,), whether there are enough images to compare, inside and outside.
    """

    column: Column
    images: Integers
    mistakes: Integers
    inside: Integers
    wrong: Integers
    signature: Integers
    is_large: Bools


def _one_of_each(groups: Integers) -> Integers:
    """One image of each group, chosen by lot: ascending positions."""
    order = np.random.default_rng(SEED).permutation(len(groups))
    first = np.full(groups.max(initial=-1) + 1, len(groups))
    np.minimum.at(first, groups[order], np.arange(len(groups)))
    return np.sort(order[first[first < len(groups)]])


def _table(column: Column, is_wrong: Bools, alone: Integers, stratum: Integers, lots: Integers) -> _Table:
    column = _without_small_values(column)
    values, height = len(column.values), int(stratum.max(initial=-1)) + 1
    codes = column.codes + np.int64(1)  # 0 where nothing is known: to leave these out would copy all others
    images = np.bincount(codes, minlength=values + 1)[1:]
    mistakes = np.bincount(codes[is_wrong], minlength=values + 1)[1:]
    cell, wrong = codes[alone] * height + stratum, is_wrong[alone]
    inside, wrong_inside = (
        np.bincount(cells, minlength=(values + 1) * height).reshape(values + 1, height)[1:]
        for cells in (cell, cell[wrong])
    )
    outside = np.bincount(stratum, minlength=height) - inside
    # Where a stratum lies on one side alone, there is nothing to compare.
    compared = np.minimum((inside * (outside > 0)).sum(axis=1), (outside * (inside > 0)).sum(axis=1))
    is_large = (np.minimum(images, len(codes) - images) >= IMAGES_LEAST) & (compared >= GROUPS_LEAST)
    return _Table(column, images, mistakes, inside, wrong_inside, _signatures(codes, values, lots), is_large)


def _without_small_values(column: Column) -> Column:
    """The column with those values only that enough images have: with 100,000 values a table would fill the memory."""
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.values))
    kept = np.flatnonzero(counts >= IMAGES_LEAST)
    places = np.append(np.full(len(counts), -1), -1)
    places[kept] = np.arange(len(kept))
    return Column(column.key, tuple(column.values[value] for value in kept), places[column.codes].astype(np.int32))


def _signatures(codes: Integers, values: int, lots: Integers) -> Integers:
    """Two numbers for each value, 1 to `values`; equal for values that the same images have, else hardly ever.

    lots: (2, n), random numbers of the images, below 2**30: sums of up to 2**23 such numbers are exact in a float.
    """
    return np.stack([np.bincount(codes, each, values + 1)[1:].astype(np.int64) for each in lots], axis=1)


def _signature(kept: tuple[_Table, int]) -> tuple[int, ...]:
    table, place = kept
    return tuple(table.signature[place].tolist())


def _finding(
    same: list[tuple[_Table, int]],
    is_wrong: Bools,
    difference: float,
    interval: Iterable[float],
    p_value: float,
    rate: float,
) -> Finding:
    table, place = same[0]
    conditions = [Condition(each.column.key, each.column.values[at]) for each, at in same]
    low, high = interval
    images, wrong = int(table.images[place]), int(table.mistakes[place])
    return Finding(
        conditions[0],
        tuple(conditions[1:]),
        images,
        wrong,
        int(table.inside[place].sum()),
        len(is_wrong) - images,
        int(is_wrong.sum()) - wrong,
        difference,
        (low, high),
        p_value,
        rate,
    )
