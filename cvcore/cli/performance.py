"""See `cvcore.cli.projects`."""

from cvcore.cli.projects import _write, performance, show_performance

__all__ = ["_write", "performance", "show_performance"]
