"""Next steps in words: what to do and what it is expected to bring, on what that rests, and what is shown then."""

from __future__ import annotations

from collections.abc import Sequence

from cvcore import languages, shortcuts
from cvcore.languages import marked, t, tn
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
from cvcore.wording import points, whole_percent

NOTHING = marked(
    "Nothing that was looked for would raise the mean F1 by more than chance. To see more, test it on new images."
)
NO_GAIN = marked("Nothing that was looked for would raise the mean F1 by more than chance.")
NOTE = marked(
    "Gains are in points of the mean F1, with the 95 % interval; the order is by its lower end. They do not add up: "
    "train again after a step."
)
NAMES_MOST = 3
NAME_LETTERS = 32


def note(steps: Sequence[Step]) -> str:
    """How the gains of steps are to be read; if none has a gain, that nothing would raise the mean F1."""
    if not steps:
        return t(NOTHING)
    return t(NO_GAIN) if all(isinstance(step, Shortcut) for step in steps) else t(NOTE)


def in_words(step: Step, names: Sequence[str]) -> tuple[str, str]:
    """What to do, with the colon or full stop behind it, and what it is expected to bring."""
    if isinstance(step, Shortcut):
        return f"{sentence(step, names)}.", t("No gain on these images: their numbers may be too good")
    return t("{what}:", what=sentence(step, names)), gain_in_words(step.gain)


def sentence(step: Step, names: Sequence[str]) -> str:
    """What to do; `names` are the tags of the iteration's columns."""
    match step:
        case MoreImages(images=images, most=most):
            number, above = max(1, round(images)), _listed([names[column] for column in most])
            if most:
                return tn(
                    number,
                    "As many images again of every tag, about {n} more image each, most of all {tags}",
                    "As many images again of every tag, about {n} more images each, most of all {tags}",
                    tags=above,
                )
            return tn(
                number,
                "As many images again of every tag, about {n} more image each",
                "As many images again of every tag, about {n} more images each",
            )
        case WrongTags(listed=listed):
            return tn(
                listed,
                "About {wrong} of the {n} suspected tag is wrong: look at it",
                "About {wrong} of the {n} suspected tags are wrong: look at them",
                wrong=_wrong(step),
            )
        case Merge(first=first, second=second):
            return t(
                "{first} and {second} can hardly be told apart: make them one tag, or take images that show the "
                "difference",
                first=_short(names[first]),
                second=_short(names[second]),
            )
        case BetterThresholds(thresholds=thresholds, used=used):
            return _thresholds(thresholds, used)
        case DifferentDuplicates(groups=groups, images=images):
            return t(
                "{images} in {groups} of near duplicates are tagged differently: tag them alike",
                images=tn(images, "{n} image", "{n} images"),
                groups=tn(groups, "{n} group", "{n} groups"),
            )
        case Shortcut():
            return shortcuts.sentence(_finding(step), [_short(name) for name in names]).removesuffix(".")


def gain_in_words(gain: Gain) -> str:
    """What a step is expected to bring.

    >>> gain_in_words(Gain(0.021, 0.008, 0.034))
    '+2.1 points (+0.8 to +3.4)'
    """
    return t(
        "{expected} points ({low} to {high})",
        expected=points(gain.expected),
        low=points(gain.low),
        high=points(gain.high),
    )


def basis(step: Step) -> str:
    """On what counts the expectation rests."""
    match step:
        case MoreImages(evaluated=evaluated):
            return tn(
                evaluated,
                "From training on 15 to 100 % of these images, each time judged on {n} image that the classifier was "
                "not trained on",
                "From training on 15 to 100 % of these images, each time judged on {n} images that the classifier was "
                "not trained on",
            )
        case WrongTags(evaluated=evaluated):
            return t(
                "From the tags of {images} and what the model, trained on others, says of them. Only the answers that "
                "then count as right are in the gain",
                images=tn(evaluated, "{n} image", "{n} images"),
            )
        case Merge(images=images, apart=apart, confused=(there, back)):
            return t(
                "Of two images, one of each tag, the model finds which is which {share} of the time (50 % is chance); "
                "{images}, {there} and {back} taken for the other. The two can then not be told apart any more",
                share=whole_percent(apart),
                images=tn(images, "{n} image", "{n} images"),
                there=languages.number(there),
                back=languages.number(back),
            )
        case BetterThresholds(evaluated=evaluated):
            return tn(
                evaluated,
                "Judged on {n} image that the classifier was not trained on, at thresholds that were chosen on other "
                "images",
                "Judged on {n} images that the classifier was not trained on, each at thresholds that were chosen on "
                "other images",
            )
        case DifferentDuplicates():
            return t("Which tag is right is not known: the mean over the tags that they have")
        case Shortcut(images=images, others=others, other=other):
            if other is None:
                return tn(
                    images,
                    "Judged on {n} image with the tag and {others} without it, near duplicates counted once, by a "
                    "small classifier that sees nothing else and was trained on others",
                    "Judged on {n} images with the tag and {others} without it, near duplicates counted once, by a "
                    "small classifier that sees nothing else and was trained on others",
                    others=languages.number(others),
                )
            return tn(
                images,
                "Judged on {n} image of the first tag and {others} of the second, near duplicates counted once, by a "
                "small classifier that sees nothing else and was trained on others",
                "Judged on {n} images of the first tag and {others} of the second, near duplicates counted once, by a "
                "small classifier that sees nothing else and was trained on others",
                others=languages.number(others),
            )


def action(step: Step) -> str:
    """What the button shows."""
    match step:
        case MoreImages():
            return t("See the curve")
        case WrongTags():
            return t("Look at the tags")
        case Merge():
            return t("Look at the images")
        case BetterThresholds():
            return t("See the thresholds")
        case DifferentDuplicates():
            return t("Look at the duplicates")
        case Shortcut():
            return t("See the shortcuts")


def _finding(step: Shortcut) -> shortcuts.Finding:
    sides = step.share, step.low, step.high, step.images, step.others
    return shortcuts.Finding(step.family, step.tag, step.other, *sides, p_value=0.0)


def _wrong(step: WrongTags) -> str:
    low, high = round(step.wrong_low), round(step.wrong_high)
    middle = round(step.wrong)
    written = languages.number
    if low == high:
        return written(middle)
    return t("{expected} ({low} to {high})", expected=written(middle), low=written(low), high=written(high))


def _thresholds(thresholds: Thresholds, used: Thresholds) -> str:
    in_use = t("those in use") if isinstance(used, tuple) else whole_percent(used)
    if isinstance(thresholds, tuple):
        return t(
            "A threshold for each tag, {least} to {most}, in place of {used}",
            least=f"{100 * min(thresholds):.0f}",
            most=whole_percent(max(thresholds)),
            used=in_use,
        )
    return t("A threshold of {threshold} in place of {used}", threshold=whole_percent(thresholds), used=in_use)


def _listed(names: Sequence[str]) -> str:
    *first, last = [_short(name) for name in names[:NAMES_MOST]] or [""]
    return t("{names} and {last}", names=", ".join(first), last=last) if first else last


def _short(name: str) -> str:
    return name if len(name) <= NAME_LETTERS else f"{name[: NAME_LETTERS - 1]}…"
