"""The numbers of any part of an iteration's evaluated images, and the parts that do worst.

Imports `image_facts`, `analyses`, `evaluation`, `store`, `metrics`, `validation` and the modules beside the packages.
"""
