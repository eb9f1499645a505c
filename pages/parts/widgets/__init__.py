"""Widgets with their own JavaScript: each is a folder with Python, script and style."""
