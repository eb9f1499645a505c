"""Each change does to an image what its name says, more so at every strength, and nothing at strength 0."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore.robustness.changes import BY_NAME, CHANGES, CONDITIONS, Change, Pixels, changed


@pytest.fixture(scope="module")
def image() -> Pixels:
    """A grey square of 64 pixels with soft shapes, a bright half and fine noise."""
    rows, columns = np.mgrid[:64, :64] / 64
    waves = 90 + 60 * np.sin(7 * rows + 3 * columns) + 40 * (columns > 0.5)
    noise = np.random.default_rng(1).normal(0, 4, (64, 64, 3))
    return np.clip(waves[..., None] + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_a_change_grows_with_its_strength(change: Change, image: Pixels) -> None:
    """Five strengths ascend, each moves the pixels farther than the one before, and 0 moves none.

    A turn by 180 degrees is compared with the others only in being one: waves turned by 90 may differ more.
    """
    distances = [
        float(np.abs(changed(image, change, strength, 3).astype(int) - image).mean()) for strength in change.strengths
    ]
    assert 5 == len(change.strengths)
    assert np.array_equal(image, changed(image, change, 0, 3))
    assert all(distance > 0 for distance in distances)
    if change.name != "turned":
        assert distances == sorted(distances)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_a_change_is_the_same_each_time(change: Change, image: Pixels) -> None:
    """The page draws the pixels that were judged; another image has another patch, and the original stays."""
    before = image.copy()
    strength = change.strengths[2]
    assert np.array_equal(changed(image, change, strength, 5), changed(image, change, strength, 5))
    assert np.array_equal(before, image)
    others = [changed(image, change, strength, number) for number in range(8)]
    differ = any(not np.array_equal(others[0], other) for other in others)
    assert differ == (change.name in ("turned", "covered", "noisy"))
    assert (image.shape, np.uint8) == (others[0].shape, others[0].dtype)


@pytest.mark.parametrize("degrees", [0, 360, 720])
def test_a_full_turn_changes_nothing(image: Pixels, degrees: int) -> None:
    """Turned by a full circle an image is bit for bit the same."""
    assert np.array_equal(image, changed(image, BY_NAME["turned"], degrees, 1))


def test_quarters_are_quarters(image: Pixels) -> None:
    """Turned by 90 and 180 degrees, pixels change their place only."""
    quarter = changed(image, BY_NAME["turned"], 90, 1)
    assert any(np.abs(np.rot90(image, turns).astype(int) - quarter).max() <= 1 for turns in (1, 3))
    half = changed(image, BY_NAME["turned"], 180, 1)
    assert np.abs(np.rot90(image, 2).astype(int) - half).max() <= 1


def test_stops_halve_and_double_the_light() -> None:
    """One stop less is half of the light that falls on the sensor: of linear light, not of the levels in the file."""
    grey = np.full((4, 4, 3), 188, np.uint8)  # half of the light of white, as sRGB writes it
    assert 188 == changed(np.full((4, 4, 3), 255, np.uint8), BY_NAME["darker"], 1, 0)[0, 0, 0]
    assert 255 == changed(grey, BY_NAME["brighter"], 1, 0)[0, 0, 0]
    assert abs(137 - int(changed(grey, BY_NAME["darker"], 1, 0)[0, 0, 0])) <= 1


@pytest.mark.parametrize("percent", BY_NAME["covered"].strengths)
def test_the_share_covered(percent: float) -> None:
    """The patch has the share of the area that is named, and lies in the image."""
    covered = changed(np.zeros((224, 224, 3), np.uint8), BY_NAME["covered"], percent, 7)
    assert (covered == 128).mean() == pytest.approx(percent / 100, abs=0.005)


def test_any_size_can_be_changed() -> None:
    """Networks with small inputs get changed images too."""
    for change, strength in CONDITIONS:
        assert (8, 8, 3) == changed(np.full((8, 8, 3), 90, np.uint8), change, strength, 0).shape


def test_strengths_have_words() -> None:
    """People can name every condition, each in its own words."""
    said = [change.in_words(strength) for change, strength in CONDITIONS]
    assert len(set(said)) == len(CONDITIONS)
    assert {"turned by 20°", "darkened by 1 stop", "blurred by 2 % of its width", "shrunk to 1/8 of its size"} < set(
        said
    )
    assert {"covered by 30 %", "with noise of 8 %", "saved as JPEG of quality 10", "brightened by 1.5 stops"} < set(
        said
    )
    assert "unchanged" == BY_NAME["turned"].in_words(0)
