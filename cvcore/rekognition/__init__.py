"""Projects as Rekognition Custom Labels has them: ARNs, two datasets, versions that are started and stopped.

Imports `training`, `prediction`, `projects`, `evaluation`, `annotations`, `buckets`, `store`, `validation` and the
modules beside the packages.
"""
