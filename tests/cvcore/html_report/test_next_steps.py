"""What to do next in the report to hand in."""

from __future__ import annotations

from collections.abc import Callable

from cvcore import analyses
from cvcore.html_report import next_steps
from cvcore.next_steps import FILE, NextSteps
from cvcore.next_steps.steps import Gain, MoreImages, Shortcut
from cvcore.records import Iteration, Project
from cvcore.store import Store


def test_steps_with_and_without_a_gain(
    store: Store, fill: Callable[..., Project], trained: Callable[..., Iteration]
) -> None:
    """A line has its gain and its counts; a shortcut has none, and reads as sentences."""
    iteration = trained(fill(rose=12, tulip=12))
    assert next_steps.section(store, iteration, 0.5) is None
    found = MoreImages(Gain(0.02, 0.01, 0.03), 12.0, 24), Shortcut("camera", 0, 1, 0.91, 0.86, 0.95, 12, 12)
    analyses.save(store, iteration, FILE, NextSteps(found))
    section = next_steps.section(store, iteration, 0.5)
    assert section is not None
    more, shortcut = section.sentences
    assert "about 12 more images each: +2.0 points (+1.0 to +3.0). From training on 15 to 100 %" in more
    assert (
        "rose and tulip can be told apart 91 % of the time (86 to 95 %) by the camera alone: take both with the same "
        "cameras. No gain on these images: their numbers may be too good. Judged on 12 images of the first tag and 12 "
        "of the second, near duplicates counted once, by a small classifier that sees nothing else and was trained on "
        "others."
    ) == shortcut
