"""Files in the home folder, written completely or not at all; zips from outside, read safely.

Imports the modules beside the packages only.
"""
