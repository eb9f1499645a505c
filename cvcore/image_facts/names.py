"""What keys and values are called in the language spoken. In files, commands and addresses they stay English."""

from __future__ import annotations

from cvcore.image_facts import facts
from cvcore.languages import marked, t
from cvcore.store import FOLDER, UPLOAD

# Before the name of a user's key that is the name of a fact of ours.
METADATA_PREFIX = "metadata: "

_NAMES = {
    FOLDER: marked("folder"),
    UPLOAD: marked("upload"),
    facts.CAMERA: marked("camera"),
    facts.DAY: marked("day"),
    facts.FILE_TYPE: marked("file type"),
    facts.SIZE: marked("size"),
    facts.SHAPE: marked("shape"),
    facts.BRIGHTNESS: marked("brightness"),
    facts.SHARPNESS: marked("sharpness"),
    facts.TEST_IMAGE: marked("test image"),
}
# Keys whose values are words of ours.
_WORDED = (facts.SIZE, facts.SHAPE, facts.BRIGHTNESS, facts.SHARPNESS, facts.TEST_IMAGE)


def said_key(key: str) -> str:
    """What the column of that name is called; users' keys are as they are.

    >>> said_key("file type"), said_key("metadata: camera"), said_key("room")
    ('file type', 'metadata: camera', 'room')
    """
    if key in _NAMES:
        return t(_NAMES[key])
    users = key.removeprefix(METADATA_PREFIX)
    return key if users == key else t("metadata: {key}", key=users)


def said_value(key: str, value: str) -> str:
    """What a value in the column of that name is called; those that users or their files gave are as they are.

    >>> said_value("test image", "yes"), said_value("metadata: size", "yes")
    ('yes', 'yes')
    """
    return t(value) if key in _WORDED else value
