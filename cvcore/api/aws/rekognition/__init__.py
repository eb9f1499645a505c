"""Rekognition Custom Labels' protocol: programs for it work with Tagwise when their endpoint and keys are changed.

`service` answers requests, `routes` lists every operation, `operations` contains their handlers. In `protocol`, `input`
reads requests, `call` is what a handler is given, and `errors` maps our errors to Rekognition's names.
"""
