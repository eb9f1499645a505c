"""An iteration as a folder or zip that runs without Tagwise, tested against Tagwise's own answers before it is kept.

Imports `evaluation`, `networks`, `store`, `files`, `imaging`, `metrics` and the modules beside the packages.
`background` runs exports in a process of its own.
"""

from cvcore.exports.exporting import Export, export

__all__ = [
    "Export",
    "export",
]
