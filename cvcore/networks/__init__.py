"""Backbones, the embeddings they compute, and the classifier on top.

Keras and TensorFlow are imported inside functions only. Imports `store`, where embeddings are cached, `files`,
`imaging`, `metrics` and the modules beside the packages.
"""
