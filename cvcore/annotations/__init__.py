"""Read what tables, manifests and exports of labelling tools say about images: their tags and their split.

Imports the modules beside the packages.
"""

from __future__ import annotations

from cvcore.annotations import ground_truth, image_tables, metadata_columns, splits
from cvcore.annotations.documents import Document, Parts, Row, parts, shown, shown_path, suffix
from cvcore.annotations.matches import Matches
from cvcore.annotations.parsing.json_lines import TABLE_BYTES
from cvcore.annotations.reader import can_be, read

__all__ = ["TABLE_BYTES", "Document", "Matches", "Parts", "Row", "can_be", "ground_truth", "image_tables",
           "metadata_columns", "parts", "read", "shown", "shown_path", "splits", "suffix"]  # fmt: skip
