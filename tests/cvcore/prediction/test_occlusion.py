"""What is laid over an image is what the model says when that part is covered."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image as Pillow

from cvcore import evaluation, prediction
from cvcore.errors import Conflict, ImageRefused
from cvcore.files import blobs
from cvcore.networks import architectures, backbones, feature_extraction
from cvcore.networks.builtin import network
from cvcore.prediction import occlusion
from cvcore.prediction.occlusion import CELLS, COVER, PLACES, Explanation
from cvcore.records import Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store

LIMITS = Limits()
SIDE = 160

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]


def png(pixels: np.ndarray) -> bytes:
    """Pixels as a file."""
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def red_corner() -> bytes:
    """A grey image whose top right corner, a quarter of each side, is red."""
    pixels = np.full((SIDE, SIDE, 3), 128, np.uint8)
    pixels[: SIDE // 4, -SIDE // 4 :] = (230, 20, 20)
    return png(pixels)


@pytest.fixture
def likes_red(store: Store, fill: Fill, trained: Trained) -> Iteration:
    """An iteration to which an image is the more red the more strong red there is, and which heeds nothing else."""
    iteration = trained(fill(red=5, other=5))
    square = np.full((2, network.SIDE, network.SIDE, 3), 128, np.uint8)
    square[1, :32, -32:] = (230, 20, 20)
    folder = blobs.backbones_folder(store.home)
    built_in = backbones.prepare(architectures.NAME_BUILT_IN, network.SIDE, folder)
    without, with_red = feature_extraction.load(built_in, folder)(square)
    is_colour = np.arange(network.DIMENSION) >= network.SHAPES
    colours = np.where(is_colour, np.maximum(with_red - without, 0), 0)
    kernel = np.stack([0 * colours, 5 * colours / (colours @ colours)], axis=1)
    folder = blobs.iteration_folder(store.home, iteration.id)
    with np.load(folder / evaluation.ARRAYS) as arrays:
        fields = dict(arrays) | {"kernel": kernel.astype(np.float32), "bias": np.float32([0, -2])}
    evaluation.save(folder, evaluation.OutOfFold(**fields))
    return iteration


def test_the_corner_that_matters_is_found(store: Store, likes_red: Iteration, red_corner: bytes) -> None:
    """The heat lies on it and nowhere else, and the frame covers it whole."""
    told = occlusion.explain(store, likes_red, red_corner, limits=LIMITS)
    red = told.names.index("red")
    heat = told.heat(red)
    assert (CELLS, CELLS) == heat.shape
    corner = np.zeros((CELLS, CELLS), bool)
    corner[:2, -2:] = True
    assert heat[corner].min() > 2 * heat[~corner].mean()
    place = told.strongest_place(red)
    assert place is not None
    assert place[0] == 0
    assert place[1] + COVER == CELLS
    assert told.probabilities[red] - told.covered[*place, red] > 0.3


def test_probabilities_are_quick_tests(store: Store, likes_red: Iteration, red_corner: bytes) -> None:
    """As it is, the image gets what Quick Test says of it."""
    told = occlusion.explain(store, likes_red, red_corner, limits=LIMITS)
    expected = {each.tag: each.probability for each in prediction.predict(store, likes_red, red_corner, limits=LIMITS)}
    assert expected == pytest.approx(dict(zip(told.names, told.probabilities.tolist(), strict=True)))


def test_a_plain_picture_hangs_on_no_place(store: Store, likes_red: Iteration) -> None:
    """Where every part is like the rest, no part is framed, and the image stays as it is."""
    plain = png(np.full((SIDE, SIDE, 3), 128, np.uint8))
    told = occlusion.explain(store, likes_red, plain, limits=LIMITS)
    assert [None, None] == [told.strongest_place(tag) for tag in (0, 1)]
    shown = occlusion.overlay(plain, told.heat(0), None)
    assert (SIDE, SIDE) == shown.size
    assert [(128, 128, 128)] == [colour for _, colour in shown.getcolors() or []]


def test_it_is_asked_once(store: Store, likes_red: Iteration, red_corner: bytes) -> None:
    """Another tag of the same image costs no second look at it."""
    first, second = (occlusion.explain(store, likes_red, red_corner, limits=LIMITS) for _ in range(2))
    assert np.shares_memory(first.covered, second.covered)


def test_covers_hide_what_they_stand_on() -> None:
    """The first is the image itself; each other hides its own cells, in the mean colour, and no more."""
    pixels = np.random.default_rng(3).integers(0, 256, (80, 80, 3), np.uint8)
    many = occlusion.covers(pixels)
    assert (1 + PLACES**2, 80, 80, 3) == many.shape
    np.testing.assert_array_equal(pixels, many[0])
    for number, (row, column) in enumerate(np.ndindex(PLACES, PLACES), start=1):
        hidden = np.zeros((80, 80), bool)
        hidden[10 * row : 10 * (row + COVER), 10 * column : 10 * (column + COVER)] = True
        np.testing.assert_array_equal(pixels[~hidden], many[number][~hidden])
        assert [pixels.mean(axis=(0, 1)).astype(np.uint8).tolist()] == np.unique(many[number][hidden], axis=0).tolist()


def test_heat_is_the_mean_of_the_covers_over_a_cell() -> None:
    """One cover that costs a tag everything warms the cells it hides; one that raises it warms none."""
    covered = np.full((PLACES, PLACES, 1), 0.8, np.float32)
    covered[0, 0], covered[-1, -1] = 0.0, 1.0
    told = Explanation(("a",), np.float32([0.8]), covered)
    heat = told.heat(0)
    np.testing.assert_allclose([0.8, 0.4, 0.8 / 9], [heat[0, 0], heat[0, 1], heat[2, 2]], rtol=1e-6)
    assert 0 == heat[COVER:].max() == heat[:, COVER:].max()
    assert (0, 0) == told.strongest_place(0)


def test_the_overlay_is_upright_and_small(red_corner: bytes) -> None:
    """A large photo comes at 512 pixels, its frame where the place is."""
    wide = png(np.full((600, 1200, 3), 200, np.uint8))
    heat = np.zeros((CELLS, CELLS), np.float32)
    heat[0, 0] = 1
    shown = occlusion.overlay(wide, heat, (0, 0))
    assert (512, 256) == shown.size
    red, green, blue = shown.getpixel((20, 12))  # type: ignore[misc]
    assert red > green > blue
    assert (200, 200, 200) == shown.getpixel((500, 250))


def test_what_cannot_be_explained(store: Store, likes_red: Iteration, fill: Fill) -> None:
    """What is no image is refused, and so is an iteration without a model."""
    with pytest.raises(ImageRefused):
        occlusion.explain(store, likes_red, b"no picture", limits=LIMITS)
    untrained = store.iterations.add(fill("Other", a=1), "digest", [], [])
    with pytest.raises(Conflict):
        occlusion.explain(store, untrained, png(np.zeros((64, 64, 3), np.uint8)), limits=LIMITS)
