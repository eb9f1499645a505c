"""Everything Tagwise remembers: one SQLite file in the home folder, a class of rows per noun.

SQL stands here and nowhere else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from cvcore.files import blobs
from cvcore.store.database import Connections
from cvcore.store.dismissed_issues import DismissedIssues
from cvcore.store.embeddings import Embeddings
from cvcore.store.image_search import Condition, ImageSearch, Searches
from cvcore.store.images import FOR_TESTING, UNTAGGED, Images, Metadata
from cvcore.store.iterations import Iterations, SnapshotImage, SnapshotTag
from cvcore.store.jobs import ATTEMPTS, Jobs
from cvcore.store.origins import Origin, Origins
from cvcore.store.predictions import Predictions
from cvcore.store.projects import Projects
from cvcore.store.publications import Publication, Publications
from cvcore.store.tags import Tags
from cvcore.store.trainings import Trainings
from cvcore.store.whole_projects import Measured, WholeProjects

__all__ = [
    "ATTEMPTS",
    "FOR_TESTING",
    "UNTAGGED",
    "Condition",
    "ImageSearch",
    "Measured",
    "Origin",
    "Publication",
    "SnapshotImage",
    "SnapshotTag",
    "Store",
]


class Store:
    """The home folder: its database, opened and brought up to date, and the files beside it.

    Safe to share between threads and to open in several processes at once.

    Raises:
        HomeUnusable: the folder cannot be made or written, or its database is damaged.
        StorageFull: a new home does not fit on the disk.
    """

    def __init__(self, home: Path) -> None:
        blobs.make_home(home)
        self.home = home
        self._connections = Connections(home / "tagwise.db")
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
        self.doubts = DismissedIssues(self._connections)
        self.searches = Searches(self._connections)
        self.contents = WholeProjects(self._connections, self.iterations, self.publications)

    def transaction(self) -> contextlib.AbstractContextManager[None]:
        """A block whose writes are kept together or not at all."""
        return self._connections.transaction()

    def after_commit(self, action: Callable[[], None]) -> None:
        """Do what no rollback could undo: at the end of the open transaction if that ends well, else at once."""
        self._connections.after_commit(action)

    def close(self) -> None:
        """Close this thread's connection."""
        self._connections.close()
