"""The network that ships: its files are what their record says, and damage to them is one clear sentence."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cvcore.errors import InvalidInput, ModelDamaged
from cvcore.files import blobs
from cvcore.networks import architectures, backbones, builtin, feature_extraction, keras_backbones
from cvcore.networks.builtin import network

ROOT = Path(builtin.__file__).resolve().parents[3]
NAME, SIDE = architectures.NAME_BUILT_IN, network.SIDE

by_edition = pytest.mark.parametrize("edition", network.EDITIONS, ids=lambda edition: f"{edition.side} px")


@pytest.fixture(scope="module")
def photos(shared: Path) -> np.ndarray:
    """Ten photographs, (10, 160, 160, 3)."""
    paths = sorted((shared / "datasets" / "hemlock_cherry").rglob("*.jpg"))[::2]
    return np.stack([np.asarray(Image.open(path).convert("RGB").resize((SIDE, SIDE))) for path in paths])


def drawn(number: int) -> np.ndarray:
    """An image of grain, each with a colour of its own."""
    rng = np.random.default_rng(number)
    grain = rng.integers(0, 128, (SIDE // 4, SIDE // 4, 3)) + rng.integers(0, 128, 3)
    return grain.repeat(4, axis=0).repeat(4, axis=1).astype(np.uint8)


def test_the_files_are_small() -> None:
    """All that ships of both editions takes at most 13 MB."""
    folder = builtin.FOLDERS[network.CURRENT]
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) <= 13_000_000


@by_edition
def test_the_record_is_of_the_files(edition: network.Edition) -> None:
    """It gives the hash of the LiteRT file, and the size of what goes in and comes out."""
    record = builtin.record(edition)
    assert blobs.sha256(builtin.model(edition)) == record["sha256"]
    assert (edition.side, edition.dimension) == (record["side"], record["dimension"])


def test_the_first_edition_is_found_in_a_new_home(tmp_path: Path) -> None:
    """What was trained with it in another home is answered here: its fingerprint is enough, and it sees 128 px."""
    backbone = backbones.find("1a0d123c6b051c0f", tmp_path)
    assert backbones.prepare(NAME, 128, tmp_path) == backbone
    assert (NAME, 128, 1499) == (backbone.name, backbone.side, backbone.dimension)
    pixels = np.zeros((1, 128, 128, 3), np.uint8)
    assert (1, 1499) == feature_extraction.load(backbone, tmp_path)(pixels).shape


def test_a_size_without_an_edition_is_refused(tmp_path: Path) -> None:
    """The message names the sizes there are."""
    with pytest.raises(InvalidInput) as refusal:
        backbones.prepare(NAME, 96, tmp_path)
    assert "the built-in network's side must be 160 or 128 pixels, got 96" == str(refusal.value)


def test_it_is_ready_at_once_and_copied_into_the_home(tmp_path: Path) -> None:
    """Its file lies there under its fingerprint, by which it is found, so a later one leaves it in place."""
    assert "ready" == backbones.availability(NAME, SIDE, tmp_path, {})
    backbone = backbones.prepare(NAME, SIDE, tmp_path)
    stem = f"builtin-{backbone.fingerprint}"
    assert {f"{stem}.tflite", f"{stem}.json"} == {path.name for path in tmp_path.iterdir()}
    assert backbone == backbones.find(backbone.fingerprint, tmp_path)
    assert builtin.L2 == backbone.l2
    assert (2, network.DIMENSION) == feature_extraction.load(backbone, tmp_path)(np.stack([drawn(1), drawn(2)])).shape


def test_an_earlier_one_stays_usable(tmp_path: Path) -> None:
    """What another Tagwise shipped and something was trained with is found by its fingerprint, beside ours."""
    backbone = backbones.prepare(NAME, SIDE, tmp_path)
    fields = json.loads((tmp_path / f"builtin-{backbone.fingerprint}.json").read_text())
    earlier = "0123456789abcdef"
    (tmp_path / f"builtin-{earlier}.json").write_text(json.dumps(fields | {"fingerprint": earlier}))
    shutil.copy(tmp_path / f"builtin-{backbone.fingerprint}.tflite", tmp_path / f"builtin-{earlier}.tflite")
    found = backbones.find(earlier, tmp_path)
    assert (NAME, earlier) == (found.name, found.fingerprint)
    assert len(backbones.litert_model(found, tmp_path)) > 1_000_000


@pytest.mark.parametrize("harm", ["missing", "cut short"])
def test_a_damaged_copy_is_replaced(tmp_path: Path, harm: str) -> None:
    """The home's copy is replaced by the shipped file."""
    backbone = backbones.prepare(NAME, SIDE, tmp_path)
    path = tmp_path / f"builtin-{backbone.fingerprint}.tflite"
    path.unlink() if harm == "missing" else path.write_bytes(path.read_bytes()[:1000])
    assert backbone == backbones.find(backbone.fingerprint, tmp_path)
    assert builtin.model() == path.read_bytes()


