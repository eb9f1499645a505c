"""See `cvcore.cli.projects`."""

from cvcore.cli.projects import export

__all__ = ["export"]
