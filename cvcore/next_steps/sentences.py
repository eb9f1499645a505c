"""Next steps in words: what to do and what it is expected to bring, on what that rests, and what is shown then."""

from __future__ import annotations

from collections.abc import Sequence

from cvcore import shortcuts
from cvcore.next_steps.steps import (
    BetterThresholds,
    DifferentDuplicates,
    Gain,
    Merge,
    MoreImages,
    Shortcut,
    Step,
    WrongTags,
)
from cvcore.records import Thresholds
from cvcore.wording import count, points

NOTHING = (
    "This is as good as these images allow: nothing that was looked for would raise the mean F1 by more than chance. "
    "To see more, test it on new images."
)
NO_GAIN = "Nothing that was looked for would raise the mean F1 by more than chance."
NOTE = (
    "Gains are in points of the mean F1, with the 95 % interval; the order is by its lower end. They do not add up: "
    "train again after a step."
)
NAMES_MOST = 3
NAME_LETTERS = 32


def note(steps: Sequence[Step]) -> str:
    """How the gains of steps are to be read; if none has a gain, that nothing would raise the mean F1."""
    if not steps:
        return NOTHING
    return NO_GAIN if all(isinstance(step, Shortcut) for step in steps) else NOTE


def in_words(step: Step, names: Sequence[str]) -> tuple[str, str]:
    """What to do, with the colon or full stop behind it, and what it is expected to bring."""
    if isinstance(step, Shortcut):
        return f"{sentence(step, names)}.", "No gain on these images: their numbers may be too good"
    return f"{sentence(step, names)}:", gain_in_words(step.gain)


def sentence(step: Step, names: Sequence[str]) -> str:
    """What to do; `names` are the tags of the iteration's columns."""
    match step:
        case MoreImages(images=images, most=most):
            above = ", most of all " + _listed([names[column] for column in most]) if most else ""
            return f"As many images again of every tag, about {count(max(1, round(images)), 'more image')} each{above}"
        case WrongTags(listed=listed):
            return f"About {_wrong(step)} of the {listed:,} suspected tags are wrong: look at them"
        case Merge(first=first, second=second):
            return (
                f"{_short(names[first])} and {_short(names[second])} can hardly be told apart: make them one tag, or "
                "take images that show the difference"
            )
        case BetterThresholds(thresholds=thresholds, used=used):
            return f"{_thresholds(thresholds)} in place of {_in_use(used)}"
        case DifferentDuplicates(groups=groups, images=images):
            return (
                f"{count(images, 'image')} in {count(groups, 'group')} of near duplicates are tagged differently: tag "
                "them alike"
            )
        case Shortcut():
            return shortcuts.sentence(_finding(step), [_short(name) for name in names]).removesuffix(".")


def gain_in_words(gain: Gain) -> str:
    """What a step is expected to bring.

    >>> gain_in_words(Gain(0.021, 0.008, 0.034))
    '+2.1 points (+0.8 to +3.4)'
    """
    return f"{points(gain.expected)} points ({points(gain.low)} to {points(gain.high)})"


def basis(step: Step) -> str:
    """On what counts the expectation rests."""
    match step:
        case MoreImages(evaluated=evaluated):
            return f"From training on 15 to 100 % of these images, each time judged on {_held_out(evaluated)}"
        case WrongTags(evaluated=evaluated):
            return (
                f"From the tags of {count(evaluated, 'image')} and what the model, trained on others, says of them. "
                "Only the answers that then count as right are in the gain"
            )
        case Merge(images=images, apart=apart, confused=(there, back)):
            return (
                f"Of two images, one of each tag, the model finds which is which {100 * apart:.0f} % of the time (50 % "
                f"is chance); {count(images, 'image')}, {there:,} and {back:,} taken for the other. The two can then "
                "not be told apart any more"
            )
        case BetterThresholds(evaluated=evaluated):
            return f"Judged on {_held_out(evaluated)}, each at thresholds that were chosen on other images"
        case DifferentDuplicates():
            return "Which tag is right is not known: the mean over the tags that they have"
        case Shortcut(images=images, others=others, other=other):
            both = "with the tag and {} without it" if other is None else "of the first tag and {} of the second"
            return (
                f"Judged on {count(images, 'image')} {both.format(f'{others:,}')}, near duplicates counted once, by a "
                "small classifier that sees nothing else and was trained on others"
            )


def action(step: Step) -> str:
    """What the button shows."""
    match step:
        case MoreImages():
            return "See the curve"
        case WrongTags():
            return "Look at the tags"
        case Merge():
            return "Look at the images"
        case BetterThresholds():
            return "See the thresholds"
        case DifferentDuplicates():
            return "Look at the duplicates"
        case Shortcut():
            return "See the shortcuts"


def _finding(step: Shortcut) -> shortcuts.Finding:
    sides = step.share, step.low, step.high, step.images, step.others
    return shortcuts.Finding(step.family, step.tag, step.other, *sides, p_value=0.0)


def _wrong(step: WrongTags) -> str:
    low, high = round(step.wrong_low), round(step.wrong_high)
    middle = round(step.wrong)
    return f"{middle:,}" if low == high else f"{middle:,} ({low:,} to {high:,})"


def _held_out(images: int) -> str:
    return f"{count(images, 'image')} that the classifier was not trained on"


def _thresholds(thresholds: Thresholds) -> str:
    if isinstance(thresholds, tuple):
        return f"A threshold for each tag, {100 * min(thresholds):.0f} to {100 * max(thresholds):.0f} %,"
    return f"A threshold of {100 * thresholds:.0f} %"


def _in_use(thresholds: Thresholds) -> str:
    if isinstance(thresholds, tuple):
        return "those in use"
    return f"{100 * thresholds:.0f} %"


def _listed(names: Sequence[str]) -> str:
    *first, last = [_short(name) for name in names[:NAMES_MOST]]
    return f"{', '.join(first)} and {last}" if first else last


def _short(name: str) -> str:
    return name if len(name) <= NAME_LETTERS else f"{name[: NAME_LETTERS - 1]}…"
