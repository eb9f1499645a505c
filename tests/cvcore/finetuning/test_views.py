"""Advanced training of a network that sees several views, with a second network beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cvcore.domains import Policy
from cvcore.finetuning import trainer
from cvcore.finetuning.features import feature_cache
from cvcore.finetuning.features.split_network import split_model
from cvcore.finetuning.training_data import TrainingData
from cvcore.networks import heads, keras_backend, views
from cvcore.networks.views import Composition
from tests.cvcore.finetuning.conftest import SIDE, images_and_truth, tiny


@pytest.mark.parametrize("second", [None, ("tiny", SIDE)])
def test_advanced_starts_where_quick_ends(second: tuple[str, int] | None, tmp_path: Path) -> None:
    """Before the first step its predictions are the mean of all views' scores, as Quick's of the same network."""
    keras_backend.prepare_backend()
    composition = Composition("tiny", second, 3)
    model = views.build(composition, SIDE, lambda name, side: tiny())
    network = split_model(model, composition.name)
    pixels, truth = images_and_truth(40)
    reads = [lambda image=image: image for image in pixels]
    features = feature_cache.compute(network, reads, Policy(()), tmp_path, budget_s=0, seed=0)
    assert {3} == {len(tensor) for tensor in features}  # each view, although there is no time for more
    embeddings = model.predict_on_batch(pixels.astype(np.float32))
    data = TrainingData(features, embeddings, truth, np.ones(2), False, 0.01)
    built = trainer.build_trainer(network, data, tmp_path)
    rows = np.arange(40)
    built.reset(rows)
    head = data.quick_head(rows)
    expected = heads.probabilities(embeddings, head.kernel, head.bias, multilabel=False)
    np.testing.assert_allclose(expected, built.predict(rows), atol=0.02)


def test_a_step_changes_the_composed_network(tmp_path: Path) -> None:
    """Weights that are set in the upper layers are the model's own, for every view."""
    keras_backend.prepare_backend()
    composition = Composition("tiny", ("tiny", SIDE), 3)
    model = views.build(composition, SIDE, lambda name, side: tiny())
    network = split_model(model, composition.name)
    pixels = images_and_truth(4)[0].astype(np.float32)
    before = model.predict_on_batch(pixels)
    network.top.set_weights([2 * array for array in network.top.get_weights()])
    after = model.predict_on_batch(pixels)
    size = before.shape[1] // 2
    assert np.abs(after[:, :size] - before[:, :size]).max() > 0.01
    # The second network stays as it is; only the length of its embedding follows the first one's.
    directions = [each[:, size:] / np.linalg.norm(each[:, size:], axis=1, keepdims=True) for each in (before, after)]
    np.testing.assert_allclose(*directions, atol=1e-5)
