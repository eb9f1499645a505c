"""Keeps the points of the last maps that were looked at in memory, for everybody who looks at them."""

from __future__ import annotations

import threading
from collections.abc import Hashable

from cvcore.image_maps import stored
from cvcore.image_maps.points import Points, points
from cvcore.records import Iteration, Project, Thresholds
from cvcore.store import Store

# 9 MB each at 100,000 images.
KEPT_MOST = 4

_kept: dict[Hashable, Points] = {}
_lock = threading.Lock()


def kept_points(store: Store, project: Project, iteration: Iteration, thresholds: Thresholds) -> Points | None:
    """The points of an iteration's map; None if it has none.

    They are the same object until the project's images, tags or predictions change.

    Raises:
        NotTrained, ModelDamaged: as `points`.
    """
    project = store.projects.get(project.id)
    newest = store.predictions.count(project.id), store.embeddings.newest()
    key = (str(store.home), iteration.id, thresholds, project.modified_at, *newest)
    with _lock:
        found = _kept.pop(key, None)
    if found is None:
        outline = stored.load_outline(store, iteration)
        if outline is None:
            return None
        found = points(store, project, iteration, outline, thresholds)
    with _lock:
        _kept[key] = found
        while len(_kept) > KEPT_MOST:
            del _kept[next(iter(_kept))]
    return found
