"""A group key: its values stay together in every evaluation, and both estimates are kept with the iteration."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from cvcore import cli, evaluation, image_facts, slices, training
from cvcore.errors import InvalidInput, NothingChanged
from cvcore.evaluation import analysis
from cvcore.files import blobs
from cvcore.image_facts import Column
from cvcore.records import EvaluationMethod, Iteration, Project, TrainingOptions
from cvcore.store import Store
from cvcore.training import lifecycle, worker
from cvcore.training.readiness import readiness
from cvcore.training.steps import group_keys
from tests.conftest import Fill

BY_DAY = TrainingOptions(group_key="day of photo")


@pytest.fixture
def project(store: Store, fill: Fill) -> Project:
    """12 roses and 12 tulips of six days, two of each a day."""
    project = fill(rose=12, tulip=12)
    images = store.images.tagged(project.id)
    for tag in store.tags.of_project(project.id):
        ids = [image.id for image in images if tag.id in image.tag_ids]
        for day in range(6):
            store.metadata.put(ids[2 * day : 2 * day + 2], {"day of photo": f"day {day}"})
    return project


def finished(store: Store, project: Project, options: TrainingOptions, method: EvaluationMethod) -> Iteration:
    """A real training, done in this process."""
    job = worker.finish_job(store, training.start(store, project, options=options, evaluation=method))
    assert "done" == job.status, job.error
    return store.iterations.get(job.iteration_id or "")


@pytest.mark.parametrize("method", ["k-fold", "hold-out", "test-set"])
def test_a_value_is_either_trained_on_or_evaluated(store: Store, project: Project, method: EvaluationMethod) -> None:
    """Images of one day are in one fold; of a test image's day none is trained on; both estimates are there."""
    days = image_facts.columns(store, store.images.tagged(project.id))["day of photo"]
    if method == "test-set":
        images = store.images.tagged(project.id)
        store.images.mark_for_testing(
            [image.id for image, day in zip(images, days.codes, strict=True) if day == 2][:3], True
        )
    iteration = finished(store, project, BY_DAY, method)
    predictions = evaluation.load(store, iteration)
    codes = slices.columns(store, iteration)["day of photo"].codes
    for day in range(6):
        assert 1 == len(set(predictions.groups[codes == day].tolist()))
        if method != "test-set":
            assert 1 == len(set(predictions.folds[codes == day].tolist()))
    assert 24 == len(set(analysis.load_analysis(store, iteration).near_duplicates.tolist()))
    found = slices.estimates(store, iteration, 0.5)
    assert found is not None
    assert found.together.f1 == pytest.approx(evaluation.report(store, iteration, 0.5).overall.f1)
    assert not math.isnan(found.apart.f1)


def test_both_estimates_are_printed(store: Store, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """`tagwise train --group-key` and `performance` say both and which is the true one; --json has the numbers."""
    assert 0 == cli.main(["train", "Flowers", "--group-key", "day of photo"])
    assert "images of a new 'day of photo'" in capsys.readouterr().out
    assert 0 == cli.main(["performance", "Flowers", "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert "day of photo" == printed["group_key"]["key"]
    assert printed["overall"]["f1"] == printed["group_key"]["kept_together"]["f1"]
    assert 2 == len(printed["group_key"]["near_duplicates_only"]["f1_interval"])


def test_a_key_that_groups_nothing_is_refused(store: Store, project: Project) -> None:
    """An unknown key, and one that does not tell where an image comes from, are refused with those there are."""
    for key, why in (("night", "'night' is on no image: day of photo"), ("size", "does not say where")):
        with pytest.raises(InvalidInput, match=why):
            training.start(store, project, options=TrainingOptions(group_key=key))


def test_other_values_are_another_training(store: Store, project: Project) -> None:
    """Nothing changed as long as the values are the same; another day for an image is a change."""
    iteration = finished(store, project, BY_DAY, "k-fold")
    with pytest.raises(NothingChanged):
        training.start(store, project, options=BY_DAY)
    assert not lifecycle.is_changed(store, project, iteration)
    store.metadata.put([store.images.tagged(project.id)[0].id], {"day of photo": "another"})
    assert lifecycle.is_changed(store, project, iteration)


def test_a_damaged_file_hides_the_second_estimate(store: Store, project: Project) -> None:
    """Without its file an iteration has its own numbers only."""
    iteration = finished(store, project, BY_DAY, "k-fold")
    (blobs.iteration_folder(store.home, iteration.id) / slices.KEPT_TOGETHER.name).write_bytes(b"no zip")
    assert slices.estimates(store, iteration, 0.5) is None


def test_what_to_expect_of_a_key() -> None:
    """Few values, one that holds nearly everything, images without one, and a tag of one value are told."""
    codes = np.array([0] * 8 + [1] * 2 + [-1] * 2, np.int32)
    truth = np.array([[row < 4, row >= 4] for row in range(12)])
    said = " ".join(group_keys.advice(Column("day", ("Mon", "Tue"), codes), truth, ["rose", "tulip"]))
    assert "'day' has only 2 values" in said
    assert "8 of 12 images have day=Mon" in said
    assert "2 images without 'day' stand each alone" in said
    assert "All images of a tag have one 'day', so that it cannot be judged: rose." in said


def test_keys_that_can_group(store: Store, project: Project) -> None:
    """Only keys that put several images together, and not all of them, are offered."""
    assert "day of photo" in group_keys.keys(store, readiness(store, project).images)
    assert "size" not in group_keys.keys(store, readiness(store, project).images)
