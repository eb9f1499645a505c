"""A prediction is the trained head's word on an image, and the answer follows the one decision rule."""

from __future__ import annotations

import contextlib
import io
import json
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from cvcore import cli, evaluation, imaging, prediction, training
from cvcore.errors import Conflict, ImageRefused, InvalidInput, ModelDamaged, NotFound
from cvcore.files import blobs
from cvcore.networks import backbones, feature_extraction, heads
from cvcore.prediction import predictor
from cvcore.prediction.predictor import Network, Prediction
from cvcore.projects import tagging
from cvcore.records import MULTILABEL, Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store

LIMITS = Limits()
DIMENSION = backbones.built_in().dimension

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]
Draw = Callable[[int], bytes]


def give_head(store: Store, iteration: Iteration, kernel: np.ndarray, bias: np.ndarray) -> None:
    """Put another head in the place of an iteration's that nobody has asked for yet."""
    folder = blobs.iteration_folder(store.home, iteration.id)
    with np.load(folder / evaluation.ARRAYS) as arrays:
        fields = dict(arrays) | {"kernel": kernel.astype(np.float32), "bias": bias.astype(np.float32)}
    evaluation.save(folder, evaluation.OutOfFold(**fields))


@pytest.mark.parametrize("classification_type", ["Multiclass", "Multilabel"])
def test_a_prediction_is_the_heads_word(
    store: Store, fill: Fill, trained: Trained, drawn_image: Draw, classification_type: str
) -> None:
    """Embedding times kernel plus bias, softmax or sigmoid by the type, each beside its tag, the highest first."""
    project = fill(classification_type=classification_type, lily=5, rose=5, tulip=5)
    iteration = trained(project)
    kernel = np.random.default_rng(2).normal(size=(DIMENSION, 3))
    give_head(store, iteration, kernel, np.array([0.1, 0.2, 0.3]))
    found = prediction.predict(store, iteration, drawn_image(77), limits=LIMITS)
    folder = blobs.backbones_folder(store.home)
    built_in = backbones.find(backbones.built_in().fingerprint, folder)
    extractor = feature_extraction.load(built_in, folder)
    embedding = extractor(imaging.pixels(drawn_image(77), built_in.side)[None])
    bias = np.float32([0.1, 0.2, 0.3])
    multilabel = classification_type == MULTILABEL
    (row,) = heads.probabilities(embedding, kernel.astype(np.float32), bias, multilabel=multilabel)
    expected = dict(zip(["lily", "rose", "tulip"], row.astype(float), strict=True))
    assert expected == {each.tag: each.probability for each in found}
    assert sorted(expected.values(), reverse=True) == [each.probability for each in found]


def test_an_upside_down_photo_is_seen_upright(store: Store, fill: Fill, trained: Trained, drawn_image: Draw) -> None:
    """A camera's note on how it was held is heeded, as in training."""
    iteration = trained(fill(rose=5, tulip=5))
    give_head(store, iteration, np.random.default_rng(2).normal(size=(DIMENSION, 2)), np.zeros(2))
    shot = Pillow.open(io.BytesIO(drawn_image(5)))
    exif = Pillow.Exif()
    exif[0x0112] = 3
    buffer = io.BytesIO()
    shot.transpose(Pillow.Transpose.ROTATE_180).save(buffer, "PNG", exif=exif)
    upright, turned = (
        prediction.predict(store, iteration, data, limits=LIMITS) for data in (drawn_image(5), buffer.getvalue())
    )
    assert upright == turned


def test_equal_probabilities_stay_in_the_tags_order(
    store: Store, fill: Fill, trained: Trained, drawn_image: Draw
) -> None:
    """Where all are equal, the first tag is listed first and, in Multiclass, is the answer."""
    iteration = trained(fill(lily=5, rose=5))
    give_head(store, iteration, np.zeros((DIMENSION, 2)), np.zeros(2))
    found = prediction.predict(store, iteration, drawn_image(1), limits=LIMITS)
    assert [("lily", 0.5), ("rose", 0.5)] == [(each.tag, each.probability) for each in found]
    assert ["lily"] == prediction.answer(found, 0.5, multilabel=False)


