"""Suggested thresholds: by hand, by a slow second way, by what must not matter, and in simulated projects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cvcore import metrics
from cvcore.errors import InvalidInput
from cvcore.metrics import threshold_tuning
from cvcore.metrics.threshold_tuning import Goal, Suggestion

GOALS = [Goal("f1"), Goal("precision", 0.8), Goal("recall", 0.7), Goal("cost", 3), Goal("cost", 0.5)]


def suggested(
    truth: Any,
    probabilities: Any,
    goal: Goal,
    *,
    folds: Any = None,
    groups: Any = None,
    per_tag: bool = True,
    multilabel: bool = True,
) -> Suggestion:
    """A suggestion from arrays; each image is its own group, and images are dealt out to two folds in turn."""
    truth, probabilities = np.asarray(truth, bool), np.asarray(probabilities)
    rows = np.arange(len(truth))
    table = threshold_tuning.part_counts(
        truth,
        probabilities,
        rows % 2 if folds is None else np.asarray(folds),
        rows if groups is None else np.asarray(groups),
        multilabel=multilabel,
    )
    return threshold_tuning.suggest(table, goal, per_tag=per_tag)


def drawn(images: int, tags: int, *, seed: int, multilabel: bool, skill: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    """Truth and the probabilities of a model that knows something."""
    dice = np.random.default_rng(seed)
    if multilabel:
        truth = dice.random((images, tags)) < 0.3
    else:
        truth = np.eye(tags, dtype=bool)[dice.integers(0, tags, images)]
    logits = dice.normal(size=(images, tags)) + skill * truth
    scores = 1 / (1 + np.exp(1 - logits)) if multilabel else np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return truth, scores.astype(np.float32)


# One tag; from the top: right, right, wrong, right, wrong.
TRUTH = np.array([[True], [True], [False], [True], [False]])
SCORES = np.array([[0.905], [0.805], [0.705], [0.605], [0.205]])


@pytest.mark.parametrize(
    ("goal", "low", "high", "chosen"),
    [
        # 4 answers, 3 right, none missed: F1 = 6 / 7, the best; any threshold from 21 to 60 %.
        (Goal("f1"), 0.21, 0.60, [3, 1, 0, 1]),
        # Precision 1 with the highest recall, 2 of 3: from 71 to 80 %. At 81 to 90 % it is 1 too, with less recall.
        (Goal("precision", 1.0), 0.71, 0.80, [2, 0, 1, 2]),
        # Recall 3 of 3 with the highest precision.
        (Goal("recall", 0.9), 0.21, 0.60, [3, 1, 0, 1]),
        # Recall 2 of 3 is enough, and there precision is 1.
        (Goal("recall", 0.6), 0.71, 0.80, [2, 0, 1, 2]),
        # A miss as dear as three false ones: 1 false (1) beats 1 missed (3).
        (Goal("cost", 3), 0.21, 0.60, [3, 1, 0, 1]),
        # A miss as cheap as a third of a false one: 1 missed (1/3) beats 1 false (1).
        (Goal("cost", 1 / 3), 0.71, 0.80, [2, 0, 1, 2]),
    ],
    ids=["f1", "precision", "all", "recall", "dear misses", "cheap misses"],
)
def test_by_hand(goal: Goal, low: float, high: float, chosen: list[int]) -> None:
    """Each goal finds its range of equally good thresholds and takes the middle of it, the lower of two."""
    suggestion = suggested(TRUTH, SCORES, goal)
    assert [round((100 * low + 100 * high) // 2)] == (100 * suggestion.thresholds).round().tolist()
    assert [chosen] == suggestion.chosen.tolist()
    assert (True, True) == (suggestion.defined[0], suggestion.reached[0])


def test_what_was_chosen_with_an_image_never_judges_it() -> None:
    """Nested by hand: each fold is counted at the threshold that the other fold chooses."""
    truth = np.array([[True], [False], [True], [False]])
    probabilities = np.array([[0.905], [0.505], [0.405], [0.105]])
    suggestion = suggested(truth, probabilities, Goal("f1"), folds=[0, 0, 1, 1])
    # Fold 1 alone separates from 11 to 40 %: 25 %. Fold 0 alone from 51 to 90 %: 70 %.
    assert [[0.25], [0.7]] == suggestion.by_part.tolist()
    # At 25 % fold 0 has 1 right and 1 false; at 70 % fold 1 misses its one.
    assert [[1, 1, 1, 1]] == suggestion.held_out.tolist()
    # Together the best is 11 to 40 %: 2 right, 1 false.
    assert [[2, 1, 0, 1]] == suggestion.chosen.tolist()


def slowly(truth: np.ndarray, scores: np.ndarray, goal: Goal, *, per_tag: bool, multilabel: bool) -> list[float]:
    """The definition, candidate by candidate: what is wanted is reached, then the other rate, then the middle."""
    found: list[dict[tuple[float, ...], list[float]]] = [{} for _ in range(truth.shape[1] if per_tag else 1)]
    for threshold in metrics.THRESHOLDS:
        counts = metrics.count_answers(truth, metrics.answers(scores, threshold, multilabel=multilabel))
        for rows, wishes in zip(counts[:, None] if per_tag else counts[None], found, strict=True):
            if not (rows[:, :2].sum(axis=1) > 0).any():
                continue
            with np.errstate(all="ignore"):
                precision = np.nanmean(rows[:, 0] / (rows[:, 0] + rows[:, 1]))
                recall = np.nanmean(rows[:, 0] / (rows[:, 0] + rows[:, 2]))
                f1 = np.nanmean(2 * rows[:, 0] / (2 * rows[:, 0] + rows[:, 1] + rows[:, 2]))
            wish: tuple[float, ...] = {
                "f1": (f1,),
                "cost": (-(goal.value * rows[:, 2] + rows[:, 1]).sum(),),
                "precision": (min(precision, goal.value), recall, precision),
                "recall": (min(recall, goal.value), precision, recall),
            }[goal.by]
            wishes.setdefault(tuple(round(float(each), 12) for each in wish), []).append(float(threshold))
    best = [wishes[max(wishes)] for wishes in found]
    return [ties[(len(ties) - 1) // 2] for ties in best]


@pytest.mark.parametrize("multilabel", [False, True])
@pytest.mark.parametrize("per_tag", [False, True])
@pytest.mark.parametrize("goal", GOALS, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_as_the_definition_says(goal: Goal, per_tag: bool, multilabel: bool, seed: int) -> None:
    """A slow loop over all thresholds finds the same, and the counts are those of answers at these thresholds."""
    truth, scores = drawn(80, 3, seed=seed, multilabel=multilabel)
    folds = np.random.default_rng(seed).integers(0, 4, 80)
    suggestion = suggested(truth, scores, goal, folds=folds, per_tag=per_tag, multilabel=multilabel)
    expected = slowly(truth, scores, goal, per_tag=per_tag, multilabel=multilabel)
    assert expected * (1 if per_tag else 3) == suggestion.thresholds.tolist()
    answered = metrics.answers(scores, suggestion.thresholds, multilabel=multilabel)
    np.testing.assert_array_equal(metrics.count_answers(truth, answered), suggestion.chosen)
    nested = np.zeros_like(suggestion.chosen)
    for fold in range(4):
        others, own = folds != fold, folds == fold
        chosen = slowly(truth[others], scores[others], goal, per_tag=per_tag, multilabel=multilabel)
        answered = metrics.answers(scores[own], np.resize(chosen, 3), multilabel=multilabel)
        nested += metrics.count_answers(truth[own], answered)
    np.testing.assert_array_equal(nested, suggestion.held_out)


@pytest.mark.parametrize("per_tag", [False, True])
@pytest.mark.parametrize("goal", GOALS, ids=str)
def test_order_does_not_matter(goal: Goal, per_tag: bool) -> None:
    """Other orders of images, tags and fold numbers, and images that were not evaluated, change nothing."""
    truth, scores = drawn(60, 3, seed=4, multilabel=True)
    folds = np.arange(60) % 5
    suggestion = suggested(truth, scores, goal, folds=folds, per_tag=per_tag)
    rows, columns = np.random.default_rng(1).permutation(60), [2, 0, 1]
    shuffled = suggested(
        truth[rows][:, columns], scores[rows][:, columns], goal, folds=4 - folds[rows], per_tag=per_tag
    )
    more = suggested(
        np.vstack([truth, ~truth]),
        np.vstack([scores, np.full_like(scores, np.nan)]),
        goal,
        folds=np.append(folds, np.full(60, -1)),
        per_tag=per_tag,
    )
    for name in ("thresholds", "chosen", "held_out", "reached", "defined", "everything", "nothing"):
        np.testing.assert_array_equal(getattr(suggestion, name)[columns], getattr(shuffled, name))
        np.testing.assert_array_equal(getattr(suggestion, name), getattr(more, name))


def test_the_end_point_never_wins() -> None:
    """Where the top image is wrong, precision 1 is had only by answering nothing; the best real precision is taken."""
    suggestion = suggested([[False], [True], [True]], [[0.905], [0.805], [0.205]], Goal("precision", 1.0))
    assert [[2, 1, 0, 0]] == suggestion.chosen.tolist()
    assert (True, False) == (suggestion.defined[0], suggestion.reached[0])


def test_an_uninformative_tag_is_warned_of() -> None:
    """Its best F1 is to answer it everywhere, which is said; a tag that is told apart has no such warning."""
    dice = np.random.default_rng(3)
    truth = np.column_stack([dice.random(200) < 0.4, np.arange(200) < 80])
    scores = np.column_stack([dice.random(200), np.where(truth[:, 1], 0.9, 0.1)])
    suggestion = suggested(truth, scores, Goal("f1"))
    assert [True, False] == suggestion.everything.tolist()
    assert suggestion.thresholds[0] < 0.1


def test_constant_scores() -> None:
    """All or nothing: every threshold that is reached answers everywhere, which is said."""
    suggestion = suggested([[True], [False]] * 5, [[0.5]] * 10, Goal("f1"))
    assert ([[5, 5, 0, 0]], [True]) == (suggestion.chosen.tolist(), suggestion.everything.tolist())
    assert [0.25] == suggestion.thresholds.tolist()


def test_what_cannot_be_chosen() -> None:
    """A tag without an image, and one that is never the top tag, keep 50 % and are marked."""
    truth = np.array([[True, False, False], [False, False, True], [True, False, False], [False, False, True]])
    scores = np.array([[0.8, 0.1, 0.1], [0.7, 0.2, 0.1], [0.9, 0.05, 0.05], [0.6, 0.3, 0.1]])
    for goal in GOALS:
        suggestion = suggested(truth, scores, goal, multilabel=False)
        assert [True, False, False] == suggestion.defined.tolist()
        assert [0.5, 0.5] == suggestion.thresholds[1:].tolist()
        assert not suggestion.reached[1:].any()


def test_no_answer_may_be_cheapest() -> None:
    """Where false answers are dear and the surest one is wrong, it is said that never answering would cost less."""
    truth, scores = [[False], [True], [True]], [[0.905], [0.805], [0.205]]
    dear, cheap = (suggested(truth, scores, Goal("cost", value)) for value in (0.1, 10))
    # One false and none of two missed costs 1 at either price; to answer nothing costs 0.2 or 20.
    assert [[[2, 1, 0, 0]]] * 2 == [dear.chosen.tolist(), cheap.chosen.tolist()]
    assert ([True], [False]) == (dear.nothing.tolist(), cheap.nothing.tolist())


@pytest.mark.parametrize("folds", [[-1, -1], [0, -1], [0, 1], [0, 0]])
@pytest.mark.parametrize("per_tag", [False, True])
def test_two_images(folds: list[int], per_tag: bool) -> None:
    """Hardly anything to choose on, or nothing at all, is no error."""
    for goal in GOALS:
        suggestion = suggested(np.eye(2), np.array([[0.9, 0.1], [0.2, 0.8]]), goal, folds=folds, per_tag=per_tag)
        assert ((2,), (2, 4)) == (suggestion.thresholds.shape, suggestion.held_out.shape)
        assert np.count_nonzero(np.array(folds) >= 0) == suggestion.held_out[0].sum()


def test_a_test_set_is_dealt_out() -> None:
    """Where one fold judges all, groups of near duplicates are dealt out, so that the choice is nested all the same."""
    truth, scores = drawn(40, 1, seed=2, multilabel=True)
    groups = np.arange(40) // 2
    one = suggested(truth, scores, Goal("f1"), folds=np.zeros(40, int), groups=groups)
    dealt = suggested(truth, scores, Goal("f1"), folds=groups % 5, groups=groups)
    assert (5, 1) == one.by_part.shape
    np.testing.assert_array_equal(dealt.held_out, one.held_out)


@pytest.mark.parametrize("per_tag", [False, True])
def test_nested_numbers_are_less_flattering(per_tag: bool) -> None:
    """In 200 projects of 30 images F1 on new images is what the nested numbers say; the others promise too much."""
    promised, honest, real = [], [], []
    for seed in range(200):
        truth, scores = drawn(2030, 3, seed=seed, multilabel=True, skill=1)
        suggestion = suggested(truth[:30], scores[:30], Goal("f1"), folds=np.arange(30) % 5, per_tag=per_tag)
        answered = metrics.answers(scores[30:], suggestion.thresholds, multilabel=True)
        new = metrics.count_answers(truth[30:], answered)
        for found, counts in ((promised, suggestion.chosen), (honest, suggestion.held_out), (real, new)):
            found.append(metrics.rates(counts)[2, -1])
    assert np.mean(promised) - np.mean(real) > (0.08 if per_tag else 0.03)
    assert abs(np.mean(honest) - np.mean(real)) < 0.03


@pytest.mark.parametrize(
    ("by", "value", "message"),
    [
        ("precision", 1.4, "precision to reach must be in 0..1, got 1.4"),
        ("recall", float("nan"), "recall to reach must be in 0..1, got nan"),
        ("cost", 0, "a missed image must cost above 0 and at most 1,000, got 0"),
    ],
)
def test_an_impossible_goal_is_refused(by: Any, value: float, message: str) -> None:
    """The message states the rule and the value."""
    with pytest.raises(InvalidInput) as refusal:
        Goal(by, value)
    assert message == str(refusal.value)
