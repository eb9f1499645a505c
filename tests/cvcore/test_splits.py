"""Near duplicates are found and nothing else is, and folds keep them together, spread the tags and can be judged."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageEnhance

from cvcore import splits
from cvcore.errors import InvalidInput

quick = settings(deadline=None, max_examples=100)


def signature(image):
    """The upright picture squeezed to 8 x 8 RGB, 192 values."""
    return np.asarray(image.convert("RGB").resize((8, 8), Image.Resampling.BOX)).reshape(-1)


def saved_as_jpeg(image, quality=40):
    """The picture as it is after being saved again with visible loss."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file)


def cropped(image, share):
    """The picture without that share of its width and height on each side."""
    width, height = image.size
    return image.crop(
        (round(width * share), round(height * share), round(width * (1 - share)), round(height * (1 - share)))
    )


def noise(rng, rows):
    """Signatures of pictures that have nothing in common."""
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
    """The same groups, numbered 0, 1, 2, … by their first picture."""
    _, first, index = np.unique(groups, return_index=True, return_inverse=True)
    return first.argsort().argsort()[index]


# Near duplicates


def test_alike_pictures_share_a_number():
    """Pictures of one group have one number, others another, and every number from 0 up is used."""
    one, other, third = noise(np.random.default_rng(0), 3)

    groups = splits.near_duplicate_groups(np.stack([other, one, other, third, one]))

    assert [0, 1, 0, 2, 1] == as_they_appear(groups).tolist()
    assert {0, 1, 2} == set(groups.tolist())


def test_the_order_of_the_pictures_does_not_matter():
    """A picture's group has the same number wherever the picture stands."""
    rng = np.random.default_rng(0)
    signatures = noise(rng, 20)[rng.integers(20, size=50)]
    order = rng.permutation(50)

    expected = splits.near_duplicate_groups(signatures)[order]

    assert expected.tolist() == splits.near_duplicate_groups(signatures[order]).tolist()


def test_no_pictures():
    """No pictures are in no groups."""
    assert [] == splits.near_duplicate_groups(np.zeros((0, 192), np.uint8)).tolist()


def test_a_chain_is_one_group():
    """A picture that changes little by little is one group, though its first and last have little in common."""
    start = noise(np.random.default_rng(0), 1)[0] // 2
    slope = np.tile(np.linspace(0, 12, 64)[:, None], (1, 3)).reshape(-1)
    chain = np.stack([start + step * slope / 2 for step in range(12)]).astype(np.uint8)

    order = np.random.default_rng(1).permutation(12)

    assert [0] * 12 == splits.near_duplicate_groups(chain[order]).tolist()
    assert 2 == splits.near_duplicate_groups(chain[[0, 11]]).max() + 1


@pytest.mark.parametrize("seed", range(4))
def test_groups_agree_with_the_definition(seed):
    """Sorting and comparing in blocks gives the groups that comparing every pair one by one gives."""
    rng = np.random.default_rng(seed)
    spread = rng.integers(2, 60, (12, 1))
    scenes = rng.normal(0, 1, (12, 192)) * spread + rng.integers(60, 200, (12, 1))
    shots = scenes[rng.integers(12, size=120)] + rng.normal(0, 1, (120, 192)) * rng.choice([0.3, 3, 8], (120, 1))
    signatures = np.clip(shots.round(), 0, 255).astype(np.uint8)

    assert slow_groups(signatures).tolist() == as_they_appear(splits.near_duplicate_groups(signatures)).tolist()


def test_twins_are_found_across_blocks():
    """Among 8,400 pictures of one brightness every twin is found, however far apart they lie, and no other pair is."""
    rng = np.random.default_rng(0)
    singles = rng.integers(64, 192, (8_400, 96), dtype=np.uint8)
    signatures = np.hstack([singles, 255 - singles])  # a value and its complement: all are equally bright
    twins = signatures[:50] ^ 1
    shuffled = rng.permutation(8_450)

    groups = splits.near_duplicate_groups(np.concatenate([signatures, twins])[shuffled])

    back = groups[np.argsort(shuffled)]
    assert back[:50].tolist() == back[8_400:].tolist()
    assert 8_400 == groups.max() + 1


def test_flat_pictures_of_like_colour_are_not_the_same():
    """Soft colour fields differ by little; they are told apart by what little pattern they have."""
    rng = np.random.default_rng(0)
    colours = rng.integers(100, 110, (300, 1, 1, 3))
    down, across = np.mgrid[-1:1:8j, -1:1:8j]
    slopes = rng.normal(0, 4, (300, 2))
    fields = colours + (slopes[:, 0, None, None] * down + slopes[:, 1, None, None] * across)[..., None]
    grain = rng.normal(0, 1, fields.shape)

    groups = splits.near_duplicate_groups(np.clip((fields + grain).round(), 0, 255).astype(np.uint8).reshape(300, -1))

    assert np.bincount(groups).max() <= 5


