"""Exports of a fine-tuned network of three views, with a second one beside: every format agrees with the page."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from cvcore import exports, training
from cvcore.exports import formats, source
from cvcore.exports.source import Source
from cvcore.files import blobs
from cvcore.finetuning.features.split_network import split_model
from cvcore.networks import architectures, backbones, keras_backbones, keras_backend
from cvcore.networks.backbones import Backbone
from cvcore.records import VIEWS_AND_BUILT_IN, Iteration, TrainingOptions
from cvcore.store import Store
from cvcore.training import worker
from tests.cvcore.exports.conftest import Trees

pytestmark = [pytest.mark.slow, pytest.mark.network]

# Made here, and read back by Core ML's own reader; only a Mac runs it.
NAMES = [each.name for each in formats.FORMATS if all(map(importlib.util.find_spec, each.packages))]


@pytest.fixture(scope="module")
def composed(trees: Trees) -> Iteration:
    """Hemlock and cherry, on three views and two networks, the first of them changed as fine-tuning changes it."""
    store, plain = trees
    project = store.projects.get(plain.project_id)
    options = TrainingOptions(embedding=VIEWS_AND_BUILT_IN)
    job = worker.finish_job(store, training.start(store, project, options=options))
    assert ("done", "") == (job.status, job.error)
    iteration = store.iterations.get(job.iteration_id or "")
    tuned = changed(iteration, blobs.backbones_folder(store.home))
    store.iterations.complete(iteration.id, backbone=tuned.title, fingerprint=tuned.fingerprint)
    return store.iterations.get(iteration.id)


def changed(iteration: Iteration, folder: Path) -> Backbone:
    """The iteration's backbone with other weights in its upper layers."""
    keras_backend.prepare_backend()
    base = backbones.find(iteration.fingerprint, folder)
    model = keras_backbones.load(base, folder)
    top = split_model(model, base.name).top
    top.set_weights([1.02 * array for array in top.get_weights()])
    return keras_backbones.save_tuned(model, base, folder)


@pytest.fixture(scope="module")
def shared_source(store_of_trees: Store, composed: Iteration) -> Source:
    """What all formats share."""
    return source.load(store_of_trees, composed)


@pytest.mark.parametrize("name", NAMES)
def test_every_format_agrees_with_the_page(
    name: str, store_of_trees: Store, composed: Iteration, shared_source: Source, tmp_path: Path
) -> None:
    """The views and the second network are in the model: its script changes nothing and gives the page's answers."""
    assert composed.backbone.startswith(f"MobileNetV2 + {architectures.NAME_BUILT_IN} ")
    assert composed.backbone.endswith("3 views, fine-tuned")
    format_ = formats.find(name)
    export = exports.export(store_of_trees, composed, format_, tmp_path / "out", shared=shared_source)
    if not format_.can_be_tested:
        assert export.agreement is None
        return
    assert export.agreement
    assert export.agreement.difference <= format_.tolerance
