"""Files in the home folder, written whole or not at all, and zips from strangers, read safely.

Imports the modules beside the packages only.
"""
