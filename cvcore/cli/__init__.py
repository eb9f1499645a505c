"""The `tagwise` commands: the functions of the pages for terminals and scripts.

An entry point: it calls the packages below and imports neither `api` nor the pages.
"""

from cvcore.cli.arguments import main, parser

__all__ = [
    "main",
    "parser",
]
