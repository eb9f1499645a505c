"""See `cvcore.evaluation.performance`."""

from cvcore.evaluation.performance import (
    _BY_IMAGE,
    _OF_HEAD,
    ARRAYS,
    OutOfFold,
    _folder,
    _load,
    load,
    load_column,
    load_rows,
    tags,
    trained_tags,
)

__all__ = [
    "ARRAYS",
    "_BY_IMAGE",
    "_OF_HEAD",
    "OutOfFold",
    "_folder",
    "_load",
    "load",
    "load_column",
    "load_rows",
    "tags",
    "trained_tags",
]