def test_uniform_pictures_are_the_same_only_if_equal():
    """Plain colours one level apart are different pictures, and do not chain through all the colours between."""
    shades = np.repeat(np.arange(50, 80, dtype=np.uint8)[:, None], 192, axis=1)

    groups = splits.near_duplicate_groups(np.concatenate([shades, shades]))

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
        groups = splits.near_duplicate_groups(np.stack(originals + [signature(alter(photo)) for photo in photos]))
        assert groups[: len(photos)].tolist() == groups[len(photos) :].tolist(), how


@pytest.mark.parametrize(
    ("name", "twins"),
    [
        ("flowers5", [{"6606809995_edee55b770_m.jpg", "6606813305_c992231d29_m.jpg"}]),
        ("grocery30", [{"Passion-Fruit_026.jpg", "ebefde_Passion-Fruit_016.jpg"}]),
        ("trash6", []),
        ("vehicle_damage3", []),
    ],
)
def test_different_photos_are_kept_apart(shared, name, twins):
    """In sets of photos with much in common, only those that are shots of one scene share a group."""
    files = sorted((shared / "datasets" / name).rglob("*.jpg"))
    groups = splits.near_duplicate_groups(np.stack([signature(Image.open(file)) for file in files]))

    shared_by = [np.flatnonzero(groups == group) for group in np.flatnonzero(np.bincount(groups) > 1)]

    assert twins == [{files[position].name for position in positions} for positions in shared_by]


def test_signatures_of_another_shape_are_refused():
    """A signature is 192 values."""
    with pytest.raises(InvalidInput) as refusal:
        splits.near_duplicate_groups(np.zeros((5, 64), np.uint8))

    assert "signatures must be one row a picture, 8 x 8 x 3 values each, got shape (5, 64)" == str(refusal.value)


# Folds


@st.composite
def projects(draw):
    """Truth with up to five tags a row, or exactly one, and groups of any sizes."""
    rows, tags = draw(st.integers(0, 40)), draw(st.integers(1, 5))
    truth = draw(arrays(np.bool_, (rows, tags)))
    if draw(st.booleans()):
        truth = draw(arrays(np.int64, rows, elements=st.integers(0, tags - 1)))[:, None] == np.arange(tags)
    return truth, draw(arrays(np.int64, rows, elements=st.integers(0, max(1, rows))))


@quick
@given(projects(), st.integers(0, 9), st.integers(2, 7))
def test_groups_are_never_split(project, seed, most):
    """Near duplicates share a fold, and folds are numbered from 0 to the count, with -1 for none."""
    truth, groups = project

    folds = splits.folds(truth, groups, seed=seed, most=most)

    assert dict.fromkeys(groups, 1) == {group: len(set(folds[groups == group])) for group in groups}
    assert set(folds) <= set(range(-1, splits.fold_count(truth, groups, most=most)))


@quick
@given(projects(), st.integers(0, 9))
def test_every_evaluated_picture_can_be_judged(project, seed):
    """Whatever tag an evaluated picture carries, the pictures its fold trains on carry it too."""
    truth, groups = project

    folds = splits.folds(truth, groups, seed=seed)

    for fold in set(folds) - {-1}:
        judged, training = truth[folds == fold].any(axis=0), truth[folds != fold].any(axis=0)
        assert not (judged & ~training).any()


