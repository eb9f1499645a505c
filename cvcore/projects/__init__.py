"""Creates, changes, imports and deletes projects, tags and images, by the rules of the project's type.

Imports `networks`, `datasets`, `store`, `files`, `imaging` and the modules beside the packages.
"""

from cvcore.projects.registry import (
    NAME_LETTERS,
    SETTINGS_MAX,
    Card,
    cards,
    change,
    checked_name,
    create,
    delete,
    find,
    free_name,
    images_with_many_tags,
    known_type,
    update,
)

__all__ = [
    "NAME_LETTERS",
    "SETTINGS_MAX",
    "Card",
    "cards",
    "change",
    "checked_name",
    "create",
    "delete",
    "find",
    "free_name",
    "images_with_many_tags",
    "known_type",
    "update",
]
