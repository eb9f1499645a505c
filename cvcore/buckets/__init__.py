"""Objects in buckets: folders in the home folder, or an S3 service elsewhere.

Imports `files` and the modules beside the packages.
"""

from cvcore.buckets.addresses import address, image_address, parse
from cvcore.buckets.objects import read, write

__all__ = ["address", "image_address", "parse", "read", "write"]
