"""Projects moved in from Azure Custom Vision: resumable, and verified against its own counts.

Imports `net`, `projects`, `store` and the modules beside the packages.
"""

from cvcore.azure.migration import migrate
from cvcore.azure.verification import Counts, MigrationResult

__all__ = [
    "Counts",
    "MigrationResult",
    "migrate",
]
