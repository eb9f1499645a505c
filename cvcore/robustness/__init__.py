"""How an iteration's numbers fall when its images are turned, darkened, blurred or covered.

Imports `analyses`, `evaluation`, `finetuning`, `networks`, `store`, `files`, `metrics` and the modules beside the
packages.
"""

from cvcore.robustness.changes import CHANGES, CONDITIONS, Change
from cvcore.robustness.findings import Finding, findings
from cvcore.robustness.measurement import Measurement
from cvcore.robustness.numbers import Numbers, answered, numbers, places, position, rounded
from cvcore.robustness.report import finding_sentence, numbers_json, scope
from cvcore.robustness.stored import FILE, load

__all__ = [
    "CHANGES",
    "CONDITIONS",
    "FILE",
    "Change",
    "Finding",
    "Measurement",
    "Numbers",
    "answered",
    "finding_sentence",
    "findings",
    "load",
    "numbers",
    "numbers_json",
    "places",
    "position",
    "rounded",
    "scope",
]
