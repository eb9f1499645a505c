"""Projects moved in from Amazon Rekognition Custom Labels: resumable, and compared with AWS' own counts."""

from cvcore.rekognition.migration.migration import migrate
from cvcore.rekognition.migration.snapshot import Counts
from cvcore.rekognition.migration.verification import MigrationResult

__all__ = [
    "Counts",
    "MigrationResult",
    "migrate",
]
