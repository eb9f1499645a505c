"""The database: one SQLite file in the home folder, one class per kind of row.

SQL is written here and nowhere else. Imports `files` and the modules beside the packages.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from cvcore.files import blobs
from cvcore.store.backups import inspection, sqlite_errors
from cvcore.store.classroom.class_results import ClassResult, ClassResults
from cvcore.store.classroom.classes import Classes, SchoolClass
from cvcore.store.classroom.classes import Limits as ClassLimits
from cvcore.store.classroom.pupils import Pupil, Pupils
from cvcore.store.database import Connections, Guard
from cvcore.store.dismissed_issues import DismissedIssues
from cvcore.store.embeddings import Embeddings
from cvcore.store.facts.files import FileFacts, Files
from cvcore.store.facts.metadata import Metadata
from cvcore.store.facts.origins import FOLDER, UPLOAD, ImageFacts
from cvcore.store.images import FOR_TESTING, UNTAGGED, Images
from cvcore.store.iterations import Iterations, SnapshotImage, SnapshotTag
from cvcore.store.jobs import ATTEMPTS, Jobs
from cvcore.store.origins import Origin, Origins
from cvcore.store.predictions import Predictions
from cvcore.store.projects import Projects
from cvcore.store.publications import Publication, Publications
from cvcore.store.rekognition.arns import ArnKind, ArnRow, Arns, Purpose
from cvcore.store.rekognition.datasets import DatasetRow, Datasets, DatasetStatus, StatusCode
from cvcore.store.rekognition.entries import Entries, Entry, EntryFilter, EntryStats
from cvcore.store.rekognition.policies import Policies, Policy
from cvcore.store.rekognition.versions import Version, Versions, VersionState
from cvcore.store.searches.image_search import Condition, ImageSearch, Searches
from cvcore.store.searches.known import KnownFacts, NumberIn, TextIs
from cvcore.store.tags import Tags
from cvcore.store.trainings import Trainings
from cvcore.store.whole_projects import Measured, WholeProjects

__all__ = [
    "ATTEMPTS",
    "FOLDER",
    "FOR_TESTING",
    "UNTAGGED",
    "UPLOAD",
    "ArnKind",
    "ArnRow",
    "ClassLimits",
    "ClassResult",
    "Condition",
    "DatasetRow",
    "DatasetStatus",
    "Entry",
    "EntryFilter",
    "EntryStats",
    "FileFacts",
    "ImageSearch",
    "Measured",
    "NumberIn",
    "Origin",
    "Policy",
    "Publication",
    "Pupil",
    "Purpose",
    "SchoolClass",
    "SnapshotImage",
    "SnapshotTag",
    "StatusCode",
    "Store",
    "TextIs",
    "Version",
    "VersionState",
]


class Store:
    """The home folder: its database, opened and migrated to the newest schema, and the files beside it.

    Safe to share between threads and to open in several processes at once. Before each change of the database `guard`
    is called, which raises Locked where everything may be read and nothing changed; the folder must have been opened
    before without it.

    Raises:
        HomeUnusable: the folder cannot be made or written, or its database is damaged, or missing while images are
            there: a new one would know none of them.
        StorageFull: a new home does not fit on the disk.
    """

    def __init__(self, home: Path, *, guard: Guard | None = None) -> None:
        database = home / "tagwise.db"
        if not guard:
            blobs.make_home(home)
            # Looked for again: another process may just have begun with a new folder.
            if not inspection.is_there(database) and blobs.has_originals(home) and not inspection.is_there(database):
                raise sqlite_errors.missing(database)
        self.home = home
        self._connections = Connections(database, guard=guard)
        self.projects = Projects(self._connections)
        self.tags = Tags(self._connections)
        self.images = Images(self._connections)
        self.iterations = Iterations(self._connections, self.images)
        self.jobs = Jobs(self._connections)
        self.trainings = Trainings(self._connections)
        self.embeddings = Embeddings(self._connections)
        self.origins = Origins(self._connections)
        self.publications = Publications(self._connections)
        self.predictions = Predictions(self._connections)
        self.metadata = Metadata(self._connections)
        self.file_facts = Files(self._connections)
        self.image_facts = ImageFacts(self._connections)
        self.known_facts = KnownFacts(self._connections)
        self.dismissed_issues = DismissedIssues(self._connections)
        self.searches = Searches(self._connections, self.images)
        self.rekognition_arns = Arns(self._connections)
        self.rekognition_datasets = Datasets(self._connections)
        self.rekognition_entries = Entries(self._connections)
        self.rekognition_versions = Versions(self._connections)
        self.rekognition_policies = Policies(self._connections)
        self.classes = Classes(self._connections)
        self.pupils = Pupils(self._connections)
        self.class_results = ClassResults(self._connections)
        self.whole_projects = WholeProjects(
            self._connections,
            self.iterations,
            self.publications,
            metadata=self.metadata,
            facts=self.image_facts,
            files=self.file_facts,
        )

    def transaction(self) -> contextlib.AbstractContextManager[None]:
        """A block whose writes are committed together, or rolled back together if it raises."""
        return self._connections.transaction()

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run an action that no rollback can undo: after the open transaction has committed, or now if none is open."""
        self._connections.after_commit(action)

    def check_unlocked(self) -> None:
        """Do nothing, if changes are allowed: to be called before files are written.

        Raises:
            Locked: the store is locked.
        """
        self._connections.check_unlocked()

    def rewrite(self) -> None:
        """Write the database anew, so that nothing of what was deleted is left in its file."""
        self._connections.rewrite()

    def reclaim(self) -> int:
        """Give the disk what deleted rows took in the database, if it is much; returns the bytes: see `Connections`."""
        return self._connections.reclaim()

    def close(self) -> None:
        """Close this thread's connection, and those that no thread uses."""
        self._connections.close()
