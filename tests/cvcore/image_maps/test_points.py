"""The points of a map today: trained, newer and predicted images, with what is known of each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cvcore import evaluation, image_maps
from cvcore.files import blobs
from cvcore.image_maps import Points
from cvcore.prediction import history
from cvcore.projects import trash, uploads
from cvcore.records import Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training.analyses import made
from tests.conftest import DrawImage, Fill, Trained


@pytest.fixture
def project(fill: Fill) -> Project:
    """Six roses and six tulips."""
    return fill(rose=6, tulip=6)


@pytest.fixture
def iteration(project: Project, trained: Trained) -> Iteration:
    """Trained, with 0.9 for each image's own tag."""
    return trained(project)


def shown(store: Store, project: Project, iteration: Iteration) -> Points:
    """The points at threshold 0.5, the map made if there is none."""
    return image_maps.points(store, project, iteration, made(store, iteration, "map"), 0.5)


def test_trained_images(store: Store, project: Project, iteration: Iteration) -> None:
    """Every image has its place, tag, fold, probability and outcome."""
    points = shown(store, project, iteration)
    assert 12 == len(set(points.ids_at()))
    assert {("rose", 6), ("tulip", 6)} == {
        (name, int((points.tags == at).sum())) for at, name in enumerate(points.names)
    }
    assert {0, 1} == set(points.folds.tolist())
    assert [0.9] * 12 == pytest.approx(points.probabilities.tolist())
    assert {"right"} == {image_maps.OUTCOMES[each] for each in points.outcomes}
    assert 0 == points.left_out


def test_wrong_ones(store: Store, project: Project, trained: Trained) -> None:
    """At a threshold that no answer reaches, every image is wrong."""
    iteration = trained(project)
    points = image_maps.points(store, project, iteration, made(store, iteration, "map"), 0.95)
    assert {"wrong"} == {image_maps.OUTCOMES[each] for each in points.outcomes}


def test_deleted_images_are_left_out(store: Store, project: Project, iteration: Iteration) -> None:
    """An image in the trash has no point, and the others stay where they are."""
    before = shown(store, project, iteration)
    trash.delete_images(store, project, before.ids_at(slice(3, 4)))
    after = shown(store, project, iteration)
    assert np.delete(before.image_ids, 3).tolist() == after.image_ids.tolist()
    assert np.array_equal(np.delete(before.positions, 3, axis=0), after.positions)


def test_newer_and_predicted_images(
    store: Store, project: Project, iteration: Iteration, drawn_image: DrawImage, limits: Limits
) -> None:
    """They come as they are read, each of its kind, and move none of the others."""
    before = shown(store, project, iteration)
    history.predict_and_keep(store, iteration, drawn_image(70), application="", limits=limits)
    upload = uploads.add(store, project, "new.png", drawn_image(71), limits=limits)
    points = shown(store, project, iteration)
    assert (13, 1) == (len(points.digests), points.left_out)
    digest = store.images.get(upload.image_id or "").sha256
    known = [each.tobytes().hex() for each in points.digests]
    vector = next(iter(store.embeddings.get(iteration.fingerprint, known).values()))
    store.embeddings.put(iteration.fingerprint, {digest: vector})
    points = shown(store, project, iteration)
    assert ["new", "predicted"] == [image_maps.KINDS[each] for each in points.kinds[12:]]
    assert ([upload.image_id], 14) == (points.ids_at(slice(12, None)), len(points.image_ids))
    assert np.array_equal(before.positions, points.positions[:12])
    assert (-1, "not evaluated") == (points.tags[12], image_maps.OUTCOMES[points.outcomes[12]])


def test_rows_for_scripts(store: Store, project: Project, iteration: Iteration) -> None:
    """A line a point, in words, without nan."""
    row = image_maps.rows_json(shown(store, project, iteration), {})[0]
    assert row["tag"] in ("rose", "tulip")
    assert ("right", "trained") == (row["outcome"], row["kind"])
    assert 0.9 == row["probability"]


def test_the_map_is_kept(store: Store, iteration: Iteration) -> None:
    """It is made once, and read as it was written."""
    first = made(store, iteration, "map")
    again = image_maps.load(store, iteration)
    assert again is not None
    assert np.array_equal(first.positions, again.positions)
    assert iteration.fingerprint == again.fingerprint.item()


def test_a_hold_out_has_a_map(store: Store, project: Project, trained: Trained) -> None:
    """Images that no classifier was kept from are placed by classifiers fitted for the map."""
    probabilities = np.full((12, 2), np.nan, np.float32)
    iteration = trained(project, np.full((12, 2), 0.5))
    kept = evaluation.load(store, iteration)
    folds = np.where(np.arange(12) % 4 == 0, 0, -1)
    probabilities[folds == 0] = 0.5
    with blobs.new_folder(blobs.iteration_folder(store.home, iteration.id)) as folder:
        evaluation.save(folder, replace(kept, folds=folds, probabilities=probabilities))
    assert np.isfinite(made(store, iteration, "map").positions).all()


def test_points_are_kept_until_something_changes(store: Store, project: Project, iteration: Iteration) -> None:
    """Whoever looks again gets the same ones; after a change, new ones. Without a map there are none."""
    assert image_maps.kept_points(store, project, iteration, 0.5) is None
    made(store, iteration, "map")
    first = image_maps.kept_points(store, project, iteration, 0.5)
    assert first is not None
    assert first is image_maps.kept_points(store, project, iteration, 0.5)
    assert first is not image_maps.kept_points(store, project, iteration, 0.6)
    trash.delete_images(store, project, first.ids_at(slice(3, 4)))
    after = image_maps.kept_points(store, project, iteration, 0.5)
    assert after is not None
    assert 11 == len(after.kinds)
