"""Widgets that several pages show; each is a module with `show(...)`."""
