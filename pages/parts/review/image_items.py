"""The texts below an evaluated image: its tags, the answer it got, and the correction that is suggested."""

from __future__ import annotations

from collections.abc import Sequence

from cvcore import urls
from cvcore.evaluation.review import ReviewedImage, SuggestedChange
from cvcore.languages import t
from cvcore.records import MULTICLASS, Project
from cvcore.wording import percent
from pages.parts.shell.text import isolated, short
from pages.parts.widgets import gallery

NAME_LETTERS = 24
BADGE_LETTERS = 14


def key(image: ReviewedImage) -> str:
    """The key of an image in a gallery; a list can hold an image several times, with different suggestions."""
    return f"{image.image_id} {image.about}"


def item(image: ReviewedImage, project: Project) -> gallery.Item:
    """An evaluated image for a gallery."""
    probability = f"{short(image.about, BADGE_LETTERS)} {percent(image.probability)}" if image.is_evaluated else ""
    made: gallery.Item = {
        "id": key(image),
        "src": urls.thumbnail(image.sha256),
        "caption": image.name,
        "tags": t("tagged {tags}", tags=joined(image.tags)),
        "badge": probability if image.number is None else t("group {number}", number=image.number),
        "notes": [answer(image)],
    }
    if image.now is None:
        made["notes"].append(t("no longer in the workspace"))
    elif image.is_changed:
        made["notes"].append(t("now {tags}", tags=joined(image.now)) if image.now else t("now untagged"))
    if image.suggestion is not None:
        made["action"] = words(image.suggestion, project)
    return made


def answer(image: ReviewedImage) -> str:
    """The answer that an image got."""
    if not image.is_evaluated:
        return t("not evaluated")
    return t("answer {tags}", tags=joined(image.answer)) if image.answer else t("no answer")


def joined(names: Sequence[str]) -> str:
    """Names of tags, separated by commas; `none` without any.

    >>> joined(["rose", "tulip"]), joined([])
    ('rose, tulip', 'none')
    """
    return ", ".join(map(isolated, names)) or t("none")


def words(suggestion: SuggestedChange, project: Project) -> str:
    """The label of a button that applies a suggestion."""
    both = suggestion.add, suggestion.remove
    on, off = (joined([short(tag.name, NAME_LETTERS) for tag in tags]) if tags else "" for tags in both)
    if project.classification_type == MULTICLASS and on:
        return t("Retag as {tag}", tag=on)
    if on and off:
        return t("Swap {removed} for {added}", removed=off, added=on)
    return t("Add {tags}", tags=on) if on else t("Remove {tags}", tags=off)
