"""Widgets with JavaScript of their own: each a folder with its Python, its script and its style."""
