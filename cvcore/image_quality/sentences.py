"""Says what is odd about a group of images, and what to do, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cvcore.image_quality import rules
from cvcore.image_quality.project import COMPARED_MOST, TWO_TAGS, Group, Quality
from cvcore.languages import marked, number, t, tn

TITLES = {
    TWO_TAGS: marked("Same image, different tags"),
    rules.DARK: marked("Dark"),
    rules.PALE: marked("Pale"),
    rules.BLURRED: marked("Blurred"),
    rules.EMPTY: marked("Almost empty"),
    rules.LONG: marked("Very long"),
    rules.TINY: marked("Tiny"),
}
# What to do about images of a kind.
_ADVICE = {
    rules.DARK: marked("better photos have more light"),
    rules.PALE: marked("better photos have less light"),
    rules.BLURRED: marked("better photos are in focus, and the camera is held still"),
    rules.EMPTY: marked("delete what shows nothing"),
    rules.LONG: marked("cut out what matters, because the whole image is pressed into a square"),
    rules.TINY: marked("use larger ones if there are any, because networks look at 224"),
}


def sentence(group: Group) -> str:
    """How many images are of the kind, and what to do; where many are, that this may be as it should be.

    >>> sentence(Group("dark", ("a",), 40))
    '1 of 40 images is very dark: better photos have more light.'
    >>> sentence(Group("dark", ("a",) * 30, 40, is_common=True))
    '30 of 40 images are very dark. If these images are meant to be so, and new ones will be, all is well.'
    """
    if group.kind == TWO_TAGS:
        return tn(
            group.copies,
            "{n} image is there more than once, with different tags: keep the right tag, and delete the copies.",
            "{n} images are there more than once, with different tags: keep the right tag, and delete the copies.",
        )
    images = tn(group.looked_at, "{n} image", "{n} images")
    what = _SAID[group.kind](len(group.image_ids), images)
    if group.is_common:
        return t("{what}. If these images are meant to be so, and new ones will be, all is well.", what=what)
    return t("{what}: {advice}.", what=what, advice=t(_ADVICE[group.kind]))


# ---- how many of the images are of a kind; `images` is all that were looked at, with their noun ----------------------


def _dark(number: int, images: str) -> str:
    return tn(number, "{n} of {images} is very dark", "{n} of {images} are very dark", images=images)


def _pale(number: int, images: str) -> str:
    return tn(number, "{n} of {images} is washed out", "{n} of {images} are washed out", images=images)


def _blurred(number: int, images: str) -> str:
    return tn(number, "{n} of {images} is blurred", "{n} of {images} are blurred", images=images)


def _empty(number: int, images: str) -> str:
    return tn(number, "{n} of {images} shows almost nothing", "{n} of {images} show almost nothing", images=images)


def _long(number: int, images: str) -> str:
    return tn(
        number,
        "{n} of {images} is more than three times as long as wide",
        "{n} of {images} are more than three times as long as wide",
        images=images,
    )


def _tiny(number: int, images: str) -> str:
    return tn(
        number,
        "{n} of {images} has fewer than {pixels} pixels on a side",
        "{n} of {images} have fewer than {pixels} pixels on a side",
        images=images,
        pixels=rules.TINY_BELOW_PX,
    )


_SAID = {
    rules.DARK: _dark,
    rules.PALE: _pale,
    rules.BLURRED: _blurred,
    rules.EMPTY: _empty,
    rules.LONG: _long,
    rules.TINY: _tiny,
}


def scope(quality: Quality) -> str:
    """How many images were looked at, and what was left out.

    >>> scope(Quality((), 120, 3, compares=True))
    '120 images looked at, nothing odd found. 3 images are not measured yet.'
    """
    if quality.groups:
        told = [tn(quality.images, "{n} image looked at.", "{n} images looked at.")]
    else:
        told = [
            tn(quality.images, "{n} image looked at, nothing odd found.", "{n} images looked at, nothing odd found.")
        ]
    if quality.unmeasured:
        told.append(
            tn(quality.unmeasured, "{n} image is not measured yet.", "{n} images are not measured yet."),
        )
    if not quality.compares:
        most = number(COMPARED_MOST)
        told.append(t("Copies are looked for in projects of at most {number} images.", number=most))
    return " ".join(told)


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
