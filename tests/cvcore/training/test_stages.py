"""What the worker and exports say in English is said in the reader's language by the pages."""

from __future__ import annotations

from pathlib import Path

import pytest

import cvcore
from cvcore.exports import messages
from cvcore.languages import sources, using
from cvcore.training import stages

ROOT = Path(cvcore.__file__).parents[1]


def test_stages_and_failures_are_those_that_are_stored() -> None:
    """Each message that pages say again is said somewhere else, so that no list outlives what it lists."""
    lists = {Path(module.__file__) for module in (stages, messages) if module.__file__}
    elsewhere = {message for path, message in sources.of_tree(ROOT) if path not in lists}
    listed = {*stages.STAGES, *stages.FAILURES, *stages.NOTES, *messages.STAGES, *messages.FAILURES}
    assert {messages.WAITING} == listed - elsewhere


@pytest.mark.parametrize(
    ("stored", "parts"),
    [
        ("Computing embeddings: 128 of 600", ["128", "600"]),
        ("Downloading MobileNetV2, 9 MB (only once)", ["MobileNetV2", "9"]),
        ("an unexpected error: ValueError('{x}'); details are in the server's log", ["ValueError('{x}')"]),
    ],
)
def test_what_was_stored_is_said_in_the_language_spoken(stored: str, parts: list[str]) -> None:
    """A stored English text is translated with its parts as they are; in English it is unchanged."""
    assert stored == stages.said(stored)
    with using("en-XA"):
        said = stages.said(stored)
    assert said.startswith("⟦")
    assert all(part in said for part in parts)
    assert "of" not in said.split()


def test_a_note_is_said_with_its_reason() -> None:
    """Of a note that the built-in network was used, the reason is translated too."""
    reason = (
        "MobileNetV2 needs its ImageNet weights, which are not on this machine and cannot be downloaded (no answer): "
        "connect it to the internet once, or copy a.h5 into /home/b"
    )
    with using("en-XA"):
        said = stages.said(f"{reason}. The built-in network was used instead: expect somewhat lower accuracy.")
    assert 2 == said.count("⟦")
