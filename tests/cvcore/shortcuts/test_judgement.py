"""Tests of the classifier and of how it is judged."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore.array_types import Bools, Float32s, Integers
from cvcore.errors import InvalidInput
from cvcore.metrics.paired_comparison import adjusted
from cvcore.shortcuts import families
from cvcore.shortcuts.classifier import SMOOTHING, Scores, scores
from cvcore.shortcuts.iteration import check_size
from cvcore.shortcuts.judgement import Evaluated, Judgement, judge


def made(
    images: int = 120, tags: int = 3, seed: int = 0, *, multilabel: bool = False
) -> tuple[Float32s, Bools, Integers, Integers]:
    """Features that know a little of the tags, tags, folds and groups."""
    random = np.random.default_rng(seed)
    truth = np.eye(tags, dtype=bool)[random.integers(0, tags, images)]
    if multilabel:
        truth |= random.random(truth.shape) < 0.3
    numbers = random.normal(size=(images, 2)) + truth[:, :2]
    groups = random.integers(0, images // 2, images)
    return families.of_numbers("x", numbers).features, truth, groups % 4, groups


def judged(features: Float32s, truth: Bools, folds: Integers, groups: Integers) -> Judgement:
    """The judgement of features."""
    return judge(scores(features, truth, folds), Evaluated.of(truth, folds, groups))


def test_scores_by_hand() -> None:
    """Two images of each tag are trained on; a third is judged by the shares of its value among them."""
    truth = np.eye(2, dtype=bool)[[0, 0, 1, 1, 0]]
    features = np.eye(2, dtype=np.float32)[[0, 0, 1, 0, 0]]
    found = scores(features, truth, np.array([-1, -1, -1, -1, 0]))
    among_all, with_first, with_second = 3 / 4, 2, 1
    expected = [
        np.log((count + SMOOTHING * among_all) / (2 + SMOOTHING) / among_all) for count in (with_first, with_second)
    ]
    assert found.having[4] == pytest.approx(expected)
    assert found.lacking[4] == pytest.approx(expected[::-1])
    assert np.isnan(found.having[:4]).all()


def test_an_image_is_judged_without_its_own_tag() -> None:
    """Changing the tags of a fold changes no score of that fold."""
    features, truth, folds, _ = made()
    changed = truth.copy()
    changed[folds == 2] = np.roll(truth[folds == 2], 1, axis=1)
    before, after = scores(features, truth, folds), scores(features, changed, folds)
    assert after.having[folds == 2] == pytest.approx(before.having[folds == 2])
    assert not np.allclose(after.having[folds != 2], before.having[folds != 2])


def slow_share(found: Scores, truth: Bools, folds: Integers, tag: int, other: int | None) -> float:
    """The mean of both shares of right answers, from their definition, image by image."""
    sides: tuple[list[float], list[float]] = ([], [])
    for row in np.flatnonzero(folds >= 0):
        with_tag = truth[row, tag]
        with_other = not with_tag if other is None else truth[row, other]
        if with_tag == with_other:
            continue
        against = found.lacking[row, tag] if other is None else found.having[row, other]
        ahead = found.having[row, tag] - against
        if with_other:
            ahead = -ahead
        sides[int(with_other)].append(0.5 if ahead == 0 else float(ahead > 0))
    return float(np.mean([np.mean(side) for side in sides]))


@pytest.mark.parametrize("multilabel", [False, True])
def test_shares_as_defined(*, multilabel: bool) -> None:
    """Every pair's and every tag's share is that of a slow second implementation."""
    features, truth, folds, groups = made(multilabel=multilabel)
    found = scores(features, truth, folds)
    share = judge(found, Evaluated.of(truth, folds, groups)).share
    for tag in range(3):
        assert share[tag, 3] == pytest.approx(slow_share(found, truth, folds, tag, None))
        for other in {0, 1, 2} - {tag}:
            assert share[tag, other] == pytest.approx(slow_share(found, truth, folds, tag, other))


def test_near_duplicates_count_as_one_image() -> None:
    """Every image ten times has the same shares, and as many independent images as before."""
    features, truth, folds, _ = made(40)
    once = judged(features, truth, folds, np.arange(40))
    repeated = [np.repeat(each, 10, axis=0) for each in (features, truth, folds, np.arange(40))]
    several = judged(*repeated)
    assert several.images == pytest.approx(once.images)
    assert several.others == pytest.approx(once.others)


def test_the_order_of_images_and_tags_does_not_matter() -> None:
    """Rows and columns in another order give the same numbers in another order."""
    features, truth, folds, groups = made()
    rows, columns = np.random.default_rng(1).permutation(120), [2, 0, 1]
    before = judged(features, truth, folds, groups)
    after = judged(features[rows], truth[rows][:, columns], folds[rows], groups[rows])
    assert after.share == pytest.approx(before.share[columns][:, [*columns, 3]], nan_ok=True)
    assert after.low == pytest.approx(before.low[columns][:, [*columns, 3]], nan_ok=True)


def test_unequal_tags_do_not_flatter() -> None:
    """Numbers that say nothing are right half of the time, also if nine of ten images have one tag."""
    random = np.random.default_rng(0)
    truth = np.eye(2, dtype=bool)[(np.arange(2000) % 10 == 0).astype(int)]
    features = families.of_numbers("x", random.normal(size=(2000, 3))).features
    found = judged(features, truth, random.integers(0, 5, 2000), np.arange(2000))
    assert found.share[0, 1] == pytest.approx(0.5, abs=0.06)


def test_shuffled_tags_are_seldom_significant() -> None:
    """Of tests with shuffled tags at most about one in twenty has a p-value below 0.05."""
    p_values = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        truth = np.eye(3, dtype=bool)[random.permutation(np.arange(90) % 3)]
        features = families.of_numbers("x", random.normal(size=(90, 3))).features
        p_values.append(judged(features, truth, random.permutation(np.arange(90) % 5), np.arange(90)).p_values)
    pairs = np.stack(p_values)[:, [0, 0, 1], [1, 2, 2]]
    assert (pairs < 0.05).mean() < 0.06


def test_adjusting_as_defined() -> None:
    """Benjamini and Hochberg's step-up procedure finds the same at every level."""
    random = np.random.default_rng(0)
    p_values = np.concatenate([random.random(40), random.random(10) / 1000])
    result = adjusted(p_values)
    for level in (0.01, 0.05, 0.2):
        ordered = np.sort(p_values)
        below = np.flatnonzero(ordered <= level * np.arange(1, 51) / 50)
        found = p_values <= ordered[below[-1]] if below.size else np.zeros(50, bool)
        assert (result <= level).tolist() == found.tolist()


@pytest.mark.parametrize(("images", "tags"), [(20_000, 10_000), (300_000, 100)])
def test_too_many_are_refused(images: int, tags: int) -> None:
    """What would take gigabytes is refused with its numbers."""
    with pytest.raises(InvalidInput) as refusal:
        check_size(images, tags)
    assert str(refusal.value) == (
        "shortcuts can be looked for among at most 1,000 tags, and 20,000,000 images times tags, there are "
        f"{images:,} images and {tags:,} tags: look at a project with fewer of them"
    )
