"""Which bytes are images, and the one way each is decoded, turned upright and resized; images drawn for samples.

Pillow and numpy; knows no home folder. Imports the modules beside the packages only.
"""
