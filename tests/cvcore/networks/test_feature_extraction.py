"""Pixels to embeddings: the same by LiteRT and by Keras, one by one, and from any thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cvcore.errors import ModelDamaged
from cvcore.networks import backbones, feature_extraction

SIDE = 224


@pytest.fixture(scope="module")
def keras_home(shared: Path) -> Path:
    return shared / "keras"


@pytest.fixture(scope="module")
def folder(keras_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with MobileNetV2 prepared."""
    folder = tmp_path_factory.mktemp("backbones")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_HOME", str(keras_home))
        backbones.prepare("MobileNetV2", SIDE, folder)
    return folder


@pytest.fixture(scope="module")
def prepared(folder: Path) -> backbones.Backbone:
    return backbones.prepare("MobileNetV2", SIDE, folder)


@pytest.fixture(scope="module")
def photos(shared: Path) -> np.ndarray:
    """Ten photographs, (10, 224, 224, 3)."""
    paths = sorted((shared / "datasets" / "hemlock_cherry").rglob("*.jpg"))[::2]
    return np.stack([np.asarray(Image.open(path).convert("RGB").resize((SIDE, SIDE))) for path in paths])


@pytest.mark.slow
@pytest.mark.network
def test_litert_and_keras_agree(
    folder: Path, prepared: backbones.Backbone, photos: np.ndarray, keras_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both give the same embeddings to 1e-3, so that those of one may be mixed with those of the other."""
    monkeypatch.setenv("KERAS_HOME", str(keras_home))
    by_litert = feature_extraction.load(prepared, folder)(photos)
    by_keras = feature_extraction.load(prepared, folder, device="gpu")(photos)
    assert (np.float32, (10, 1280)) == (by_litert.dtype, by_litert.shape)
    assert (np.float32, (10, 1280)) == (by_keras.dtype, by_keras.shape)
    np.testing.assert_allclose(by_litert, by_keras, atol=1e-3)


@pytest.mark.slow
@pytest.mark.network
def test_without_the_same_weights_a_gpu_is_not_used(
    folder: Path, prepared: backbones.Backbone, photos: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Keras cannot load the backbone, LiteRT embeds, bit for bit as on a CPU."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    expected = feature_extraction.load(prepared, folder)(photos[:2])
    np.testing.assert_array_equal(expected, feature_extraction.load(prepared, folder, device="gpu")(photos[:2]))


@pytest.mark.network
def test_threads_do_not_disturb_each_other(folder: Path, prepared: backbones.Backbone, photos: np.ndarray) -> None:
    """Eight threads at one extractor each get their own image's embedding, to the last bit."""
    extractor = feature_extraction.load(prepared, folder)
    expected = extractor(photos)
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda index: extractor(photos[index % 10][None])[0], range(80)))
    np.testing.assert_array_equal(np.tile(expected, (8, 1)), np.stack(rows))


@pytest.mark.network
def test_no_pictures_have_no_embeddings(folder: Path, prepared: backbones.Backbone, photos: np.ndarray) -> None:
    """An empty batch is fine."""
    assert (0, 1280) == feature_extraction.load(prepared, folder)(photos[:0]).shape


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """An extractor whose file is gone says so when it is loaded, not when it is used."""
    lost = backbones.Backbone("MobileNetV2", SIDE, 1280, "0123456789abcdef", "0" * 64)
    with pytest.raises(ModelDamaged, match="it is missing or damaged"):
        feature_extraction.load(lost, tmp_path)
