"""A trained iteration whose images have a day, with its mistakes on one of them."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore.records import Iteration
from cvcore.store import Store
from tests.conftest import Fill, Trained


@pytest.fixture
def iteration(store: Store, fill: Fill, trained: Trained) -> Iteration:
    """30 roses and 30 tulips, 10 each from Mon; of these 8 roses and 6 tulips are answered wrongly."""
    project = fill(rose=30, tulip=30)
    images = store.images.tagged(project.id)
    (rose, tulip) = store.tags.of_project(project.id)
    truth = np.array([[tag.id in image.tag_ids for tag in (rose, tulip)] for image in images])
    number = np.where(truth[:, 0], truth[:, 0].cumsum(), truth[:, 1].cumsum())
    is_wrong = number <= np.where(truth[:, 0], 8, 6)
    for day, chosen in (("Mon", number <= 10), ("Tue", number > 10)):
        store.metadata.put([images[row].id for row in np.flatnonzero(chosen)], {"day of photo": day})
    return trained(project, np.where(is_wrong[:, None], ~truth, truth) * 0.8 + 0.1)
