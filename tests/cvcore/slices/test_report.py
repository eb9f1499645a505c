"""Slices are said in the reader's language; what stands in addresses and commands is the same in each."""

from __future__ import annotations

import pytest

from cvcore import slices
from cvcore.errors import InvalidInput
from cvcore.languages import using
from cvcore.slices import Condition, WorstSlices, conditions
from tests.untranslated import outside_brackets


def test_a_condition_is_said_in_the_language() -> None:
    """Our keys and values are translated where people read them, and users' keys and values never are."""
    size, mine = Condition("size", "tiny (under 64 px)"), Condition("metadata: size", "yes")
    with using("en-XA"):
        assert "=" == outside_brackets(slices.heading_of([size]))
        assert "=yes" == outside_brackets(slices.heading_of([mine]))
        assert "size" in slices.heading_of([mine])
        assert "size=tiny (under 64 px)" == str(size)
    assert "metadata: size=yes and size=tiny (under 64 px)" == slices.heading_of([mine, size])


@pytest.mark.parametrize("text", ["size", "size=huge"])
def test_a_wrong_condition_is_refused_in_the_language(text: str) -> None:
    """Whoever follows an old link reads why nothing is chosen."""
    with using("en-XA"), pytest.raises(InvalidInput) as refused:
        conditions.parse(text, {})
    assert "" == outside_brackets(str(refused.value))


@pytest.mark.parametrize("looked_at", [0, 1])
def test_a_summary_is_whole_sentences(looked_at: int) -> None:
    """What was looked at, and what has too few images, are two messages."""
    found = WorstSlices((), looked_at, 2)
    assert " 2 other values have too few images to judge (fewer than 20, or fewer than 10 that" in slices.summary(found)
    with using("en-XA"):
        assert " " == outside_brackets(slices.summary(found))
