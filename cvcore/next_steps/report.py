"""Next steps as JSON, as `tagwise next-steps --json` prints them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cvcore.next_steps import sentences
from cvcore.next_steps.steps import BetterThresholds, Merge, MoreImages, Shortcut, Step, WrongTags


def steps_json(steps: Iterable[Step], names: Sequence[str]) -> list[dict[str, Any]]:
    """Each step with its kind, gain (of the mean F1, 0..1), its interval, tags, sentence and what it rests on.

    A shortcut has no gain.
    """
    return [
        {
            "kind": step.__struct_config__.tag,
            "gain": None if isinstance(step, Shortcut) else step.gain.expected,
            "gain_interval": None if isinstance(step, Shortcut) else [step.gain.low, step.gain.high],
            "tags": [names[column] for column in _columns(step)],
            "sentence": f"{sentences.sentence(step, names)}.",
            "basis": f"{sentences.basis(step)}.",
        }
        | _more(step, names)
        for step in steps
    ]


def _columns(step: Step) -> tuple[int, ...]:
    match step:
        case MoreImages(most=most):
            return most
        case Merge(first=first, second=second):
            return first, second
        case Shortcut(tag=tag, other=other):
            return (tag,) if other is None else (tag, other)
    return ()


def _more(step: Step, names: Sequence[str]) -> dict[str, Any]:
    match step:
        case WrongTags(listed=listed, wrong=wrong, wrong_low=low, wrong_high=high):
            return {"listed": listed, "wrong": wrong, "wrong_interval": [low, high]}
        case BetterThresholds(thresholds=thresholds):
            each = dict(zip(names, thresholds, strict=True)) if isinstance(thresholds, tuple) else thresholds
            return {"thresholds": each}
        case Shortcut():
            return {
                "by": step.family,
                "told_apart": step.share,
                "told_apart_interval": [step.low, step.high],
                "images": [step.images, step.others],
            }
    return {}
