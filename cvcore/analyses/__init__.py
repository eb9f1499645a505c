"""The files of analyses: an analysis is made of a trained iteration when somebody asks for it, and kept with it.

Imports `evaluation`, `store`, `files` and the modules beside the packages.
"""

from cvcore.analyses.kept_files import LIMIT_BYTES, Array, KeptFile, Size, arrays_file, load, read, save

__all__ = [
    "LIMIT_BYTES",
    "Array",
    "KeptFile",
    "Size",
    "arrays_file",
    "load",
    "read",
    "save",
]
