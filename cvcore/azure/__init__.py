"""Projects moved in from Azure Custom Vision: resumable, and compared with Azure's own counts.

Imports `net`, `projects`, `store` and the modules beside the packages.
"""

from cvcore.azure.migration import migrate
from cvcore.azure.verification import Counts, MigrationResult

__all__ = [
    "Counts",
    "MigrationResult",
    "migrate",
]
