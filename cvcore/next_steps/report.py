"""Next steps as JSON, as `tagwise next-steps --json` prints them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cvcore.next_steps import sentences
from cvcore.next_steps.steps import BetterThresholds, Merge, MoreImages, Step, WrongTags


def steps_json(steps: Iterable[Step], names: Sequence[str]) -> list[dict[str, Any]]:
    """Each step with its kind, gain (of the mean F1, 0..1), its interval, tags, sentence and what it rests on."""
    return [
        {
            "kind": step.__struct_config__.tag,
            "gain": step.gain.expected,
            "gain_interval": [step.gain.low, step.gain.high],
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
    return ()


def _more(step: Step, names: Sequence[str]) -> dict[str, Any]:
    match step:
        case WrongTags(listed=listed, wrong=wrong, wrong_low=low, wrong_high=high):
            return {"listed": listed, "wrong": wrong, "wrong_interval": [low, high]}
        case BetterThresholds(thresholds=thresholds):
            each = dict(zip(names, thresholds, strict=True)) if isinstance(thresholds, tuple) else thresholds
            return {"thresholds": each}
    return {}
