"""Changes that can be undone: one kind of change made on any number of images, in batches."""

from cvcore.projects.undoing.batches import BATCH, Change, Kind, change, ids_of, joined, told

__all__ = ["BATCH", "Change", "Kind", "change", "ids_of", "joined", "told"]
