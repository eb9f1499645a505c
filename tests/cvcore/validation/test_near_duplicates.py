"""Near duplicates are found, and nothing else is."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from scipy.sparse.csgraph import connected_components

from cvcore.errors import InvalidInput
from cvcore.validation import near_duplicates


def signature(image):
    """The upright image scaled to 8 x 8 RGB, 192 values."""
    return np.asarray(image.convert("RGB").resize((8, 8), Image.Resampling.BOX)).reshape(-1)


def saved_as_jpeg(image, quality=40):
    """The image as it is after being saved again with visible loss."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file)


def cropped(image, share):
    """The image without that share of its width and height on each side."""
    width, height = image.size
    return image.crop(
        (round(width * share), round(height * share), round(width * (1 - share)), round(height * (1 - share)))
    )


def noise(rng, rows):
    """Signatures of images that have nothing in common."""
    return rng.integers(0, 256, (rows, 192), dtype=np.uint8)


def slow_groups(signatures):
    """Every pair by the definition in float64, and everything linked by following links one at a time."""
    levels = signatures.astype(float)
    patterns = levels.reshape(-1, 64, 3) - levels.reshape(-1, 64, 3).mean(axis=1, keepdims=True)
    linked = np.zeros((len(levels), len(levels)), bool)
    for i, j in np.ndindex(linked.shape):
        distance = np.sqrt(((levels[i] - levels[j]) ** 2).mean())
        lengths = np.sqrt((patterns[i] ** 2).sum() * (patterns[j] ** 2).sum())
        is_same_pattern = lengths > 0 and (patterns[i] * patterns[j]).sum() / lengths >= 0.975
        linked[i, j] = distance <= 0.5 or (distance <= 9 and is_same_pattern)
    groups = np.full(len(levels), -1)
    for start in range(len(levels)):
        if groups[start] < 0:
            number, waiting = groups.max() + 1, [start]
            while waiting:
                item = waiting.pop()
                groups[item] = number
                waiting += [other for other in np.flatnonzero(linked[item]) if groups[other] < 0]
    return groups


def as_they_appear(groups):
    """The same groups, numbered 0, 1, 2, … by their first image."""
    _, first, index = np.unique(groups, return_index=True, return_inverse=True)
    return first.argsort().argsort()[index]


def test_alike_pictures_share_a_number():
    """Images of one group have one number, others another, and every number from 0 up is used."""
    one, other, third = noise(np.random.default_rng(0), 3)

    groups = near_duplicates.groups(np.stack([other, one, other, third, one]))

    assert [0, 1, 0, 2, 1] == as_they_appear(groups).tolist()
    assert {0, 1, 2} == set(groups.tolist())


def test_the_order_of_the_pictures_does_not_matter():
    """An image's group has the same number wherever the image stands."""
    rng = np.random.default_rng(0)
    signatures = noise(rng, 20)[rng.integers(20, size=50)]
    order = rng.permutation(50)

    expected = near_duplicates.groups(signatures)[order]

    assert expected.tolist() == near_duplicates.groups(signatures[order]).tolist()


def test_no_pictures():
    """No images are in no groups."""
    assert [] == near_duplicates.groups(np.zeros((0, 192), np.uint8)).tolist()


def test_a_chain_is_one_group():
    """An image that changes little by little is one group, though its first and last have little in common."""
    start = noise(np.random.default_rng(0), 1)[0] // 2
    slope = np.tile(np.linspace(0, 12, 64)[:, None], (1, 3)).reshape(-1)
    chain = np.stack([start + step * slope / 2 for step in range(12)]).astype(np.uint8)

    order = np.random.default_rng(1).permutation(12)

    assert [0] * 12 == near_duplicates.groups(chain[order]).tolist()
    assert 2 == near_duplicates.groups(chain[[0, 11]]).max() + 1


@pytest.mark.parametrize("seed", range(4))
def test_groups_agree_with_the_definition(seed):
    """Sorting and comparing in blocks gives the groups that comparing every pair one by one gives."""
    rng = np.random.default_rng(seed)
    spread = rng.integers(2, 60, (12, 1))
    scenes = rng.normal(0, 1, (12, 192)) * spread + rng.integers(60, 200, (12, 1))
    shots = scenes[rng.integers(12, size=120)] + rng.normal(0, 1, (120, 192)) * rng.choice([0.3, 3, 8], (120, 1))
    signatures = np.clip(shots.round(), 0, 255).astype(np.uint8)

    assert slow_groups(signatures).tolist() == as_they_appear(near_duplicates.groups(signatures)).tolist()


def test_cells_give_the_groups_of_all_pairs():
    """Of 3,000 images of many scenes, some of them flat, the groups are those that comparing all pairs gives."""
    rng = np.random.default_rng(2)
    down, across = np.mgrid[-1:1:8j, -1:1:8j]
    waves = np.stack([down, across, down * across, down**2, across**2, np.ones((8, 8))], axis=-1)
    scenes = waves @ (rng.normal(0, 1, (350, 1, 6, 3)) * rng.choice([1, 15, 40], (350, 1, 1, 1)))
    scenes = scenes.reshape(350, 192) + rng.integers(40, 210, (350, 1))
    shots = scenes[rng.integers(350, size=3000)] + rng.normal(0, 1, (3000, 192)) * rng.choice([0.3, 3, 9], (3000, 1))
    signatures = np.clip((shots + rng.normal(0, 5, (3000, 1))).round(), 0, 255).astype(np.uint8)

    levels = signatures.astype(float)
    squares = (levels**2).sum(axis=1)
    distances = (squares[:, None] + squares - 2 * levels @ levels.T) / 192
    patterns = near_duplicates._patterns(signatures).astype(float) / 4000
    linked = (distances <= 0.25) | ((distances <= 81) & (patterns @ patterns.T >= 0.975))

    expected = connected_components(linked)[1]
    groups = near_duplicates.groups(signatures)
    assert as_they_appear(expected).tolist() == as_they_appear(groups).tolist()
    assert 350 < groups.max() + 1 < 3000


