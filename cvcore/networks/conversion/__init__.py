"""Converts Keras models: to TensorFlow's frozen graphs, and from these to LiteRT files.

Imports nothing of ours. TensorFlow and Keras are imported inside functions only.
"""
