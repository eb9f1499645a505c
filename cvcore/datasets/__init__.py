"""Labelled images as people have them: folders, labels.csv, Ground Truth, Hugging Face; read and written.

Imports `store`, `files`, `imaging` and the modules beside the packages.
"""

from cvcore.datasets.exporter import (
    ALL,
    BUCKET,
    FORMATS,
    NAMES,
    SUFFIXES,
    DatasetImage,
    Format,
    Plan,
    Saved,
    find_format,
    plan,
    save,
)
from cvcore.datasets.importer import Entry, Listing, entries, entries_from_uploads, entries_in_zip

__all__ = [
    "ALL",
    "BUCKET",
    "FORMATS",
    "NAMES",
    "SUFFIXES",
    "DatasetImage",
    "Entry",
    "Format",
    "Listing",
    "Plan",
    "Saved",
    "entries",
    "entries_from_uploads",
    "entries_in_zip",
    "find_format",
    "plan",
    "save",
]
