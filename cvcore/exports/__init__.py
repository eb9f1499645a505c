"""Exports an iteration as a folder or zip that runs without Tagwise, and tests it against Tagwise's own answers first.

Imports `evaluation`, `networks`, `store`, `files`, `imaging`, `metrics` and the modules beside the packages.
`background` runs exports in a separate process.
"""

from cvcore.exports.exporting import Export, export

__all__ = [
    "Export",
    "export",
]
