"""The files that are taken along say what the page says, and nothing in them runs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score

from cvcore import evaluation
from cvcore.evaluation import report_files
from cvcore.files import blobs
from cvcore.projects import tagging, uploads
from cvcore.records import Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]
Draw = Callable[[int], bytes]


def test_summary_of_a_good_model(store: Store, fill: Fill, trained: Trained) -> None:
    """It is JSON of the project's labels and images, and every number of a faultless model is 1."""
    project = fill(rose=6, tulip=5)
    iteration = trained(project)
    summary = json.loads(report_files.summary_json(store, project, iteration))
    details = summary["EvaluationDetails"]
    assert (["rose", "tulip"], 11, 11) == tuple(
        details[key] for key in ("Labels", "NumberOfTestingImages", "NumberOfTrainingImages")
    )
    assert "tagwise:project/Flowers/version/Iteration 1" == details["ProjectVersionArn"]
    assert [1.0, 1.0, 1.0] == [
        summary["AggregatedEvaluationResults"][key] for key in ("F1Score", "Precision", "Recall")
    ]
    assert details["EvaluationEndTimestamp"] + "+00:00" == (iteration.trained_at or iteration.created_at).isoformat()


def test_manifest_has_a_line_per_evaluated_image(store: Store, fill: Fill, trained: Trained) -> None:
    """Each names its image by content and name, so that two of one name can be distinguished."""
    iteration = trained(fill(rose=6, tulip=5))
    lines = [json.loads(line) for line in report_files.manifest(store, iteration)]
    there = store.iterations.images(iteration.id)
    assert [f"{image.sha256}/{image.name}" for image in there] == [line["source-ref"] for line in lines]


@pytest.mark.parametrize("all_answered", [True, False])
def test_the_vendors_notebook_gets_the_pages_numbers(
    store: Store, fill: Fill, trained: Trained, all_answered: bool
) -> None:
    """Read as AWS' notebook does, the manifest has the page's precision, and its recall if all images have answers."""
    random = np.random.default_rng(0).dirichlet(np.ones(3), 30)
    project = fill(rose=12, tulip=10, lily=8)
    iteration = trained(project, 0.1 + 0.5 * np.eye(3)[np.arange(30) % 3] if all_answered else random)
    labels = json.loads(report_files.summary_json(store, project, iteration))["EvaluationDetails"]["Labels"]
    lines = [json.loads(line) for line in report_files.manifest(store, iteration)]
    pairs = [
        (line["rekognition-custom-labels-training-0-metadata"]["class-name"], line[key]["class-name"])
        for line in lines
        for key in (f"rekognition-custom-labels-evaluation-{number}-metadata" for number in range(len(labels)))
        if key in line
    ]
    assert all_answered == (len(pairs) == len(lines))
    own, answered = zip(*pairs, strict=True)
    page = evaluation.overview(store, iteration).rekognition
    assert precision_score(own, answered, labels=labels, average=None) == pytest.approx(page.precision)
    if all_answered:
        assert recall_score(own, answered, labels=labels, average=None) == pytest.approx(page.recall)


def test_how_many_pictures_trained(store: Store, fill: Fill, trained: Trained) -> None:
    """All in k-fold, those not kept aside in hold-out, those not for testing with a test set."""
    project = fill(rose=8, tulip=8)
    assert 16 == report_files.training_images(store, trained(project))
    held_out = trained(project, evaluation_method="hold-out")
    folder = blobs.iteration_folder(store.home, held_out.id)
    with np.load(folder / evaluation.ARRAYS) as arrays:
        fields = dict(arrays) | {"folds": np.array([0] * 3 + [-1] * 13)}
    evaluation.save(folder, evaluation.OutOfFold(**fields))
    assert 13 == report_files.training_images(store, held_out)
    for tag, count in zip(store.tags.of_project(project.id), (1, 2), strict=True):
        some = store.images.page(project.id, tag_id=tag.id, take=count)
        tagging.mark_for_testing(store, project, [image.id for image in some], True)
    assert 13 == report_files.training_images(store, trained(project, evaluation_method="test-set"))


def test_spreadsheets_run_nothing(store: Store, drawn_image: Draw, fill: Fill, trained: Trained) -> None:
    """Names and tags that begin like formulas, or hold one behind a semicolon, come as text."""
    project = fill(**{"=cmd/' /C calc'!A0": 5, "@tulip": 5, "a;=1": 5})
    tag = store.tags.of_project(project.id)[0]
    uploads.add(store, project, "+1.png", drawn_image(99), tag_ids=[tag.id], limits=Limits())
    text = report_files.scores_csv(store, trained(project))
    cells = {cell for row in csv.reader(io.StringIO(text)) for cell in row}
    assert {"'=cmd/' /C calc'!A0", "'@tulip", "'+1.png", "a;'=1"} <= cells
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    elsewhere = {cell for row in csv.reader(io.StringIO(text), delimiter=";") for cell in row}
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in elsewhere)
