"""How far an iteration's probabilities can be taken at their word."""

from __future__ import annotations

import functools

from cvcore import calibration, evaluation
from cvcore.calibration import Calibration
from cvcore.evaluation import Judged
from cvcore.records import Iteration
from cvcore.store import Store


def calibrate(store: Store, iteration: Iteration) -> Calibration:
    """What was said and what was so, before and after temperature scaling.

    Raises:
        Conflict, ModelDamaged: as `evaluation.load`.
    """
    return _calibrate(evaluation.load(store, iteration))


@functools.lru_cache(maxsize=8)
def _calibrate(judged: Judged) -> Calibration:
    return calibration.calibration(
        judged.truth, judged.probabilities, judged.folds, judged.groups, multilabel=judged.multilabel
    )
