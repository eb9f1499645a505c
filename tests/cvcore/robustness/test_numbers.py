"""Numbers of changed images: by hand, straight from the definition, and where nothing may change."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore import metrics, robustness
from cvcore.metrics import paired_comparison
from cvcore.metrics.paired_comparison import RATES
from cvcore.robustness import Measurement
from cvcore.robustness.changes import CONDITIONS
from cvcore.robustness.numbers import numbers, rounded
from tests.cvcore.robustness.conftest import GROUPS, TRUTH, scripted

PRECISION, RECALL, F1 = range(3)
TURNED_20 = 1


def test_by_hand() -> None:
    """Of ten roses four are taken for tulips when turned by 20 degrees, of which the tulips' precision suffers."""
    found = numbers(scripted({("turned", 20): 4}), TRUTH, GROUPS, 0.5)
    assert [10, 10] == found.images.tolist()
    assert [1, 1, 1] == found.values[RECALL, 0].tolist()
    assert [0.6, 1, 0.8] == found.values[RECALL, 1 + TURNED_20].tolist()
    assert [1, 10 / 14, 12 / 14] == pytest.approx(found.values[PRECISION, 1 + TURNED_20].tolist())
    assert [-0.4, 0, -0.2] == pytest.approx(found.change[RECALL, TURNED_20].tolist())
    others = np.delete(found.values, 1 + TURNED_20, axis=1)
    assert (others == 1).all()
    assert (found.low <= found.values).all()
    assert (found.values <= found.high).all()


def test_the_threshold_counts() -> None:
    """Above 90 % nothing is answered; at one threshold per tag each has its own."""
    measurement = scripted({})
    assert 0 == numbers(measurement, TRUTH, GROUPS, 0.91).values[RECALL, 0, -1]
    assert [0, 1, 0.5] == numbers(measurement, TRUTH, GROUPS, (0.95, 0.5)).values[RECALL, 0].tolist()
    assert (0.33, (0.5, 0.13)) == (rounded(0.333), rounded((0.5, 0.126)))


def test_straight_from_the_definition() -> None:
    """A slow count of every image under every condition gives the same rates and differences, at any threshold."""
    random = np.random.default_rng(4)
    truth = random.random((30, 3)) < 0.4
    probabilities = random.random((1 + len(CONDITIONS), 30, 3))
    levels = np.stack([metrics.levels(each, truth, multilabel=True) for each in probabilities])
    rows = np.arange(30)
    for threshold in (0.0, 0.3, 0.5, 1.0):
        found = numbers(Measurement(rows, levels, np.array(True)), truth, rows, threshold)
        for condition, each in enumerate(probabilities):
            answered = each >= threshold
            for tag in range(3):
                both = sum(bool(a and b) for a, b in zip(answered[:, tag], truth[:, tag], strict=True))
                expected = [
                    both / total if total else np.nan for total in (answered[:, tag].sum(), truth[:, tag].sum())
                ]
                np.testing.assert_allclose(found.values[:2, condition, tag], expected)
        compared = paired_comparison.differences(
            truth, probabilities[7] >= threshold, probabilities[0] >= threshold, rows
        )
        np.testing.assert_allclose(found.change[:, 6], compared.value)
        np.testing.assert_allclose(found.change_low[:, 6], compared.low)


def test_order_and_names_do_not_matter() -> None:
    """The order of the images changes no number, and tags that change places take their numbers along."""
    measurement = scripted({("turned", 20): 4, ("noisy", 8): 2})
    before = numbers(measurement, TRUTH, GROUPS, 0.5)
    order = np.random.default_rng(0).permutation(20)
    levels = measurement.levels[:, order][:, :, ::-1]
    after = numbers(Measurement(np.arange(20), levels, measurement.is_own), TRUTH[order][:, ::-1], GROUPS, 0.5)
    columns = [1, 0, 2]
    for name in ("values", "low", "high", "change", "change_low", "change_high"):
        np.testing.assert_allclose(getattr(before, name), getattr(after, name)[:, :, columns], atol=1e-12)


def test_what_changes_nothing_has_no_difference() -> None:
    """Where every image is answered as before, the difference is 0 and within its interval."""
    found = numbers(scripted({}), TRUTH, GROUPS, 0.5)
    assert (found.change == 0).all()
    assert (found.change_low < 0).all()
    assert (found.change_high > 0).all()
    assert [] == robustness.findings(found)


def test_near_duplicates_count_less() -> None:
    """Ten images of one series are less certain than ten of their own: the interval is wider."""
    measurement = scripted({("turned", 20): 4})
    alone = numbers(measurement, TRUTH, GROUPS, 0.5)
    alike = numbers(measurement, TRUTH, GROUPS // 4, 0.5)
    widths = [each.change_high - each.change_low for each in (alone, alike)]
    assert widths[0][RECALL, TURNED_20, 0] < widths[1][RECALL, TURNED_20, 0]
    assert ("precision", "recall", "f1") == RATES
