"""Finds the tags that are told apart by a family of numbers alone, with a correction for how many were looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cvcore.array_types import Bools, Float64s
from cvcore.metrics.paired_comparison import adjusted
from cvcore.shortcuts.judgement import Judgement

# With fewer independent images of a tag, nothing is said of it.
IMAGES_LEAST = 10
# Of findings at most about this share is chance.
FALSE_MOST = 0.05
# Told apart so often, people should know. Colours and files also follow from what is shown: there it takes more.
SHARE_LEAST = 0.75
SHARE_LEAST_OF = {"colour": 0.85, "background": 0.8, "file size": 0.85}
# Among the findings of the same tags those come first that are hardly ever what one wants.
FAMILIES = (
    "file type",
    "camera",
    "day",
    "folder",
    "upload",
    "image size",
    "brightness",
    "background",
    "colour",
    "file size",
)
# A tag that is told from so many of the other tags is one finding, rather than one for each of them.
MOST_OTHERS = 0.8


@dataclass(frozen=True)
class Finding:
    """A tag that a family tells from another, or from all others (`other` is None); tags are columns.

    `share` is how often that is right, 0..1, where guessing is 0.5, with its 95 % interval. `images` and `others` are
    the independent images with the tag, and with the other. `p_value` is adjusted for everything that was looked at.
    """

    family: str
    tag: int
    other: int | None
    share: float
    low: float
    high: float
    images: int
    others: int
    p_value: float


def findings(judgements: Mapping[str, Judgement], *, multilabel: bool) -> list[Finding]:
    """What is found in the judgements of all families, by name, in the order of `sorted_by_tags`.

    In Multiclass, tags are told from each other, and a tag that is told from most others is one finding. In Multilabel
    a tag is told from all images without it.
    """
    if not judgements:
        return []
    p_values = adjusted(np.stack([_tested(each, multilabel=multilabel) for each in judgements.values()]))
    found: list[Finding] = []
    for (family, judgement), adjusted_p in zip(judgements.items(), p_values, strict=True):
        is_found = _is_found(family, judgement, adjusted_p)
        is_known = ~np.isnan(adjusted_p)
        chosen = _alone(is_found, is_known) if multilabel else _chosen(is_found, is_known)
        found += [_finding(family, judgement, adjusted_p, tag, other) for tag, other in np.argwhere(chosen)]
    return sorted_by_tags(found)


def sorted_by_tags(found: Sequence[Finding]) -> list[Finding]:
    """The findings of the same tags one after another, in the order of `FAMILIES`.

    Those tags come first that are told apart most surely, by the lower end of the highest interval.
    """
    surest: dict[tuple[int, int | None], float] = {}
    for each in found:
        tags = each.tag, each.other
        surest[tags] = max(each.low, surest.get(tags, 0.0))
    places = {family: place for place, family in enumerate(FAMILIES)}

    def key(each: Finding) -> tuple[float, int, int, int]:
        last = -1 if each.other is None else each.other
        return -surest[each.tag, each.other], each.tag, last, places.get(each.family, len(places))

    return sorted(found, key=key)


def _tested(judgement: Judgement, *, multilabel: bool) -> Float64s:
    """The p-values, (k, k + 1), of what is looked at: each pair once, and each tag; the others are nan."""
    tags = len(judgement.share)
    least = np.minimum(judgement.images, judgement.others)
    tested = np.where(least >= IMAGES_LEAST, judgement.p_values, np.nan)
    tested[np.tril_indices(tags, k=0)] = np.nan
    if multilabel:
        tested[:, :tags] = np.nan
    return tested


def _is_found(family: str, judgement: Judgement, p_values: Float64s) -> Bools:
    least = SHARE_LEAST_OF.get(family, SHARE_LEAST)
    return (p_values <= FALSE_MOST) & (judgement.share >= least) & (judgement.low > 0.5)


def _alone(is_found: Bools, is_known: Bools) -> Bools:
    chosen = is_found & is_known
    chosen[:, :-1] = False
    return chosen


def _chosen(is_found: Bools, is_known: Bools) -> Bools:
    """Which cells, (k, k + 1), are told: the tags that differ from most others, and the pairs without such a tag."""
    chosen = is_found.copy()
    pairs, known = (each[:, :-1] | each[:, :-1].T for each in (is_found, is_known))
    differ = is_found[:, -1] & (known.sum(axis=1) > 1) & (pairs.sum(axis=1) >= MOST_OTHERS * known.sum(axis=1))
    chosen[:, -1] = differ
    chosen[differ, :-1] = False
    chosen[:, :-1][:, differ] = False
    return chosen


def _finding(family: str, judgement: Judgement, p_values: Float64s, tag: int, other: int) -> Finding:
    at = tag, other
    return Finding(
        family,
        int(tag),
        int(other) if other < len(judgement.share) else None,
        float(judgement.share[at]),
        float(judgement.low[at]),
        float(judgement.high[at]),
        int(judgement.images[at]),
        int(judgement.others[at]),
        float(p_values[at]),
    )
