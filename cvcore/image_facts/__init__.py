"""What is known of images beside their tags, as columns of texts: metadata, origin, camera, day, size, light.

Imports `store`, `files`, `imaging` and the modules beside the packages.
"""

from cvcore.image_facts.column import Column
from cvcore.image_facts.columns import METADATA_MOST, columns, of_workspace, shown_key, users_key
from cvcore.image_facts.facts import FACTS
from cvcore.image_facts.file_reading import fill, keep, unread
from cvcore.image_facts.filters import keys, narrowed, values
from cvcore.image_facts.names import said_key, said_value
from cvcore.image_facts.snapshots import of_iteration

__all__ = [
    "FACTS",
    "METADATA_MOST",
    "Column",
    "columns",
    "fill",
    "keep",
    "keys",
    "narrowed",
    "of_iteration",
    "of_workspace",
    "said_key",
    "said_value",
    "shown_key",
    "unread",
    "users_key",
    "values",
]
