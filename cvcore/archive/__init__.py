"""A whole project packed as one zip and unpacked again; every value in a zip is checked.

Imports `projects`, the analyses, `evaluation`, `networks`, `store`, `files`, `imaging` and the modules beside the
packages.
"""

from cvcore.archive.copying import copy
from cvcore.archive.packing import Packed, pack
from cvcore.archive.unpacking import unpack

__all__ = [
    "Packed",
    "copy",
    "pack",
    "unpack",
]
