"""The code that writes a trained network in each export format; all formats share its conversion, see `network`."""
