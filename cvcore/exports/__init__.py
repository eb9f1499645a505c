"""Exports an iteration as a folder or zip that runs without Tagwise, and tests it against Tagwise's own answers first.

Imports `evaluation`, `networks`, `store`, `files`, `imaging`, `metrics` and the modules beside the packages.
`source` is what all formats of an iteration share. `background` runs exports in a separate process, `process`.
"""

from cvcore.exports.exporting import Export, check_folder, export

__all__ = [
    "Export",
    "check_folder",
    "export",
]
