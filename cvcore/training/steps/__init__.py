"""The steps of a training: the network is prepared, images are embedded, a classifier is fitted and evaluated.

`preparation` is a program of its own: `python -m cvcore.training.steps.preparation`.
"""
