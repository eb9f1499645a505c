"""An Advanced training's outcome in plain words: whether it is better than Quick, and why it ended."""

from __future__ import annotations

from typing import Literal

from cvcore.languages import marked, number, t, tn
from cvcore.records import TuningOutcome

# A difference with a p-value below this is called significant.
SIGNIFICANT = 0.05

Standing = Literal["better", "alike", "worse"]

_ENDED = {
    # The stored word: nothing converges, the schedule is done.
    "converged": marked("It ended when all planned epochs were trained, {after}."),
    "budget": marked("It ended because one more epoch would not have fitted into its time, {after}."),
    "asked": marked("It ended early because someone asked for it, {after}."),
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
        return t("No image was evaluated, so it is unknown whether this is better than Quick.")
    counted = tn(
        outcome.right,
        "of {images} evaluated, {n} was right, with Quick {quick}",
        "of {images} evaluated, {n} were right, with Quick {quick}",
        images=tn(outcome.images, "{n} image", "{n} images"),
        quick=number(outcome.quick_right),
    )
    result = standing(outcome)
    if result == "alike":
        return t(
            "Not better than Quick, as far as these images can tell: {counts}. Train the quick way, it takes seconds.",
            counts=counted,
        )
    chance = t("chance alone would seldom make such a difference ({p})", p=_p(outcome.p_value))
    if result == "worse":
        return t("Worse than Quick: {counts}; {chance}. Train the quick way.", counts=counted, chance=chance)
    return t("Better than Quick: {counts}; {chance}.", counts=counted, chance=chance)


def ending(outcome: TuningOutcome) -> str:
    """Why the training ended, after how long and on which device, in a sentence.

    >>> ending(TuningOutcome(600, 532, 530, 0.9, 1, 1, 70.0, "asked", "gpu"))
    'It ended early because someone asked for it, after 1 epoch, 70 s on the GPU.'
    """
    epochs = tn(outcome.rounds, "{n} epoch", "{n} epochs")
    took, device = duration(outcome.seconds), outcome.device.upper()
    if outcome.attempts > 1:
        runs = tn(outcome.attempts, "{n} run", "{n} runs")
        after = t(
            "after {epochs} in {runs}, {duration} on the {device}",
            epochs=epochs,
            runs=runs,
            duration=took,
            device=device,
        )
    else:
        after = t("after {epochs}, {duration} on the {device}", epochs=epochs, duration=took, device=device)
    return t(_ENDED[outcome.ended], after=after)


def duration(seconds: float) -> str:
    """A duration in words: in seconds, from 90 s in minutes, then in hours and minutes.

    >>> duration(12.4), duration(540), duration(5400)
    ('12 s', '9 min', '1 h 30 min')
    """
    if seconds < 90:
        return t("{seconds} s", seconds=f"{seconds:.0f}")
    hours, minutes = divmod(round(seconds / 60), 60)
    return t("{hours} h {minutes} min", hours=hours, minutes=minutes) if hours else t("{minutes} min", minutes=minutes)


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.1g}"
