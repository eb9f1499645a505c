"""S3's protocol, for the objects in buckets."""
