"""What to do next to make an iteration better: at most five steps, with what each is expected to bring, and why.

Imports `learning_curves`, `analyses`, `evaluation`, `store`, `metrics`, `validation` and the modules beside the
packages.
"""

from cvcore.next_steps.iteration import next_steps, open_steps
from cvcore.next_steps.report import steps_json
from cvcore.next_steps.sentences import NOTE, NOTHING, action, basis, gain_in_words, sentence
from cvcore.next_steps.steps import NextSteps, Step
from cvcore.next_steps.stored import FILE

__all__ = [
    "FILE",
    "NOTE",
    "NOTHING",
    "NextSteps",
    "Step",
    "action",
    "basis",
    "gain_in_words",
    "next_steps",
    "open_steps",
    "sentence",
    "steps_json",
]
