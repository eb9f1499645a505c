"""The numbers of any part of an iteration's evaluated images, and the parts that do worst.

Imports `analyses`, `evaluation`, `image_facts`, `store`, `metrics`, `validation` and the modules beside the packages.
"""

from cvcore.slices.conditions import Condition
from cvcore.slices.iteration import (
    SliceMistakes,
    SliceNumbers,
    columns,
    keep,
    mistakes,
    numbers,
    parse,
    shares_of_wrong,
    worst,
)
from cvcore.slices.kept_together import FILE as KEPT_TOGETHER
from cvcore.slices.kept_together import Estimates, KeptTogether, estimates, estimates_json
from cvcore.slices.kept_together import sentence as estimates_sentence
from cvcore.slices.report import heading_of, sentence, slice_json, summary, worst_json
from cvcore.slices.worst_slices import Finding, WorstSlices

__all__ = [
    "KEPT_TOGETHER",
    "Condition",
    "Estimates",
    "Finding",
    "KeptTogether",
    "SliceMistakes",
    "SliceNumbers",
    "WorstSlices",
    "columns",
    "estimates",
    "estimates_json",
    "estimates_sentence",
    "heading_of",
    "keep",
    "mistakes",
    "numbers",
    "parse",
    "sentence",
    "shares_of_wrong",
    "slice_json",
    "summary",
    "worst",
    "worst_json",
]
