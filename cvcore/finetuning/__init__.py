"""Advanced training: within a time budget the upper layers are trained too, for every fold; resumes after a crash.

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
