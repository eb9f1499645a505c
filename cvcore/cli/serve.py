"""See `cvcore.cli.projects`."""

from cvcore.cli.projects import ANY_ADDRESS, _app, serve

__all__ = ["ANY_ADDRESS", "_app", "serve"]
