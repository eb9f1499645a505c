"""Custom Vision's HTTP API: programs for it work with Tagwise when their endpoint and keys are changed.

`middleware` receives requests, `routes` lists every operation, `operations` contains their handlers. In `protocol`,
`request` and `json_body` read requests, `schemas` turns our records into JSON, and `errors` maps our errors to Custom
Vision's codes. Where Microsoft's documentation leaves something open, the handler's docstring states our rule.
"""
