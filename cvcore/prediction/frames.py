"""Predicts frames of a live camera: networks and classifiers stay loaded between frames, and nothing is stored."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from cvcore import evaluation, imaging, metrics
from cvcore.errors import IterationNotFound
from cvcore.evaluation import OutOfFold
from cvcore.files import blobs
from cvcore.languages import t
from cvcore.networks import backbones
from cvcore.prediction import predictor
from cvcore.prediction.predictor import Network, Networks
from cvcore.records import Iteration
from cvcore.settings import Limits
from cvcore.store import Store

# A frame of 284 x 160 pixels, from a wide camera for the built-in network, has about 20 kB.
LIMITS = Limits(image_bytes=2**18, side_max_px=1024, pixels=2**20)

# How many classifiers are kept, how long without a frame, and how often it is looked whether the iteration changed.
MODELS_KEPT, IDLE_S, LOOKED_AFTER_S = 64, 60.0, 1.0


@dataclass(frozen=True)
class FrameAnswer:
    """Every tag's probability, in the order of the iteration's tags, and the places there of those that are answered.

    The most probable answer comes first.
    """

    probabilities: tuple[float, ...]
    answer: tuple[int, ...]


@dataclass(frozen=True)
class _Model:
    """An iteration as it was when it was looked at, and its classifier: predictions of no images."""

    iteration: Iteration
    head: OutOfFold
    looked_at: float
    used_at: float = field(default_factory=time.monotonic)


def predict(stores: Sequence[Store], iteration_id: str, frame: bytes, threshold: float | None = None) -> FrameAnswer:
    """Predict a frame by an iteration in one of the stores; without a threshold those saved with it decide, or 0.5.

    Raises:
        ImageRefused: the frame is not an image within `LIMITS`.
        IterationNotFound: the stores have no such iteration.
        NotTrained, ModelDamaged: the iteration is not trained, or a file of it is missing or damaged.
        InvalidInput: the threshold is outside 0..1.
    """
    imaging.check(frame, LIMITS)
    store, model = _model(stores, iteration_id)
    backbone, embed = _network(model.iteration.fingerprint, blobs.backbones_folder(store.home))
    row = predictor.probabilities(model.head, embed(imaging.pixels(frame, backbone.side)[None]))
    chosen = np.asarray(evaluation.threshold_in_use(model.iteration, threshold))
    is_answer = metrics.answers(row, chosen, multilabel=model.head.multilabel)[0]
    best_first = np.argsort(-row[0], kind="stable")
    return FrameAnswer(tuple(map(float, row[0])), tuple(int(column) for column in best_first if is_answer[column]))


def side(store: Store, iteration: Iteration) -> int:
    """The width and height, in pixels, to which a frame is resized for the iteration's network: it need not be larger.

    Raises:
        ModelDamaged: the network is not in the home folder any more.
    """
    return backbones.find(iteration.fingerprint, blobs.backbones_folder(store.home)).side


_models: OrderedDict[tuple[Path, str], _Model] = OrderedDict()
_models_lock = threading.Lock()


def _model(stores: Sequence[Store], iteration_id: str) -> tuple[Store, _Model]:
    now = time.monotonic()
    for store in stores:
        place = (store.home, iteration_id)
        with _models_lock:
            kept = _models.get(place)
        if kept is None or now - kept.looked_at > LOOKED_AFTER_S:
            try:
                iteration = store.iterations.get(iteration_id)
            except IterationNotFound:
                _drop(place)
                continue
            head = kept.head if kept else evaluation.load_rows(store, iteration, np.arange(0))
            kept = _Model(iteration, head, now)
        _keep(place, replace(kept, used_at=now))
        return store, kept
    raise IterationNotFound(
        t(
            "there is no iteration {iteration_id!r}: it may have been deleted, reload the page",
            iteration_id=iteration_id[:80],
        )
    )


def _keep(place: tuple[Path, str], model: _Model) -> None:
    with _models_lock:
        _models[place] = model
        _models.move_to_end(place)
        while len(_models) > MODELS_KEPT or next(iter(_models.values())).used_at < model.used_at - IDLE_S:
            _models.popitem(last=False)


def _drop(place: tuple[Path, str]) -> None:
    with _models_lock:
        _models.pop(place, None)


_own = threading.local()


def _network(fingerprint: str, folder: Path) -> Network:
    """The network of that fingerprint, of this thread alone.

    With one network for each of two threads, more frames are predicted than with one on two cores.
    """
    networks: Networks = _own.__dict__.setdefault("networks", OrderedDict())
    return predictor.loaded(networks, fingerprint, folder, threads=1)
