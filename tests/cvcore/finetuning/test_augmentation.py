"""Every transform does what its words say, and nothing else; a domain's policy is its own."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore import domains
from cvcore.domains import Border, Policy
from cvcore.errors import InvalidInput
from cvcore.finetuning.features import device_augmentation
from cvcore.finetuning.features.augmentation import augmented, draw
from cvcore.networks import keras_backend

IMAGE = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
ROWS = np.repeat(np.arange(0, 128, 4, dtype=np.uint8)[:, None, None], 32, axis=1).repeat(3, axis=2)


def copies(policy: Policy, image: np.ndarray = IMAGE, count: int = 40) -> list[np.ndarray]:
    return [augmented(image, policy, np.random.default_rng(seed)) for seed in range(count)]


@pytest.mark.parametrize("name", domains.TRANSFORM_NAMES)
def test_each_transform_changes_pictures_and_keeps_their_shape(name: str) -> None:
    """Some of forty copies differ, all have the same size, and the same seed gives the same copy."""
    drawn = copies(Policy((name,)))
    assert any(not np.array_equal(copy, IMAGE) for copy in drawn)
    assert {((32, 32, 3), np.dtype(np.uint8))} == {(copy.shape, copy.dtype) for copy in drawn}
    assert all(map(np.array_equal, drawn, copies(Policy((name,)))))


def test_a_mirror_swaps_left_and_right_alone() -> None:
    """A copy is the image or its mirror image, and both come."""
    kinds = {
        tuple(np.array_equal(copy, one) for one in (IMAGE, IMAGE[:, ::-1])) for copy in copies(Policy(("mirror",)))
    }
    assert {(True, False), (False, True)} == kinds


def test_a_spin_is_by_quarters() -> None:
    """A copy is the image turned by no, one, two or three quarters, and all come."""
    quarters = [np.rot90(IMAGE, turns) for turns in range(4)]
    found = {
        next(turns for turns in range(4) if np.array_equal(copy, quarters[turns])) for copy in copies(Policy(("spin",)))
    }
    assert {0, 1, 2, 3} == found


def test_a_shift_moves_the_picture_by_at_most_a_tenth() -> None:
    """Of an image that grows brighter downwards by 4 a row, no row's brightness moves by more than 4 rows' worth."""
    middles = [copy[16, 16, 0] for copy in copies(Policy(("shift",)), ROWS)]
    moved = (np.array(middles, float) - 64) / 4
    assert 1 < np.abs(moved).max() <= 3.2 + 0.25


def test_what_lies_beyond_the_edge() -> None:
    """A line just inside the edge of a shrunk image shows twice with a mirrored border, once with a drawn-on edge."""
    image = np.zeros((32, 32, 3), np.uint8)
    image[2:4] = 200
    most = {}
    for border in ("reflect", "edge"):
        lines = [
            np.count_nonzero(np.diff((copy[:16, 16, 0] > 80).astype(int)) == 1)
            for copy in copies(Policy(("zoom",), border), image)
        ]
        most[border] = max(lines)
    assert {"reflect": 2, "edge": 1} == most


def test_light_leaves_the_order_of_brightness() -> None:
    """Darker or brighter, what was brighter stays at least as bright."""
    for copy in copies(Policy(("light",)), ROWS):
        assert (np.diff(copy[:, 16, 0].astype(int)) >= 0).all()


def test_colour_leaves_grey_grey() -> None:
    """A grey image has no colour to strengthen."""
    assert all(np.array_equal(copy, ROWS) for copy in copies(Policy(("colour",)), ROWS))


def test_a_cover_is_grey_and_smaller_than_a_third_of_each_side() -> None:
    """What changes lies in one grey rectangle of at most 35 % of the height and of the width."""
    for copy in copies(Policy(("cover",))):
        changed = (copy != IMAGE).any(axis=2)
        if changed.any():
            assert (copy[changed] == 128).all()
            rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
            assert max(np.ptp(rows), np.ptp(columns)) < 0.35 * 32


def test_unknown_transforms_are_refused() -> None:
    """The message says which there are."""
    with pytest.raises(InvalidInput) as refusal:
        domains.with_transforms(Policy(()), ["blur"])
    known = "mirror, turn, spin, zoom, shift, light, colour, cover"
    assert f"a transform must be one of {known}, got 'blur'" == str(refusal.value)


def test_the_domains_policies() -> None:
    """Plates are seen from above any way round, buildings stand upright and may be hidden, goods are not mirrored."""
    by_name = {domain.name: domain.policy for domain in domains.DOMAINS}
    assert "spin" in by_name["Food"].transforms
    assert "cover" in by_name["Landmarks"].transforms
    assert not {"mirror", "turn", "spin"} & set(by_name["Landmarks"].transforms)
    assert ("edge", False) == (by_name["Retail"].border, "mirror" in by_name["Retail"].transforms)
    assert by_name["General"] == by_name["General (compact)"] == by_name["Built-in"]


@pytest.mark.network
@pytest.mark.parametrize("border", ["reflect", "edge"])
def test_the_device_changes_images_alike(border: Border) -> None:
    """The program for a GPU gives what Pillow gives, by the same random choices, but for a level or two."""
    keras_backend.prepare_backend()
    policy, count = Policy(domains.TRANSFORM_NAMES, border), 40
    changes = [draw(policy, len(IMAGE), np.random.default_rng(seed)) for seed in range(count)]
    images = np.repeat(IMAGE[None], count, axis=0)
    by_device = device_augmentation.augment(images, device_augmentation.as_rows(changes), border).numpy()
    differences = np.abs(by_device - np.stack(copies(policy, count=count)))
    assert differences.mean() < 0.01
    assert differences.max() <= 3