def test_many_shots_of_one_scene_are_one_group():
    """Images that are all near duplicates are one group, over more rows than are compared at a time."""
    rng = np.random.default_rng(0)
    shots = noise(rng, 1)[0] * 0.8 + 20 + rng.normal(0, 3, (1500, 192))

    assert [0] * 1500 == near_duplicates.groups(shots.round().astype(np.uint8)).tolist()


def test_duplicates_are_found_across_blocks():
    """Among 8,400 images of one brightness every duplicate is found, however far apart, and no other pair."""
    rng = np.random.default_rng(0)
    singles = rng.integers(64, 192, (8_400, 96), dtype=np.uint8)
    signatures = np.hstack([singles, 255 - singles])  # a value and its complement: all are equally bright
    duplicates = signatures[:50] ^ 1
    shuffled = rng.permutation(8_450)

    groups = near_duplicates.groups(np.concatenate([signatures, duplicates])[shuffled])

    back = groups[np.argsort(shuffled)]
    assert back[:50].tolist() == back[8_400:].tolist()
    assert 8_400 == groups.max() + 1


@pytest.mark.parametrize("rows", [0, 1, 2, 8192, 8193, 20_000])
def test_equal_signatures_are_compared_once(rows):
    """One row of each is found, wherever a block of rows ends, as NumPy finds it."""
    rng = np.random.default_rng(rows)
    signatures = rng.integers(0, 256, (rows // 2 + 1, 192), np.uint8)[rng.integers(0, rows // 2 + 1, rows)]
    first, index = near_duplicates._distinct(signatures)
    distinct, places = np.unique(signatures, axis=0, return_inverse=True)
    np.testing.assert_array_equal(signatures[first], distinct)
    np.testing.assert_array_equal(index, places.reshape(-1))


def test_flat_pictures_of_like_colour_are_not_the_same():
    """Soft colour fields differ by little; their slight patterns separate them."""
    rng = np.random.default_rng(0)
    colours = rng.integers(100, 110, (300, 1, 1, 3))
    down, across = np.mgrid[-1:1:8j, -1:1:8j]
    slopes = rng.normal(0, 4, (300, 2))
    fields = colours + (slopes[:, 0, None, None] * down + slopes[:, 1, None, None] * across)[..., None]
    grain = rng.normal(0, 1, fields.shape)

    groups = near_duplicates.groups(np.clip((fields + grain).round(), 0, 255).astype(np.uint8).reshape(300, -1))

    assert np.bincount(groups).max() <= 5


def test_uniform_pictures_are_the_same_only_if_equal():
    """Plain colours one level apart are different images, and do not chain through all the colours between."""
    shades = np.repeat(np.arange(50, 80, dtype=np.uint8)[:, None], 192, axis=1)

    groups = near_duplicates.groups(np.concatenate([shades, shades]))

    assert [*range(30), *range(30)] == groups.tolist()


@pytest.mark.parametrize("name", ["flowers5", "grocery30", "trash6", "vehicle_damage3"])
def test_altered_photos_are_found(shared, name):
    """A photo saved again, resized, a little brighter or darker or a little cropped is found beside its original."""
    files = sorted((shared / "datasets" / name).rglob("*.jpg"))
    photos = [Image.open(file).convert("RGB") for file in files[:: len(files) // 40]]
    altered = {
        "saved as JPEG": saved_as_jpeg,
        "halved": lambda photo: photo.reduce(2),
        "brighter": lambda photo: ImageEnhance.Brightness(photo).enhance(1.03),
        "darker": lambda photo: ImageEnhance.Brightness(photo).enhance(0.97),
        "cropped by 1 % a side": lambda photo: cropped(photo, 0.01),
    }
    originals = [signature(photo) for photo in photos]
    for how, alter in altered.items():
        groups = near_duplicates.groups(np.stack(originals + [signature(alter(photo)) for photo in photos]))
        assert groups[: len(photos)].tolist() == groups[len(photos) :].tolist(), how


@pytest.mark.parametrize(
    ("name", "duplicates"),
    [
        ("flowers5", [{"6606809995_edee55b770_m.jpg", "6606813305_c992231d29_m.jpg"}]),
        ("grocery30", [{"Passion-Fruit_026.jpg", "ebefde_Passion-Fruit_016.jpg"}]),
        ("trash6", []),
        ("vehicle_damage3", []),
    ],
)
def test_different_photos_are_kept_apart(shared, name, duplicates):
    """In sets of photos with much in common, only those that are shots of one scene share a group."""
    files = sorted((shared / "datasets" / name).rglob("*.jpg"))
    groups = near_duplicates.groups(np.stack([signature(Image.open(file)) for file in files]))

    shared_by = [np.flatnonzero(groups == group) for group in np.flatnonzero(np.bincount(groups) > 1)]

    assert duplicates == [{files[position].name for position in positions} for positions in shared_by]


def test_signatures_of_another_shape_are_refused():
    """A signature is 192 values."""
    with pytest.raises(InvalidInput) as refusal:
        near_duplicates.groups(np.zeros((5, 64), np.uint8))

    assert "signatures must have one row per image and 8 x 8 x 3 columns, got shape (5, 64)" == str(refusal.value)
