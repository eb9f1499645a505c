"""What to do next to make an iteration better: at most five steps, with what each is expected to bring, and why.

Imports `learning_curves`, `shortcuts`, `analyses`, `evaluation`, `store`, `metrics`, `validation` and the modules
beside the packages.
"""

from cvcore.next_steps.iteration import next_steps, open_steps
from cvcore.next_steps.report import steps_json
from cvcore.next_steps.sentences import action, basis, in_words, note
from cvcore.next_steps.steps import NextSteps, Shortcut, Step
from cvcore.next_steps.stored import FILE

__all__ = [
    "FILE",
    "NextSteps",
    "Shortcut",
    "Step",
    "action",
    "basis",
    "in_words",
    "next_steps",
    "note",
    "open_steps",
    "steps_json",
]
