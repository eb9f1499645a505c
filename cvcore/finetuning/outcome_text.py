"""An Advanced training's outcome in plain words: whether it is better than Quick, and why it ended."""

from __future__ import annotations

from typing import Literal

from cvcore.records import TuningOutcome

# A difference with a p-value below this is called significant.
SIGNIFICANT = 0.05

Standing = Literal["better", "alike", "worse"]

_ENDED = {
    # The stored word: nothing converges, the schedule is done.
    "converged": "It ended when all planned epochs were trained",
    "budget": "It ended because one more epoch would not have fitted into its time",
    "asked": "It ended early because someone asked for it",
}


def summary(outcome: TuningOutcome) -> str:
    """Whether Advanced training did better than Quick on the same images, and why it ended.

    >>> print(summary(TuningOutcome(600, 487, 457, 0.0011, 2, 31, 540.0, "budget", "cpu")))
    Better than Quick: of 600 images evaluated, 487 were right, with Quick 457; chance \
alone would seldom make such a difference (p = 0.001).
    It ended because one more epoch would not have fitted into its time, after 31 epochs in 2 runs, 9 min on the CPU.
    """
    return f"{compared(outcome)}\n{ending(outcome)}"


def standing(outcome: TuningOutcome) -> Standing:
    """Whether it is better or worse than Quick; "alike" if the difference is not significant.

    >>> standing(TuningOutcome(600, 532, 530, 0.9, 1, 12, 200.0, "converged", "gpu"))
    'alike'
    """
    if not outcome.p_value < SIGNIFICANT or outcome.right == outcome.quick_right:
        return "alike"
    return "better" if outcome.right > outcome.quick_right else "worse"


def compared(outcome: TuningOutcome) -> str:
    """Advanced compared with Quick, in a sentence or two.

    >>> print(compared(TuningOutcome(600, 532, 530, 0.9, 1, 12, 200.0, "converged", "gpu")))
    Not better than Quick, as far as these images can tell: of 600 images evaluated, 532 were right, with Quick 530. \
Train the quick way, it takes seconds.
    """
    if not outcome.images:
        return "No image was evaluated, so it is unknown whether this is better than Quick."
    counted = (
        f"of {_number(outcome.images, 'image')} evaluated, {outcome.right:,} "
        f"{'was' if outcome.right == 1 else 'were'} right, with Quick {outcome.quick_right:,}"
    )
    result = standing(outcome)
    if result == "alike":
        return (
            f"Not better than Quick, as far as these images can tell: {counted}. Train the quick way, it takes seconds."
        )
    chance = f"chance alone would seldom make such a difference ({_p(outcome.p_value)})"
    if result == "worse":
        return f"Worse than Quick: {counted}; {chance}. Train the quick way."
    return f"Better than Quick: {counted}; {chance}."


def ending(outcome: TuningOutcome) -> str:
    """Why the training ended, after how long and on which device, in a sentence.

    >>> ending(TuningOutcome(600, 532, 530, 0.9, 1, 1, 70.0, "asked", "gpu"))
    'It ended early because someone asked for it, after 1 epoch, 70 s on the GPU.'
    """
    runs = f" in {outcome.attempts:,} runs" if outcome.attempts > 1 else ""
    return (
        f"{_ENDED[outcome.ended]}, after {_number(outcome.rounds, 'epoch')}{runs}, "
        f"{duration(outcome.seconds)} on the {outcome.device.upper()}."
    )


def duration(seconds: float) -> str:
    """A duration in words: in seconds, from 90 s in minutes, then in hours and minutes.

    >>> duration(12.4), duration(540), duration(5400)
    ('12 s', '9 min', '1 h 30 min')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.1g}"
