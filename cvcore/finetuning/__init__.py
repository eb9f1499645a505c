"""Advanced training: within a budget of minutes the upper layers learn too, one run for each fold, resumable.

Imports `networks`, `store`, `files`, `imaging`, `metrics`, `validation` and the modules beside the packages.
"""

from cvcore.finetuning.advanced import TunedModel, forget, sweep, tune
from cvcore.finetuning.task import AdvancedTraining, Task

__all__ = [
    "AdvancedTraining",
    "Task",
    "TunedModel",
    "forget",
    "sweep",
    "tune",
]