@pytest.mark.parametrize(
    ("probabilities", "threshold", "multiclass", "multilabel"),
    [
        ([0.7, 0.3], 0.7, ["a"], ["a"]),
        ([0.7, 0.3], 0.71, [], []),
        ([0.6, 0.4], 0.3, ["a"], ["a", "b"]),
        ([0.5, 0.5], 0.5, ["a"], ["a", "b"]),
        ([0.0, 0.0], 0.0, ["a"], ["a", "b"]),
        ([0.9, 0.1], 1.0, [], []),
    ],
)
def test_the_answer(probabilities: list[float], threshold: float, multiclass: list[str], multilabel: list[str]) -> None:
    """Multiclass: the top tag if it reaches the threshold; Multilabel: all that do. Reaching is enough."""
    found = [Prediction(tag, "Regular", each) for tag, each in zip("ab", probabilities, strict=True)]
    assert multiclass == prediction.answer(found, threshold, multilabel=False)
    assert multilabel == prediction.answer(found, threshold, multilabel=True)


def test_each_tag_may_have_a_threshold_of_its_own() -> None:
    """Whatever order the predictions stand in: in Multiclass the top tag's alone counts."""
    found = [Prediction(tag, "Regular", each) for tag, each in (("b", 0.6), ("a", 0.4))]
    assert ["a"] == prediction.answer(found, {"a": 0.4, "b": 0.7}, multilabel=True)
    assert [] == prediction.answer(found, {"a": 0.4, "b": 0.7}, multilabel=False)
    assert ["b"] == prediction.answer(found, {"a": 0.9, "b": 0.6}, multilabel=False)


def test_an_answer_at_an_impossible_threshold_is_refused() -> None:
    """It is a probability."""
    with pytest.raises(InvalidInput, match=r"threshold must be in 0\.\.1, got 2"):
        prediction.answer([Prediction("a", "Regular", 0.5)], 2, multilabel=False)


def test_a_negative_tag_is_told(store: Store, fill: Fill, trained: Trained, drawn_image: Draw) -> None:
    """In Multiclass it is an answer like others, marked as what it is; in Multilabel it is none."""
    for classification_type, expected in (
        ("Multiclass", {"rose": "Regular", "none": "Negative"}),
        ("Multilabel", {"rose": "Regular"}),
    ):
        project = fill(classification_type, classification_type=classification_type, none=5, rose=5)
        tag = next(tag for tag in store.tags.of_project(project.id) if tag.name == "none")
        tagging.set_kind(store, project, tag, "Negative")
        found = prediction.predict(store, trained(project), drawn_image(1), limits=LIMITS)
        assert expected == {each.tag: each.kind for each in found}


