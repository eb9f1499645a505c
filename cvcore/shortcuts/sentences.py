"""Says what was found, and what to do about it, in words for people who take photos."""

from __future__ import annotations

from collections.abc import Sequence

from cvcore.shortcuts.findings import IMAGES_LEAST, Finding
from cvcore.shortcuts.iteration import Shortcuts
from cvcore.wording import count

ADVICE = {
    "brightness": "take both in the same light",
    "colour": "if colour is what makes the difference, as with ripe and unripe fruit, all is well; if not, take both "
    "in the same light",
    "background": "take both in front of the same backgrounds, or of many different ones",
    "image size": "take or save both in the same size and shape",
    "file size": "busy images make larger files, so this may be what they show; if not, save both in the same quality",
    "file type": "save both as the same type of file",
    "camera": "take both with the same cameras",
    "day": "take both on the same days",
    "folder": "take both from the same places",
    "upload": "take both from the same places",
}
BY = {
    "image size": "the size and shape of the image",
    "file size": "the size of the file",
    "file type": "the type of file",
}


def sentence(finding: Finding, names: Sequence[str]) -> str:
    """How often the tags are told apart by what, and what to do; `names` are those of the columns.

    >>> found = Finding("brightness", 0, 1, 0.91, 0.86, 0.95, 60, 60, 0.001)
    >>> sentence(found, ["roses", "tulips"])
    'roses and tulips can be told apart 91 % of the time (86 to 95 %) by brightness alone: take both in the same light.'
    """
    one = names[finding.tag]
    rates = f"{_whole(finding.share)} % of the time ({_whole(finding.low)} to {_whole(finding.high)} %)"
    by = BY.get(
        finding.family, f"the {finding.family}" if finding.family in ("background", "camera", "day") else finding.family
    )
    if finding.other is None:
        told = f"{one} can be told from the other images {rates} by {by} alone"
        return f"{told}: {advice(finding.family).replace('both', 'all tags')}."
    return f"{one} and {names[finding.other]} can be told apart {rates} by {by} alone: {advice(finding.family)}."


def scope(shortcuts: Shortcuts) -> str:
    """On what the findings rest, in a few sentences; that nothing was found, too."""
    told = []
    if not shortcuts.judgements:
        told.append("Nothing is known of the images' files by which tags could be told apart.")
    elif not shortcuts.findings:
        told.append("Nothing was found by which tags are told apart without looking at what the images show.")
    looked = ", ".join(shortcuts.judgements)
    told.append(
        f"Looked at: {looked or 'nothing'}; {count(shortcuts.images, 'evaluated image')}, and tags with at least "
        f"{IMAGES_LEAST} of them, near duplicates counted once. 50 % is guessing."
    )
    if shortcuts.unmeasured:
        told.append(f"Left out, because they are not measured yet: {count(shortcuts.unmeasured, 'image')}.")
    return " ".join(told)


def advice(family: str) -> str:
    """What to do about a family by which tags are told apart."""
    return ADVICE[family]


def _whole(rate: float) -> str:
    return f"{100 * rate:.0f}"
