"""Teach a computer to recognise your images, on your own machine."""

__version__ = "0.1.0"