def test_the_command_says_what_the_page_says(
    store: Store, fill: Fill, trained: Trained, drawn_image: Draw, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both ask here, so tags, probabilities and answer are the same to the last digit."""
    iteration = trained(fill(lily=5, rose=5, tulip=5))
    give_head(store, iteration, np.random.default_rng(2).normal(size=(DIMENSION, 3)), np.zeros(3))
    path = tmp_path / "new.png"
    path.write_bytes(drawn_image(77))
    assert 0 == cli.main(["predict", "Flowers", str(path), "--json", "--threshold", "0.4"])
    (told,) = json.loads(capsys.readouterr().out)["images"]
    found = prediction.predict(store, iteration, drawn_image(77), limits=LIMITS)
    assert [{"tag": each.tag, "probability": each.probability} for each in found] == told["predictions"]
    assert prediction.answer(found, 0.4, multilabel=False) == told["answer"]


def test_what_is_no_picture_is_refused(store: Store, fill: Fill, trained: Trained, drawn_image: Draw) -> None:
    """An image to predict keeps the rules of one to store."""
    iteration = trained(fill(rose=5, tulip=5))
    for data, limits in (
        (b"no picture", LIMITS),
        (drawn_image(1)[:60], LIMITS),
        (drawn_image(1), Limits(image_bytes=10)),
    ):
        with pytest.raises(ImageRefused):
            prediction.predict(store, iteration, data, limits=limits)


def test_a_backbone_that_is_gone_is_told(store: Store, fill: Fill, trained: Trained, drawn_image: Draw) -> None:
    """Numbers can still be looked at, but new images need the network: the sentence says so."""
    iteration = trained(fill(rose=5, tulip=5))
    store.iterations.complete(iteration.id, fingerprint="0123456789abcdef")
    iteration = store.iterations.get(iteration.id)
    with pytest.raises(ModelDamaged) as refusal:
        prediction.predict(store, iteration, drawn_image(1), limits=LIMITS)
    folder = blobs.backbones_folder(store.home)
    assert (f"the network 0123456789abcdef that this was trained with is not in {folder} any more: train again") == str(
        refusal.value
    )
    assert evaluation.report(store, iteration).overall.images == 10


def test_an_untrained_iteration_predicts_nothing(store: Store, fill: Fill, drawn_image: Draw) -> None:
    """It says why."""
    job = training.start(store, fill(rose=5, tulip=5))
    with pytest.raises(Conflict, match="it is in training: wait for it"):
        prediction.predict(store, store.iterations.get(job.iteration_id or ""), drawn_image(1), limits=LIMITS)


def test_finding_an_iteration(store: Store, fill: Fill, trained: Trained) -> None:
    """By its number, or else the newest that was trained to its end."""
    project = fill(rose=5, tulip=5)
    with pytest.raises(NotFound) as refusal:
        training.find_iteration(store, project)
    assert "'Flowers' has no trained iteration yet: train it first" == str(refusal.value)
    with pytest.raises(NotFound, match="'Flowers' has no iteration 1: there are none yet"):
        training.find_iteration(store, project, 1)
    first, second = trained(project), trained(project)
    training.close(store, training.start(store, project, force=True), "failed", "no reason")
    assert [second, first, "Failed"] == [
        training.find_iteration(store, project),
        training.find_iteration(store, project, 1),
        training.find_iteration(store, project, 3).status,
    ]
    with pytest.raises(NotFound, match="'Flowers' has no iteration 0: there are 3, 2, 1"):
        training.find_iteration(store, project, 0)


def test_thirty_homes_share_a_network(store: Store, fill: Fill, trained: Trained, tmp_path: Path) -> None:
    """A network is loaded once for all home folders that have it, as the pupils of a class have."""
    iteration = trained(fill(lily=5, rose=5, tulip=5))
    (tmp_path / "other").mkdir()
    with contextlib.closing(Store(tmp_path / "other")) as other:
        assert prediction.extractor(store, iteration) is prediction.extractor(other, iteration)


def test_a_network_that_is_being_loaded_is_waited_for_by_who_needs_it(tmp_path: Path) -> None:
    """Whoever needs another one does not wait, and of those who wait nobody loads it again."""
    backbone = backbones.built_in()
    backbones.prepare(backbone.name, backbone.side, tmp_path)
    slow: Future[Network] = Future()
    kept = OrderedDict(slow=slow)
    with ThreadPoolExecutor() as threads:
        waiting = [threads.submit(predictor.loaded, kept, "slow", tmp_path) for _ in range(2)]
        other = predictor.loaded(kept, backbone.fingerprint, tmp_path)
        assert not any(each.done() for each in waiting)
        slow.set_result(other)
        assert [other, other] == [each.result() for each in waiting]


def test_a_network_that_could_not_be_loaded_is_tried_again(tmp_path: Path) -> None:
    """Its file may be there by then."""
    backbone = backbones.built_in()
    kept: predictor.Networks = OrderedDict()
    with pytest.raises(ModelDamaged):
        predictor.loaded(kept, "unknown", tmp_path)
    assert not kept
    backbones.prepare(backbone.name, backbone.side, tmp_path)
    loaded = predictor.loaded(kept, backbone.fingerprint, tmp_path)
    assert loaded is predictor.loaded(kept, backbone.fingerprint, tmp_path)