HARMS = {
    "no LiteRT file": ("model.tflite", None, "missing"),
    "a LiteRT file cut short": ("model.tflite", b"TFL3", "damaged"),
    "no record": ("record.json", None, "missing"),
    "a record that is none": ("record.json", b"{", "damaged"),
    "a record of a later version": ("record.json", b'{"format": 2}', "of version 2 where 1 is needed"),
    "no weights": ("weights.npz", None, "missing"),
    "weights cut short": ("weights.npz", b"PK\x03\x04", "damaged"),
    "other weights": ("weights.npz", "top/0", "another network's"),
}


LOADS_KERAS = ("no weights", "weights cut short", "other weights")


@pytest.mark.network
@pytest.mark.parametrize(
    "harm", [pytest.param(each, marks=[pytest.mark.slow] if each in LOADS_KERAS else []) for each in HARMS]
)
def test_a_damaged_installation_is_an_error(tmp_path: Path, harm: str) -> None:
    """The message names the file, what is wrong with it and what to do."""
    name, content, how = HARMS[harm]
    package = Path(shutil.copytree(ROOT / "cvcore", tmp_path / "cvcore"))
    path = package / "networks" / "builtin" / name
    path.unlink()
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        np.savez(path, **{content: np.zeros((1, 1), np.float16)})
    script = """
        import sys
        from pathlib import Path
        from cvcore.networks import architectures, backbones, keras_backbones
        from cvcore.errors import InvalidInput, ModelDamaged
        try:
            backbone = backbones.prepare(architectures.NAME_BUILT_IN, 160, Path(sys.argv[1]))
            keras_backbones.load(backbone, Path(sys.argv[1]))
        except ModelDamaged as error:
            print(error)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "home")]
    environ = os.environ | {"PYTHONPATH": str(tmp_path), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=tmp_path)
    assert (
        f"the built-in network's file {path} must be as it was shipped, it is {how}: install Tagwise again\n"
    ) == done.stdout


@pytest.mark.network
@pytest.mark.parametrize(
    "edition",
    [network.CURRENT, pytest.param(network.FIRST, marks=pytest.mark.slow)],
    ids=lambda edition: f"{edition.side} px",
)
def test_litert_and_keras_agree(edition: network.Edition, photos: np.ndarray, tmp_path: Path) -> None:
    """Both give the same embeddings to the last digits, so that those of one may be mixed with those of the other."""
    backbone = backbones.prepare(NAME, edition.side, tmp_path)
    seen = photos[:, : edition.side, : edition.side]
    by_litert = feature_extraction.load(backbone, tmp_path)(seen)
    by_keras = feature_extraction.load(backbone, tmp_path, device="gpu")(seen)
    np.testing.assert_allclose(by_litert, by_keras, atol=1e-5)


@pytest.mark.network
def test_the_fingerprint_is_of_the_weights(tmp_path: Path) -> None:
    """Keras' weights are those that the record names; of others it is said that they are."""
    backbone = backbones.prepare(NAME, SIDE, tmp_path)
    assert backbone.fingerprint == architectures.fingerprint_of(keras_backbones.load(backbone, tmp_path), NAME, SIDE)
    other = backbones.Backbone(NAME, SIDE, backbone.dimension, "0123456789abcdef", backbone.sha256)
    with pytest.raises(ModelDamaged) as refusal:
        keras_backbones.load(other, tmp_path)
    assert (
        "the weights of Built-in network on this machine must be those it was trained with, they are different: "
        "train again"
    ) == str(refusal.value)


def test_colours_do_not_ask_where(tmp_path: Path) -> None:
    """Reassembled from its squares in another order, an image has the same colours, and other shapes."""
    embed = feature_extraction.load(backbones.prepare(NAME, SIDE, tmp_path), tmp_path)
    image = drawn(3)
    row = SIDE // 8
    squares = image.reshape(row, 8, row, 8, 3).swapaxes(1, 2).reshape(-1, 8, 8, 3)
    mixed = np.random.default_rng(0).permutation(squares)
    mixed = mixed.reshape(row, row, 8, 8, 3).swapaxes(1, 2).reshape(SIDE, SIDE, 3)
    shapes, colours = np.split(embed(np.stack([image, mixed])), [network.SHAPES], 1)
    np.testing.assert_allclose(colours[0], colours[1], atol=1e-4)
    assert np.abs(shapes[0] - shapes[1]).max() > 0.01


def test_a_flat_picture_has_no_waves(tmp_path: Path) -> None:
    """In the first edition all of them are at their floor, whatever its colour."""
    embed = feature_extraction.load(backbones.prepare(NAME, network.FIRST.side, tmp_path), tmp_path)
    flat = np.full((1, network.FIRST.side, network.FIRST.side, 3), 200, np.uint8)
    floor = network.WAVE_SCALE * np.log(network.WAVE_FLOOR)
    np.testing.assert_allclose(embed(flat)[0, -network.WAVES :], floor, atol=0.02)


@pytest.mark.network
def test_the_layers_are_as_wide_as_they_say() -> None:
    """1.95 million weights lead to 1472 numbers."""
    model = network.build()
    assert (None, 1472) == model.output_shape
    assert 1_952_000 == round(model.count_params(), -3)
