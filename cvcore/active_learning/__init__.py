"""Which images to tag next, and how images that were predicted become training images.

Imports `prediction`, `projects`, `evaluation`, `networks`, `store`, `files`, `metrics` and the modules beside the
packages.
"""
