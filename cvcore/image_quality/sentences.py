"""Says what is odd about a group of images, and what to do, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cvcore.image_quality import rules
from cvcore.image_quality.project import COMPARED_MOST, TWO_TAGS, Group, Quality
from cvcore.wording import count

TITLES = {
    TWO_TAGS: "Same image, different tags",
    rules.DARK: "Dark",
    rules.PALE: "Pale",
    rules.BLURRED: "Blurred",
    rules.EMPTY: "Almost empty",
    rules.LONG: "Very long",
    rules.TINY: "Tiny",
}
# What one image of the kind is, after "1 image", and after "3 images"; and what to do.
_WORDS = {
    rules.DARK: ("is very dark", "are very dark", "better photos have more light"),
    rules.PALE: ("is washed out", "are washed out", "better photos have less light"),
    rules.BLURRED: ("is blurred", "are blurred", "better photos are in focus, and the camera is held still"),
    rules.EMPTY: ("shows almost nothing", "show almost nothing", "delete what shows nothing"),
    rules.LONG: (
        "is more than three times as long as wide",
        "are more than three times as long as wide",
        "cut out what matters, because the whole image is pressed into a square",
    ),
    rules.TINY: (
        f"has fewer than {rules.TINY_BELOW_PX} pixels on a side",
        f"have fewer than {rules.TINY_BELOW_PX} pixels on a side",
        "use larger ones if there are any, because networks look at 224",
    ),
}


def sentence(group: Group) -> str:
    """How many images are of the kind, and what to do; where many are, that this may be as it should be.

    >>> sentence(Group("dark", ("a",), 40))
    '1 of 40 images is very dark: better photos have more light.'
    >>> sentence(Group("dark", ("a",) * 30, 40, is_common=True))
    '30 of 40 images are very dark. If these images are meant to be so, and new ones will be, all is well.'
    """
    number = len(group.image_ids)
    if group.kind == TWO_TAGS:
        one = group.copies == 1
        what = "1 image is" if one else f"{group.copies:,} images are"
        return f"{what} there more than once, with different tags: keep the right tag, and delete the copies."
    singular, plural, advice = _WORDS[group.kind]
    what = f"{number:,} of {count(group.looked_at, 'image')} {singular if number == 1 else plural}"
    if group.is_common:
        return f"{what}. If these images are meant to be so, and new ones will be, all is well."
    return f"{what}: {advice}."


def scope(quality: Quality) -> str:
    """How many images were looked at, and what was left out.

    >>> scope(Quality((), 120, 3, compares=True))
    '120 images looked at, nothing odd found. 3 images are not measured yet.'
    """
    told = f"{count(quality.images, 'image')} looked at"
    told += "." if quality.groups else ", nothing odd found."
    if quality.unmeasured:
        told += f" {count(quality.unmeasured, 'image')} {'is' if quality.unmeasured == 1 else 'are'} not measured yet."
    if not quality.compares:
        told += f" Copies are looked for in projects of at most {COMPARED_MOST:,} images."
    return told


def quality_json(quality: Quality, names: Mapping[str, str]) -> dict[str, Any]:
    """The groups with their images, as `tagwise quality --json` prints them; `names` are those of images by id."""
    groups = [
        {
            "kind": group.kind,
            "images": [{"id": image_id, "name": names.get(image_id, "")} for image_id in group.image_ids],
            "is_common": group.is_common,
            "sentence": sentence(group),
        }
        for group in quality.groups
    ]
    return {"groups": groups, "looked_at": quality.images, "not_measured": quality.unmeasured}
