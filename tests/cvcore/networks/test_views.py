"""Composed networks: several views of an image in one embedding, and a second network beside the first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cvcore.networks import architectures, backbones, feature_extraction, keras_backbones, views
from cvcore.networks.backbones import Backbone
from cvcore.networks.views import Composition
from cvcore.records import PLAIN, VIEWS, VIEWS_AND_BUILT_IN

BUILT_IN = architectures.NAME_BUILT_IN


@pytest.fixture(scope="module")
def side() -> int:
    return backbones.built_in().side


@pytest.fixture(scope="module")
def plain(side: int) -> Any:
    """The built-in network in Keras."""
    return architectures.keras_model(BUILT_IN, side)


@pytest.fixture(scope="module")
def image(side: int, shared: Path) -> np.ndarray:
    """A photograph, float32 (1, side, side, 3)."""
    path = next((shared / "datasets" / "hemlock_cherry").rglob("*.jpg"))
    return np.asarray(Image.open(path).convert("RGB").resize((side, side)), np.float32)[None]


def test_an_embedding_of_three_views_is_the_mean_of_theirs(side: int, plain: Any, image: np.ndarray) -> None:
    """The image, its centre brought to full size, and its mirror image count the same."""
    margin = round(side * 3 / 16)
    centre = Image.fromarray(image[0, margin:-margin, margin:-margin].astype(np.uint8))
    enlarged = np.asarray(centre.resize((side, side), Image.Resampling.BILINEAR), np.float32)[None]
    expected = np.mean([plain.predict_on_batch(view) for view in (image, enlarged, image[:, :, ::-1])], axis=0)
    model = architectures.keras_model(f"{BUILT_IN}, 3 views", side)
    np.testing.assert_allclose(expected, model.predict_on_batch(image), atol=0.01)


def test_without_mirror_a_mirrored_image_is_another_image(side: int, image: np.ndarray) -> None:
    """Two views are the image and its centre, so that a digit and its mirror image stay apart."""
    gaps = []
    for count in (2, 3):
        model = architectures.keras_model(f"{BUILT_IN}, {count} views", side)
        both = model.predict_on_batch(np.concatenate([image, image[:, :, ::-1]]))
        gaps.append(np.abs(both[0] - both[1]).mean())
    assert gaps[0] > 2 * gaps[1]


def test_a_network_beside_sees_the_image_alone(side: int, plain: Any, image: np.ndarray) -> None:
    """Its embedding stands after the first network's, 0.7 times as long, however long it was."""
    model = views.build(Composition(BUILT_IN, (BUILT_IN, side), 1), side, lambda name, size: plain)
    embedding, alone = model.predict_on_batch(image), plain.predict_on_batch(image)
    np.testing.assert_allclose(np.concatenate([alone, 0.7 * alone], axis=1), embedding, atol=1e-4)
    for scale in (1.0, 100.0):
        pair = views.beside(np.float32([[3, 4]]), np.float32([[0, scale]]))
        np.testing.assert_allclose([[3, 4, 0, 3.5]], np.asarray(pair), atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "has_mirror", "name"),
    [
        (PLAIN, True, BUILT_IN),
        (VIEWS, True, f"{BUILT_IN}, 3 views"),
        (VIEWS, False, f"{BUILT_IN}, 2 views"),
        (VIEWS_AND_BUILT_IN, True, f"{BUILT_IN}, 3 views"),
    ],
)
def test_the_built_in_network_does_not_stand_beside_itself(kind: str, has_mirror: bool, name: str) -> None:
    """With it every kind of embedding is one network's."""
    assert name == views.name_for(BUILT_IN, kind, has_mirror=has_mirror)  # type: ignore[arg-type]


def test_names_and_compositions_are_made_of_each_other(side: int) -> None:
    """A stored name is enough to build the network again."""
    for composition in (Composition("A"), Composition("A", None, 2), Composition("A", (BUILT_IN, side), 3)):
        assert (composition if composition != Composition("A") else None) == views.parse(composition.name)


@pytest.mark.slow
def test_a_composed_network_is_one_file_like_any_other(side: int, image: np.ndarray, tmp_path: Path) -> None:
    """It is prepared once and found again; LiteRT and Keras agree; its fingerprint is its own."""
    prepared = backbones.prepare(f"{BUILT_IN}, 3 views", side, tmp_path)
    assert prepared == backbones.prepare(f"{BUILT_IN}, 3 views", side, tmp_path, on_stage=pytest.fail)
    assert prepared == backbones.find(prepared.fingerprint, tmp_path)
    pixels = image.astype(np.uint8)
    by_litert = feature_extraction.load(prepared, tmp_path)(pixels)
    by_keras = keras_backbones.load(prepared, tmp_path).predict_on_batch(image)
    np.testing.assert_allclose(by_litert, by_keras, atol=1e-3)
    assert prepared.fingerprint != backbones.built_in().fingerprint
    assert backbones.built_in().l2 == prepared.l2 == Backbone(f"{BUILT_IN}, 2 views", 1, 1, "", "").l2
