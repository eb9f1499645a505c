"""Tagwise: teach a computer to recognise your pictures, on your own machine."""

__version__ = "0.1.0"
