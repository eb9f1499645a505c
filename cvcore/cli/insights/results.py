"""Gets an analysis for a command: the kept one, or the worker's, or made in this process where no worker runs."""

from __future__ import annotations

import argparse
from typing import Any

from cvcore import analyses, projects, training
from cvcore.cli.console import terminal
from cvcore.errors import TagwiseError
from cvcore.evaluation import report_files
from cvcore.records import Iteration, JobKind, Project, Thresholds
from cvcore.settings import Settings
from cvcore.store import Store
from cvcore.training import worker
from cvcore.training.analyses import ANALYSES, request


def chosen(options: argparse.Namespace, settings: Settings) -> tuple[Store, Project, Iteration]:
    """The store, and the project and iteration that a command's options name.

    Raises:
        NotFound, IterationNotFound: there is none.
    """
    store = Store(settings.home)
    project = projects.find(store, options.project)
    return store, project, training.find_iteration(store, project, options.iteration)


def result(store: Store, iteration: Iteration, kind: JobKind) -> Any:
    """The iteration's result of an analysis, made first if there is none.

    Raises:
        NotTrained: the iteration is not trained.
        TagwiseError: it cannot be made; the message says why.
    """
    analysis = ANALYSES[kind]
    kept = analyses.load(store, iteration, analysis.file)
    if kept is None:
        job = worker.finish_job(store, request(store, iteration, kind), terminal.on_progress)
        terminal.show_progress("")
        kept = analyses.load(store, iteration, analysis.file)
        if kept is None:
            raise TagwiseError(f"there is no {analysis.noun}: {job.error or 'it was stopped'}")
    return kept


def head(store: Store, project: Project, iteration: Iteration, thresholds: Thresholds) -> dict[str, Any]:
    """What the JSON of every analysis begins with."""
    return {
        "project": project.name,
        "iteration": iteration.number,
        **report_files.thresholds_json(store, iteration, thresholds),
    }
