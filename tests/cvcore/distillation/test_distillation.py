"""The recipe of the built-in network: photos, crops, teachers, the student's training, and what is packed of it."""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cvcore.distillation import course, crops, packing, photos, student, teachers, training
from cvcore.networks.builtin import network
from cvcore.networks.builtin.network import Edition, Stage

# The built-in network in small.
SMALL = Edition(32, (Stage(0, 8, 1, 2), Stage(2, 8, 2, 1), Stage(2, 12, 1, 2)), colour_px=4, colour_scale=0.25)


def photo(number: int, width: int = 80) -> bytes:
    """A PNG of grain."""
    grain = np.random.default_rng(number).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grain).resize((width, 60)).save(buffer, "PNG")
    return buffer.getvalue()


def tar(path: Path, **members: bytes) -> None:
    with tarfile.open(path, "w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name.replace("__", "/").replace("_", "."))
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


@pytest.fixture
def sources(tmp_path: Path) -> list[Path]:
    """A folder with a photo, a tar of two photos and what is none, and a tar beside it."""
    folder = tmp_path / "photos"
    (folder / "deeper").mkdir(parents=True)
    (folder / "deeper" / "a.png").write_bytes(photo(1))
    (folder / "notes.txt").write_text("not a photo")
    tar(folder / "more.tar", b_png=photo(2), deep__c_png=photo(3), labels_csv=b"file,labels", d_jpg=b"cut short")
    tar(tmp_path / "beside.tar", e_png=photo(4))
    return [folder, tmp_path / "beside.tar"]


@pytest.fixture
def pool() -> photos.Photos:
    """Two dozen photos, squeezed."""
    grain = np.random.default_rng(0).integers(0, 256, (24, 12, 12, 3), dtype=np.uint8)
    return grain.repeat(photos.SIDE // 12, axis=1).repeat(photos.SIDE // 12, axis=2)


@pytest.fixture
def torch() -> Any:
    """PyTorch, which the recipe alone uses."""
    return pytest.importorskip("torch", reason="needs PyTorch, which the recipe alone uses")


@pytest.fixture
def asked(torch: Any) -> list[teachers.Teacher]:
    """Two teachers of one untrained layer each, with inputs of their own size."""
    torch.manual_seed(7)
    return [
        teachers.Teacher(name, side, weight, torch.nn.Conv2d(3, 16, 32, 32), torch.nn.Linear(16, 5))
        for name, side, weight in (("large", teachers.SIDE, 1.0), ("small", 224, 0.5))
    ]


def test_photos_come_from_folders_and_tars(sources: list[Path], tmp_path: Path) -> None:
    """All of them, those in tars in folders too; what is no image or a damaged one is left out."""
    squeezed = photos.squeeze(sources, tmp_path / "photos.rgb")
    assert (4, photos.SIDE, photos.SIDE, 3) == squeezed.shape
    assert [photo(1), photo(2), photo(3), b"cut short", photo(4)] == list(photos.contents(sources))


def test_photos_are_squeezed_once(sources: list[Path], tmp_path: Path) -> None:
    """A run that resumes uses the file, and needs the photos no more."""
    before = photos.squeeze(sources, tmp_path / "photos.rgb").copy()
    np.testing.assert_array_equal(before, photos.squeeze([], tmp_path / "photos.rgb"))


def test_no_photos_is_an_error(tmp_path: Path) -> None:
    """The message names where they were looked for, and nothing is kept for a second run."""
    for _ in range(2):
        with pytest.raises(SystemExit, match=f"photos must be in {tmp_path}: there are none"):
            photos.squeeze([tmp_path], tmp_path / "photos.rgb")


def test_the_rate_rises_and_falls() -> None:
    """It is highest at the end of the warm-up and lowest at the end of the course, however long the course is."""
    for steps in (2_000, 8_400):
        rates = [course.rate(step, steps) for step in range(steps + 1)]
        assert course.WARM_UP_STEPS - 1 == int(np.argmax(rates))
        assert pytest.approx(course.RATE * course.RATE_LEAST) == rates[-1]


def test_checkpoints_are_frequent() -> None:
    """Less than two minutes are lost, the checkpoint's own time included."""
    assert training.CHECKPOINT_S <= 110


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


def test_crops_are_fresh_and_can_be_drawn_again(torch: Any, pool: photos.Photos) -> None:
    """Two crops of a photo differ; the same random numbers give the same crops, 0..255."""
    one, again = (torch.Generator().manual_seed(3) for _ in range(2))
    cut = crops.cut(torch.tensor(pool[[0, 0, 1]]), 64, one)
    assert (3, 3, 64, 64) == tuple(cut.shape)
    assert 0 <= cut.min() <= cut.max() <= 255
    assert (cut[0] - cut[1]).abs().max() > 10
    assert torch.equal(cut, crops.cut(torch.tensor(pool[[0, 0, 1]]), 64, again))


def test_the_right_answer_costs_nothing(torch: Any, asked: list[teachers.Teacher], pool: photos.Photos) -> None:
    """A student that says what the teacher says has no loss; one that says the mean has about 1 in each part."""
    seen = crops.cut(torch.tensor(pool), teachers.SIDE, torch.Generator().manual_seed(0))
    answer = teachers.ask(asked[0], seen)
    standards = teachers.measure([answer])
    pooled = (answer.pooled - standards.mean) / standards.spread
    maps = ((answer.maps - standards.centre) @ standards.axes / standards.map_spread).permute(0, 3, 1, 2)
    right = teachers.loss((pooled, maps), answer, standards, asked[0].classifier)
    mean = teachers.loss((0 * pooled, 0 * maps), answer, standards, asked[0].classifier)
    assert right < 1e-4
    assert 0.5 < mean < 5


def test_a_run_that_was_stopped_goes_on(
    torch: Any, asked: list[teachers.Teacher], pool: photos.Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends with the same weights as one that was not stopped, to the last bit."""
    monkeypatch.setattr(training, "BATCHES_MEASURED", 2)
    how: dict[str, Any] = {"count": 12, "batch": 3, "edition": SMALL, "checkpoint_s": 0}

    def stop(step: int) -> None:
        if step == 2:
            raise KeyboardInterrupt

    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    whole.mkdir()
    stopped.mkdir()
    expected = torch.load(training.train(pool, whole, asked, **how), weights_only=True)
    with pytest.raises(KeyboardInterrupt):
        training.train(pool, stopped, asked, **how, watch=stop)
    state = torch.load(training.train(pool, stopped, asked, **how), weights_only=True)
    assert 4 == expected["step"] == state["step"]
    for name in ("layers", "averaged"):
        assert all(torch.equal(value, state[name][key]) for key, value in expected[name].items())
    with pytest.raises(SystemExit, match=f"--batch must be that of the run in {stopped}, 3, got 4"):
        training.train(pool, stopped, asked, **how | {"batch": 4})


@pytest.mark.slow
def test_the_student_learns(
    asked: list[teachers.Teacher],
    pool: photos.Photos,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The loss on photos held back falls."""
    monkeypatch.setattr(training, "BATCHES_MEASURED", 2)
    monkeypatch.setattr(course, "WARM_UP_STEPS", 1)
    training.train(pool, tmp_path, asked, count=240, batch=8, edition=SMALL, checkpoint_s=0)
    losses = [float(each) for each in re.findall(r"loss ([\d.]+) on photos held back", capsys.readouterr().out)]
    assert 30 == len(losses)
    assert losses[-1] < 0.98 * losses[0]


@pytest.mark.slow
@pytest.mark.network
def test_what_is_packed_is_the_student(
    torch: Any, asked: list[teachers.Teacher], pool: photos.Photos, tmp_path: Path
) -> None:
    """Keras computes from the packed weights what PyTorch computes, and all of them are 16-bit numbers."""
    checkpoint = training.train(pool, tmp_path, asked, count=64, batch=8, edition=SMALL)
    packing.pack(pool, checkpoint, tmp_path / "builtin", SMALL)
    with np.load(tmp_path / "builtin" / "weights.npz") as arrays:
        assert {np.dtype(np.float16)} == {arrays[key].dtype for key in arrays.files}
        weights: dict[str, list[Any]] = {}
        for key in arrays.files:
            weights.setdefault(key.partition("/")[0], []).append(arrays[key])
    model = network.build(SMALL)
    network.set_weights(model, weights)
    pixels = student.view(torch.tensor(pool).permute(0, 3, 1, 2).float(), SMALL.side)
    layers = student.build(SMALL, {})
    state = torch.load(checkpoint, weights_only=True)["averaged"]
    layers.load_state_dict({key: state[key] for key in layers.state_dict()})
    for layer in layers.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = None
            layer.reset_running_stats()
    with torch.no_grad():
        student.feature_maps(layers.train(), pixels, SMALL)
        expected = student.feature_maps(layers.eval(), pixels, SMALL).mean((2, 3)).numpy()
    seen = ((pixels + 1) * 127.5).permute(0, 2, 3, 1).numpy()
    actual = model.predict(seen, verbose=0)[:, : network.SHAPES]
    correlation = np.corrcoef(expected.ravel(), actual.ravel())[0, 1]
    assert correlation > 0.999
