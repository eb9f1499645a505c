"""Looks for the next steps of a trained iteration."""

from __future__ import annotations

from cvcore import analyses, evaluation, learning_curves, next_steps
from cvcore.languages import t
from cvcore.learning_curves import Measurement
from cvcore.networks.keras_backend import Device
from cvcore.next_steps import NextSteps
from cvcore.progress import Progress, share
from cvcore.records import Iteration
from cvcore.store import Store
from cvcore.training.analyses import learning_curve

# Images times tags up to which a learning curve is measured unasked: it takes about a minute for half as many.
CELLS_MOST = 2_000_000


def find(store: Store, iteration: Iteration, progress: Progress, device: Device = "cpu") -> NextSteps:
    """Find the next steps, measuring the learning curve first if that was not done and does not take long.

    Raises:
        Stopped: `progress` asked to stop.
        Unavailable: an image or the network is missing.
    """
    measurement = _measurement(store, iteration, share(progress, 0, 0.9), device)
    progress(t("Looking for what to do next"), 0.9)
    return next_steps.next_steps(store, iteration, measurement)


def _measurement(store: Store, iteration: Iteration, progress: Progress, device: Device) -> Measurement | None:
    kept = learning_curves.load(store, iteration)
    if kept is None and iteration.image_count * len(evaluation.tags(store, iteration)) <= CELLS_MOST:
        kept = learning_curve.measure(store, iteration, progress, device)
        analyses.save(store, iteration, learning_curves.FILE, kept)
    return kept
