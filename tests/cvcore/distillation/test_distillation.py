"""The recipe of the built-in network: crops, the student, and what is packed of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cvcore.distillation import crops, packing, student
from cvcore.networks.builtin import network


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three photos' worth of grain, one of them small."""
    folder = tmp_path / "photos" / "a"
    folder.mkdir(parents=True)
    for number, side in enumerate((160, 140, 64)):
        grain = np.random.default_rng(number).integers(0, 256, (side // 4, side // 2, 3), dtype=np.uint8)
        Image.fromarray(grain).resize((2 * side, side)).save(folder / f"{number}.png")
    (folder / "notes.txt").write_text("not a photo")
    return folder.parent


def test_each_photo_is_cut_in_several_ways(photos: Path) -> None:
    """Large ones seven times, small ones three times, the first being the whole; always in the same order."""
    plan = crops.plan(photos)
    assert {"0.png": 7, "1.png": 7, "2.png": 3} == {
        name: sum(crop.photo.name == name for crop in plan) for name in ("0.png", "1.png", "2.png")
    }
    assert plan == crops.plan(photos)
    assert 3 == sum(crop.number == 0 for crop in plan)


def test_the_first_crop_is_the_whole_photo(photos: Path) -> None:
    """Scaled to a square, as Tagwise does, but perhaps in another light."""
    (whole,) = (crop for crop in crops.plan(photos) if crop.photo.name == "0.png" and crop.number == 0)
    box = whole._box(np.random.default_rng(0), 320, 160)
    assert (0, 0, 320, 160) == box
    large, small = whole.cut()
    assert ((224, 224, 3), (160, 160, 3)) == (large.shape, small.shape)
    np.testing.assert_array_equal(small, whole.cut()[1])


def test_parts_lie_inside_their_photo(photos: Path) -> None:
    """Each is at least three tenths of the photo where its shape allows, and never beyond its edge."""
    crop = next(crop for crop in crops.plan(photos) if crop.number)
    rng = np.random.default_rng(0)
    for _ in range(200):
        left, top, right, bottom = crop._box(rng, 300, 200)
        assert 0 <= left < right <= 300 + 1e-9
        assert 0 <= top < bottom <= 200 + 1e-9
        assert (right - left) * (bottom - top) >= 0.25 * 300 * 200


def test_averages_keep_the_mean() -> None:
    """Each cell's weights sum to 1, and every place of the line counts somewhere."""
    for size, cells in ((7, 4), (14, 8), (8, 8)):
        matrix = crops.pooling(size, cells)
        np.testing.assert_allclose(matrix.sum(axis=1), 1, rtol=1e-6)
        assert (matrix.sum(axis=0) > 0).all()


def test_normalisation_is_folded_in() -> None:
    """Kernel and bias do in one step what convolution and normalisation did in two."""
    rng = np.random.default_rng(0)
    layer = {key: rng.random(5, np.float32) for key in packing._KEYS} | {
        "0.weight": rng.random((5, 3, 1, 1), np.float32)
    }
    kernel, bias = packing.folded(layer)
    pixels = rng.random((4, 3), np.float32)
    convolved = pixels @ layer["0.weight"][:, :, 0, 0].T
    expected = (convolved - layer["1.running_mean"]) / np.sqrt(layer["1.running_var"] + 1e-3)
    expected = expected * layer["1.weight"] + layer["1.bias"]
    np.testing.assert_allclose(expected, pixels @ kernel[0, 0] + bias, rtol=1e-5)


def test_means_of_plain_clusters() -> None:
    """Points in three places have those three as their means."""
    places = np.float32([[0, 0], [1, 0], [0, 1]])
    points = np.concatenate([place + 1e-3 * np.random.default_rng(0).normal(size=(50, 2)) for place in places])
    found = packing.k_means(points.astype(np.float32), 3, np.random.default_rng(3))
    np.testing.assert_allclose(sorted(map(tuple, places)), sorted(map(tuple, found.round(2))), atol=0.011)


def test_the_middle_is_where_the_teacher_is_asked() -> None:
    """The block whose maps are compared is the last at stride 16."""
    strides = [max(each.stride for each in block.convolutions) for block in network.blocks()]
    reached = np.cumprod(strides)
    assert (16, 32) == (reached[student.MIDDLE_BLOCK], reached[student.MIDDLE_BLOCK + 1])


@pytest.mark.network
def test_a_small_student_learns_and_is_packed(
    photos: Path, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From photos to files in one go: the loss falls, a second run goes on, and Keras can load what came of it."""
    torch = pytest.importorskip("torch", reason="needs PyTorch, which the recipe alone uses")
    monkeypatch.setenv("KERAS_HOME", str(shared / "keras"))
    classifier = shared / "keras" / "mobilenet_v2_imagenet_top.npz"
    for number in range(100):
        grain = np.random.default_rng(number).integers(0, 256, (9, 9, 3), dtype=np.uint8)
        Image.fromarray(grain).resize((130, 120)).save(photos / f"{number}.png")
    monkeypatch.setattr(crops, "CROPS_FOR_AXES", 20)
    work = tmp_path / "work"
    crops.make(photos, work, classifier)
    student.train(work, 5 / 3600)
    first = torch.load(work / "student.pt", weights_only=True)["step"]
    student.train(work, 8 / 3600)
    state = torch.load(work / "student.pt", weights_only=True)
    assert 0 < first < state["step"]
    packing.pack(work, work / "builtin")
    with np.load(work / "builtin" / "weights.npz") as arrays:
        assert {np.dtype(np.float16)} == {arrays[key].dtype for key in arrays.files}
    assert (work / "builtin" / "model.tflite").stat().st_size > 2_000_000
