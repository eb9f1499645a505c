"""What an export is made of: the formats, the comparison with the page, and the files that go out as they are.

`predict_*.py`, `server.py` and `Dockerfile` are copied, not imported: they know nothing of Tagwise and run with
their format's own runtime, Pillow and numpy. Each predict.py stands alone, so what they share is repeated; a test
holds that it is the same in all.
"""
