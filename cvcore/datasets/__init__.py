"""Read and write labelled images: folders, labels.csv, Ground Truth manifests, Hugging Face image folders.

Imports `store`, `files`, `imaging` and the modules beside the packages.
"""

from cvcore.datasets.exporter import (
    BUCKET,
    FORMATS,
    NAMES,
    SUFFIXES,
    DatasetImage,
    Format,
    SavedZip,
    ZipPlan,
    find_format,
    plan,
    save,
)
from cvcore.datasets.importer import Entry, Listing, entries, entries_from_uploads, entries_in_zip
from cvcore.datasets.labelling import Skipped

__all__ = [
    "BUCKET",
    "FORMATS",
    "NAMES",
    "SUFFIXES",
    "DatasetImage",
    "Entry",
    "Format",
    "Listing",
    "SavedZip",
    "Skipped",
    "ZipPlan",
    "entries",
    "entries_from_uploads",
    "entries_in_zip",
    "find_format",
    "plan",
    "save",
]
