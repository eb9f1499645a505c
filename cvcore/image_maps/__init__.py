"""A map of an iteration's images: places in the plane, where images that look alike to the classifier lie together.

Imports `analyses`, `evaluation`, `networks`, `store`, `files`, `metrics` and the modules beside the packages.
"""
