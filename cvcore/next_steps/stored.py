"""The file of the next steps in an iteration's folder."""

from __future__ import annotations

import msgspec

from cvcore import shortcuts
from cvcore.analyses import KeptFile, Size
from cvcore.errors import ArraysDamaged
from cvcore.next_steps.steps import (
    BetterThresholds,
    DifferentDuplicates,
    Merge,
    MoreImages,
    NextSteps,
    Shortcut,
    Step,
    WrongTags,
)


def _from_bytes(data: bytes, size: Size) -> NextSteps:
    try:
        found = msgspec.json.decode(data, type=NextSteps)
    except msgspec.MsgspecError as error:
        raise ArraysDamaged(str(error)) from error
    if not all(_fits(step, size) for step in found.steps):
        raise ArraysDamaged("it names images or tags that the iteration lacks")
    return found


def _fits(step: Step, size: Size) -> bool:
    """Whether a step is about images and tags that an iteration of that size has."""
    tags = size.tags
    match step:
        case MoreImages(most=most):
            return all(column < tags for column in most)
        case Merge(first=first, second=second):
            return first != second and max(first, second) < tags
        case BetterThresholds(thresholds=thresholds, used=used):
            return all(len(each) == tags for each in (thresholds, used) if isinstance(each, tuple))
        case WrongTags(rows=rows):
            return all(row < size.images for row in rows)
        case DifferentDuplicates(rows=rows, numbers=numbers):
            return len(rows) == len(numbers) and all(row < size.images for row in rows)
        case Shortcut(family=family, tag=tag, other=other):
            return family in shortcuts.FAMILIES and tag < tags and (other is None or tag != other < tags)


# Increase the number when a formula changes or a kind is added: older files are ignored and made again.
FILE: KeptFile[NextSteps] = KeptFile("next-steps-2.json", msgspec.json.encode, _from_bytes)
