"""Custom Vision's HTTP API: its clients run against Tagwise when their endpoint is changed.

`operations` lists all there is, `door` takes requests in, `refusals` maps our errors to its codes, `wire` our records
to its JSON. Where its documents are silent, the rule chosen here stands in the docstring that implements it.
"""
