"""The `tagwise` commands: what the pages do, for scripts and terminals.

A door: it calls the packages below, and knows nothing of `api` or the pages.
"""

from cvcore.cli.arguments import main, parser

__all__ = [
    "main",
    "parser",
]
