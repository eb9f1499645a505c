"""The project's images that look most like another image, found in milliseconds among many.

Imports `prediction`, `evaluation`, `networks`, `store`, `files`, `imaging` and the modules beside the packages.
"""

from cvcore.similar_images.search import Similar, embedding_of, nearest, network

__all__ = [
    "Similar",
    "embedding_of",
    "nearest",
    "network",
]
