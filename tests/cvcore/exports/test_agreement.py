"""The comparison of an export with the page, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore.exports.agreement import Agreement, compare

PAGE = np.array([[0.6, 0.4], [0.3, 0.7], [0.45, 0.55]])


def test_the_same_probabilities_agree() -> None:
    """What is equal differs by nothing and changes no answer."""
    assert Agreement(pictures=3, difference=0.0, changed=0) == compare(PAGE, PAGE, multilabel=False)


def test_an_answer_changes_with_the_top_tag_or_at_the_threshold() -> None:
    """Multiclass: another top tag is another answer, and so is one that no longer reaches 0.5."""
    export = np.array([[0.4, 0.6], [0.3, 0.7], [0.51, 0.49]])
    agreed = compare(PAGE, export, multilabel=False)
    assert (3, 2) == (agreed.pictures, agreed.changed)
    assert pytest.approx(0.2) == agreed.difference


def test_each_tag_answers_for_itself_in_multilabel() -> None:
    """Multilabel: one tag that crosses 0.5 makes another answer, whatever the others say."""
    export = np.array([[0.6, 0.5], [0.3, 0.7], [0.45, 0.55]])
    assert 1 == compare(PAGE, export, multilabel=True).changed


def test_answers_are_given_at_the_thresholds_in_use() -> None:
    """One that stays on its side of 0.5 changes all the same where it crosses the threshold that was saved."""
    export = np.array([[0.62, 0.38], [0.3, 0.7], [0.45, 0.55]])
    assert 0 == compare(PAGE, export, multilabel=False).changed
    assert 1 == compare(PAGE, export, (0.61, 0.5), multilabel=False).changed


@pytest.mark.parametrize(
    ("changed", "answers"), [(0, "the same answers"), (1, "1 other answer"), (3, "3 other answers")]
)
def test_in_words(changed: int, answers: str) -> None:
    """One clause gives the numbers, the difference rounded up, so that it is never said to be 0."""
    words = f"on 20 images it differs from the page by at most 0.000001 and gives {answers}"
    assert words == str(Agreement(20, 4.1e-7, changed))
