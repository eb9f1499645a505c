"""The choice of language, in the header of every page."""
