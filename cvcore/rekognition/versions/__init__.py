"""Versions of a project: its iterations as Rekognition's clients train, describe, start, copy and delete them.

Imports the modules of `rekognition` beside this folder, and what they import.
"""
