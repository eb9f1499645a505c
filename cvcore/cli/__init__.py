"""The `tagwise` commands: what the pages do, for scripts and terminals.

An entry point: it calls the packages below, and imports neither `api` nor the pages.
"""

from cvcore.cli.arguments import main, parser

__all__ = [
    "main",
    "parser",
]
