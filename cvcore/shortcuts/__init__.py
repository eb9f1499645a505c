"""Whether tags can be told apart without looking at what images show: by light, colour, border, size, file or camera.

Imports `evaluation`, `image_facts`, `store`, `imaging`, `metrics` and the modules beside the packages.
"""

from cvcore.shortcuts.families import Family
from cvcore.shortcuts.findings import FAMILIES, IMAGES_LEAST, Finding, findings
from cvcore.shortcuts.iteration import Shortcuts, judge_families, shortcuts
from cvcore.shortcuts.judgement import Judgement
from cvcore.shortcuts.report import shortcuts_json, told_apart
from cvcore.shortcuts.sentences import advice, scope, sentence, title

__all__ = [
    "FAMILIES",
    "IMAGES_LEAST",
    "Family",
    "Finding",
    "Judgement",
    "Shortcuts",
    "advice",
    "findings",
    "judge_families",
    "scope",
    "sentence",
    "shortcuts",
    "shortcuts_json",
    "title",
    "told_apart",
]
