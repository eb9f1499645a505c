"""Says what was found, and what to do about it, in words for people who take photos."""

from __future__ import annotations

from collections.abc import Sequence

from cvcore.languages import marked, t, tn
from cvcore.shortcuts.findings import IMAGES_LEAST, Finding
from cvcore.shortcuts.iteration import Shortcuts
from cvcore.wording import whole_percent

# The families of numbers as they are called, and what to do about each: about two tags, and about one among all.
NAMES = {
    "brightness": marked("brightness"),
    "colour": marked("colour"),
    "background": marked("background"),
    "image size": marked("image size"),
    "file size": marked("file size"),
    "file type": marked("file type"),
    "camera": marked("camera"),
    "day": marked("day"),
    "folder": marked("folder"),
    "upload": marked("upload"),
}
BY = {
    "brightness": marked("brightness"),
    "colour": marked("colour"),
    "background": marked("the background"),
    "image size": marked("the size and shape of the image"),
    "file size": marked("the size of the file"),
    "file type": marked("the type of file"),
    "camera": marked("the camera"),
    "day": marked("the day"),
    "folder": marked("folder"),
    "upload": marked("upload"),
}
_PLACES = marked("take both from the same places"), marked("take all tags from the same places")
ADVICE = {
    "brightness": (marked("take both in the same light"), marked("take all tags in the same light")),
    "colour": (
        marked(
            "if colour is what makes the difference, as with ripe and unripe fruit, all is well; if not, take both in "
            "the same light"
        ),
        marked(
            "if colour is what makes the difference, as with ripe and unripe fruit, all is well; if not, take all tags "
            "in the same light"
        ),
    ),
    "background": (
        marked("take both in front of the same backgrounds, or of many different ones"),
        marked("take all tags in front of the same backgrounds, or of many different ones"),
    ),
    "image size": (
        marked("take or save both in the same size and shape"),
        marked("take or save all tags in the same size and shape"),
    ),
    "file size": (
        marked("busy images make larger files, so this may be what they show; if not, save both in the same quality"),
        marked(
            "busy images make larger files, so this may be what they show; if not, save all tags in the same quality"
        ),
    ),
    "file type": (marked("save both as the same type of file"), marked("save all tags as the same type of file")),
    "camera": (marked("take both with the same cameras"), marked("take all tags with the same cameras")),
    "day": (marked("take both on the same days"), marked("take all tags on the same days")),
    "folder": _PLACES,
    "upload": _PLACES,
}


def sentence(finding: Finding, names: Sequence[str]) -> str:
    """How often the tags are told apart by what, and what to do; `names` are those of the columns.

    >>> found = Finding("brightness", 0, 1, 0.91, 0.86, 0.95, 60, 60, 0.001)
    >>> sentence(found, ["roses", "tulips"])
    'roses and tulips can be told apart 91 % of the time (86 to 95 %) by brightness alone: take both in the same light.'
    """
    parts = {
        "tag": names[finding.tag],
        "share": whole_percent(finding.share),
        "low": f"{100 * finding.low:.0f}",
        "high": whole_percent(finding.high),
        "family": t(BY[finding.family]),
        "advice": advice(finding.family, is_of_two=finding.other is not None),
    }
    if finding.other is None:
        return t(
            "{tag} can be told from the other images {share} of the time ({low} to {high}) by {family} alone: "
            "{advice}.",
            **parts,
        )
    return t(
        "{tag} and {other} can be told apart {share} of the time ({low} to {high}) by {family} alone: {advice}.",
        other=names[finding.other],
        **parts,
    )


def scope(shortcuts: Shortcuts) -> str:
    """On what the findings rest, in a few sentences; that nothing was found, too."""
    told = []
    if not shortcuts.judgements:
        told.append(t("Nothing is known of the images' files by which tags could be told apart."))
    elif not shortcuts.findings:
        told.append(t("Nothing was found by which tags are told apart without looking at what the images show."))
    told.append(
        t(
            "Looked at: {families}; {images}, and tags with at least {least} of them, near duplicates counted once. "
            "50 % is guessing.",
            families=", ".join(t(NAMES[family]) for family in shortcuts.judgements) or t("nothing"),
            images=tn(shortcuts.images, "{n} evaluated image", "{n} evaluated images"),
            least=IMAGES_LEAST,
        )
    )
    if shortcuts.unmeasured:
        told.append(
            t(
                "Left out, because they are not measured yet: {images}.",
                images=tn(shortcuts.unmeasured, "{n} image", "{n} images"),
            )
        )
    return " ".join(told)


def advice(family: str, *, is_of_two: bool = True) -> str:
    """What to do about a family by which two tags, or one among all, are told apart."""
    return t(ADVICE[family][0 if is_of_two else 1])


def title(family: str) -> str:
    """What a family of numbers is called, as a heading.

    >>> title("image size")
    'Image size'
    """
    name = t(NAMES[family])
    return name[:1].upper() + name[1:]
