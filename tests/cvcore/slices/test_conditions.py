"""Conditions of slices: how they are read, and what is said of keys and values that do not exist."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore.errors import InvalidInput
from cvcore.image_facts import Column
from cvcore.slices import conditions
from cvcore.slices.conditions import Condition


def column(key: str, *texts: str) -> Column:
    """A column of the texts of images, in order; empty for none."""
    values = tuple(sorted({text for text in texts if text}))
    codes = [values.index(text) if text else -1 for text in texts]
    return Column(key, values, np.array(codes, np.int32))


COLUMNS = {
    each.key: each
    for each in (
        column("day", "Mon", "Tue", "", "Mon"),
        column("a=b", "c=d", "c", "", ""),
        column("a", "b=x", "", "", ""),
    )
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("day=Mon", Condition("day", "Mon")),
        ("a=b=c=d", Condition("a=b", "c=d")),
        ("a=b=x", Condition("a", "b=x")),
    ],
)
def test_a_condition_is_parted_where_key_and_value_exist(text: str, expected: Condition) -> None:
    """Keys and values can hold "=": what exists decides where the text is parted."""
    assert expected == conditions.parse(text, COLUMNS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("day", "a slice must be key=value, got 'day': the keys are day, a=b, a"),
        ("night=Mon", "no image has a key 'night': the keys are day, a=b, a"),
        ("day=Sun", "no image has day=Sun: its values are Mon, Tue"),
        ("day=" + "x" * 99, f"no image has day={'x' * 59}…: its values are Mon, Tue"),
        ("=", "no image has a key '': the keys are day, a=b, a"),
    ],
)
def test_what_does_not_exist_is_answered_with_what_does(text: str, message: str) -> None:
    """A wrong key or value is refused with one sentence that names those that exist."""
    with pytest.raises(InvalidInput) as refused:
        conditions.parse(text, COLUMNS)
    assert message == str(refused.value)


def test_images_of_which_nothing_is_known_have_no_keys() -> None:
    """Without any column the message says so instead of listing nothing."""
    with pytest.raises(InvalidInput, match="nothing is known of these images beside their tags"):
        conditions.parse("day=Mon", {})


def test_all_conditions_must_be_fulfilled() -> None:
    """Several conditions are joined by AND; none chooses every image."""
    assert [True, False, False, False] == conditions.chosen(
        [Condition("day", "Mon"), Condition("a", "b=x")], COLUMNS, 4
    ).tolist()
    assert conditions.chosen([], COLUMNS, 4).all()


def test_a_condition_on_what_no_image_has_is_refused() -> None:
    """A condition made elsewhere, as by an older address, is checked like one that was read."""
    with pytest.raises(InvalidInput, match="no image has day=Sun"):
        conditions.chosen([Condition("day", "Sun")], COLUMNS, 4)
    with pytest.raises(InvalidInput, match="no image has a=b=c"):
        conditions.chosen([Condition("a", "b=c")], COLUMNS, 4)
