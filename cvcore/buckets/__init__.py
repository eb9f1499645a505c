"""Objects in buckets: folders in the home folder, or an S3 service elsewhere.

Imports `files` and the modules beside the packages.
"""
