"""Trains a project: checks it, queues the job, runs it in the worker, reports the end.

Imports `prediction`, `projects`, `evaluation`, `finetuning`, `networks`, `store`, `files`, `net`, `validation` and the
modules beside the packages. `worker` is a program of its own: `python -m cvcore.training.worker`.
"""

from cvcore.training.iterations import ITERATION_LETTERS, delete_iteration, find_iteration, rename_iteration
from cvcore.training.lifecycle import (
    BUDGET_MINUTES_MOST,
    COST_LEAST,
    COST_MOST,
    cancel,
    close,
    finish_early,
    start,
)

__all__ = [
    "BUDGET_MINUTES_MOST",
    "COST_LEAST",
    "COST_MOST",
    "ITERATION_LETTERS",
    "cancel",
    "close",
    "delete_iteration",
    "find_iteration",
    "finish_early",
    "rename_iteration",
    "start",
]
