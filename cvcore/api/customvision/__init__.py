"""Custom Vision's HTTP API: its clients run against Tagwise when their endpoint is changed.

`middleware` takes requests, `routes` lists every operation, `operations` has their handlers. In `protocol`, `request`
and `json_body` read requests, `schemas` turns our records into JSON, and `errors` maps our errors to Custom Vision's
codes. Where its documentation leaves something open, our rule is in the docstring of the function that follows it.
"""