@quick
@given(projects(), st.integers(0, 9), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(project, seed, random):
    """The same pictures in the same groups get the same folds, in whatever order they come, and again each time."""
    truth, groups = project
    order = random.sample(range(len(truth)), len(truth))

    folds = splits.folds(truth, groups, seed=seed)

    assert folds[order].tolist() == splits.folds(truth[order], groups[order], seed=seed).tolist()


@quick
@given(st.lists(st.integers(2, 30), min_size=1, max_size=6), st.integers(0, 9))
def test_single_pictures_are_spread_evenly(images_per_tag, seed):
    """Without duplicates each tag's pictures, one tag each, are spread over the folds to within one."""
    tags = np.repeat(np.arange(len(images_per_tag)), images_per_tag)
    truth = tags[:, None] == np.arange(len(images_per_tag))

    folds = splits.folds(truth, np.arange(len(tags)), seed=seed)

    count = min(5, *images_per_tag)
    assert count == splits.fold_count(truth, np.arange(len(tags)))
    for tag in range(len(images_per_tag)):
        per_fold = np.bincount(folds[tags == tag], minlength=count)
        assert per_fold.max() - per_fold.min() <= 1


def test_pictures_without_a_tag_are_spread_too():
    """Pictures of nothing are part of the evaluation, as many in each fold, and so are those with two tags."""
    truth = np.zeros((75, 2), bool)
    truth[:25, 0] = truth[20:45, 1] = True

    folds = splits.folds(truth, np.arange(75), seed=0)

    assert [6] * 5 == np.bincount(folds[45:]).tolist()
    assert [5] * 5 == np.bincount(folds[truth[:, 0]]).tolist() == np.bincount(folds[truth[:, 1]]).tolist()


def test_seeds_draw_different_folds():
    """Another seed gives another drawing."""
    truth = np.ones((20, 1), bool)

    first, second = (splits.folds(truth, np.arange(20), seed=seed).tolist() for seed in (0, 1))

    assert first != second


def test_a_tag_in_a_single_group_is_trained_but_not_evaluated():
    """Twenty shots of one scene cannot tell how well a tag does elsewhere: they stay in every training."""
    truth = np.repeat([[True, False], [False, True]], 20, axis=0)
    groups = np.concatenate([np.arange(20), np.full(20, 99)])

    folds = splits.folds(truth, groups, seed=0)

    assert [4] * 5 == np.bincount(folds[:20]).tolist()
    assert {-1} == set(folds[20:])


def test_a_tag_that_cannot_be_in_two_folds_is_not_evaluated():
    """Three pictures, each two with a tag of their own, cannot all be parted by two folds: two stay in training."""
    truth = np.array([[False, True, True], [True, False, True], [True, True, False]])

    for seed in range(10):
        folds = splits.folds(truth, np.arange(3), seed=seed)
        assert 2 == np.count_nonzero(folds == -1)


def test_fold_count_follows_the_tag_in_fewest_groups():
    """Three groups of a tag make three folds, two or fewer make two, and many make no more than asked for."""
    truth = np.repeat(np.eye(2, dtype=bool), 10, axis=0)
    own = np.arange(20)

    assert 5 == splits.fold_count(truth, own)
    assert 10 == splits.fold_count(truth, own, most=12)
    assert 3 == splits.fold_count(truth, np.where(own < 10, own, 10 + own % 3))
    assert 2 == splits.fold_count(truth, np.where(own < 10, own, 10 + own % 2))
    assert 5 == splits.fold_count(truth, np.where(own < 10, own, 10))
    assert 2 == splits.fold_count(truth, np.zeros(20, int), most=2)


@pytest.mark.parametrize("count", [splits.fold_count, lambda *data, most: splits.folds(*data, seed=0, most=most)])
def test_one_fold_is_refused(count):
    """With one fold there would be nothing to train on."""
    with pytest.raises(InvalidInput) as refusal:
        count(np.ones((4, 1), bool), np.arange(4), most=1)

    assert "most must be 2 folds or more, got 1" == str(refusal.value)


def test_real_multilabel_tags_are_spread(shared):
    """Twelve animals with a long tail: every fold gets its share of each, and of all, to within two pictures."""
    with (shared / "datasets" / "voc_animals_ml12" / "labels.csv").open() as file:
        labels = [set(row["labels"].split("|")) - {""} for row in csv.DictReader(file)]
    tags = sorted(set().union(*labels))
    truth = np.array([[tag in carried for tag in tags] for carried in labels])

    folds = splits.folds(truth, np.arange(len(truth)), seed=0)

    per_fold = np.array([truth[folds == fold].sum(axis=0) for fold in range(5)])
    assert (np.abs(per_fold - truth.sum(axis=0) / 5) <= 2).all()
    assert (np.abs(np.bincount(folds) - len(truth) / 5) <= 2).all()


@quick
@given(projects(), st.integers(0, 5))
def test_what_is_kept_aside_has_no_twin_in_training(project, seed):
    """Groups stay on one side, every tag of a judged picture is in training, and the rows' order does not matter."""
    truth, groups = project
    folds = splits.hold_out(truth, groups, seed=seed)
    assert set(folds.tolist()) <= {0, -1}
    judged, trains = folds == 0, folds < 0
    assert not np.isin(groups[judged], groups[trains]).any()
    assert not (truth[judged].any(axis=0) & ~truth[trains].any(axis=0)).any()
    order = np.random.default_rng(seed).permutation(len(truth))
    assert folds[order].tolist() == splits.hold_out(truth[order], groups[order], seed=seed).tolist()


@pytest.mark.parametrize("images_per_tag", [5, 20, 37])
def test_one_picture_in_five_of_each_tag_is_kept_aside(images_per_tag):
    """However many images a tag has, a fifth of them is judged, to within one."""
    truth = np.repeat(np.eye(3, dtype=bool), images_per_tag, axis=0)
    folds = splits.hold_out(truth, np.arange(len(truth)), seed=0)
    for tag in range(3):
        assert abs((folds[truth[:, tag]] == 0).sum() - images_per_tag / 5) < 1
        assert (folds[truth[:, tag]] == 0).any()


def test_a_tag_in_two_groups_may_be_kept_aside_by_half():
    """Two groups suffice for both sides, and a tag in one group is only trained with."""
    truth = np.array([[True, False]] * 6 + [[False, True]] * 6)
    groups = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2])
    folds = splits.hold_out(truth, groups, seed=0)
    assert {0, -1} == set(folds[:6].tolist())
    assert {-1} == set(folds[6:].tolist())


@quick
@given(projects(), st.integers(0, 5))
def test_chosen_test_pictures_never_train(project, seed):
    """Neither do near duplicates of theirs; and whatever tag is judged, something that trains carries it."""
    truth, groups = project
    is_test = np.random.default_rng(seed).random(len(truth)) < 0.3
    folds, trains = splits.judged_apart(truth, groups, is_test)
    assert not (trains & is_test).any()
    assert not np.isin(groups[trains], groups[is_test]).any()
    assert not (folds == 0)[~is_test].any()
    assert not (truth[folds == 0].any(axis=0) & ~truth[trains].any(axis=0)).any()
