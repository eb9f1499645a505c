"""Makes analyses of trained iterations in the worker, when somebody asks for one, and keeps each with its iteration.

To add one: a module here that makes it, its file in its own package, a line in `ANALYSES`.
"""

from cvcore.training.analyses.kinds import ANALYSES, Analysis, made, request, run

__all__ = [
    "ANALYSES",
    "Analysis",
    "made",
    "request",
    "run",
]
