"""Rekognition's numbers are those its guide defines, and its files have its shape to the letter."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve

from cvcore import metrics
from cvcore.evaluation import rekognition

# Three caps and two watches; one cap is taken for a watch, and one watch for a cap with little certainty.
TRUTH = np.array([[True, False], [True, False], [True, False], [False, True], [False, True]])
PROBABILITIES = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8], [0.55, 0.45]])
NAMES = ["CAP", "WATCH"]
AT = datetime(2019, 11, 21, 8, 30, 23, 910943, tzinfo=timezone(timedelta(hours=1)))


@pytest.fixture
def result() -> rekognition.Result:
    """The five images' numbers."""
    return rekognition.evaluate(TRUTH, PROBABILITIES, multilabel=False)


def test_numbers_by_hand(result: rekognition.Result) -> None:
    """CAP is best at .8: two found, none false, one missed. WATCH at .8: one of two found, none false."""
    assert [0.8, 0.8] == result.thresholds.tolist()
    assert [1.0, 1.0] == result.precision.tolist()
    np.testing.assert_allclose([2 / 3, 1 / 2], result.recall)
    np.testing.assert_allclose([0.8, 2 / 3], result.f1)
    np.testing.assert_allclose([[2 / 3, 0], [0, 1 / 2]], result.matrix)


def test_the_models_numbers_are_means_over_labels(result: rekognition.Result) -> None:
    """Average precision is the mean of precisions, no area under a curve; so are recall, and F1 of F1s."""
    assert 1.0 == result.average_precision
    assert result.overall_recall == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert result.overall_f1 == pytest.approx((0.8 + 2 / 3) / 2)
    area = metrics.average_precision(TRUTH[:, 0], PROBABILITIES[:, 0])
    assert area != result.average_precision


@pytest.mark.parametrize("seed", range(8))
def test_assumed_thresholds_have_the_best_f1(seed: int) -> None:
    """No threshold of scikit-learn's curve does better, and of those that do as well it is the highest."""
    rng = np.random.default_rng(seed)
    truth, scores = rng.random((60, 4)) < 0.3, rng.integers(0, 12, (60, 4)) / 12
    found = rekognition.assumed_thresholds(truth, scores, multilabel=True)
    for tag in range(4):
        precision, recall, cuts = precision_recall_curve(truth[:, tag], scores[:, tag])
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
        best = np.flatnonzero(np.isclose(f1[:-1], f1[:-1].max()))[-1]
        assert cuts[best] == found[tag]


def test_a_label_that_is_never_right() -> None:
    """Its threshold is 1, its precision undefined, and it stays out of the mean."""
    found = rekognition.evaluate(TRUTH, np.tile([0.9, 0.1], (5, 1)), multilabel=False)
    assert [0.9, 1.0] == found.thresholds.tolist()
    assert [True, False] == (~np.isnan(found.precision)).tolist()
    assert (0.6, 0.5) == (found.average_precision, found.overall_recall)


def test_nothing_evaluated() -> None:
    """No image gives no number, and no error."""
    found = rekognition.evaluate(np.zeros((0, 2), bool), np.zeros((0, 2)), multilabel=False)
    assert [1.0, 1.0] == found.thresholds.tolist()
    assert np.isnan([found.average_precision, found.overall_recall, found.overall_f1, *found.matrix.ravel()]).all()
    content = rekognition.summary(found, NAMES, version="v", ended_at=AT, training_images=2)
    assert content["AggregatedEvaluationResults"]["F1Score"] is None
    assert json.dumps(content, allow_nan=False)


def test_rows_of_the_matrix_are_shares_of_the_row_label() -> None:
    """Each cell is divided by the images of the label in truth, so what one row lacks to 1 got no answer."""
    rng = np.random.default_rng(2)
    truth = np.eye(3, dtype=bool)[rng.integers(0, 3, 200)]
    drawn = rng.dirichlet(np.ones(3), 200) + truth
    probabilities = drawn / drawn.sum(axis=1, keepdims=True)
    found = rekognition.evaluate(truth, probabilities, multilabel=False)
    answered = metrics.answers(probabilities, found.thresholds, multilabel=False)
    unanswered = truth[~answered.any(axis=1)].sum(axis=0) / truth.sum(axis=0)
    np.testing.assert_allclose(1 - unanswered, found.matrix.sum(axis=1))
    np.testing.assert_allclose(found.recall, np.diag(found.matrix))


def test_summary_is_the_file(result: rekognition.Result) -> None:
    """Every key of the guide's example, in its place; the time is UTC, and the best label comes first."""
    assert {
        "Version": 1,
        "AggregatedEvaluationResults": {
            "ConfusionMatrix": [
                {"GroundTruthLabel": "CAP", "PredictedLabel": "CAP", "Value": 2 / 3},
                {"GroundTruthLabel": "CAP", "PredictedLabel": "WATCH", "Value": 0.0},
                {"GroundTruthLabel": "WATCH", "PredictedLabel": "CAP", "Value": 0.0},
                {"GroundTruthLabel": "WATCH", "PredictedLabel": "WATCH", "Value": 0.5},
            ],
            "F1Score": result.overall_f1,
            "Precision": 1.0,
            "Recall": result.overall_recall,
        },
        "EvaluationDetails": {
            "EvaluationEndTimestamp": "2019-11-21T07:30:23.910943",
            "Labels": ["CAP", "WATCH"],
            "NumberOfTestingImages": 5,
            "NumberOfTrainingImages": 20,
            "ProjectVersionArn": "version 1",
        },
        "LabelEvaluationResults": [
            {
                "Label": "CAP",
                "Metrics": {"F1Score": 0.8, "Precision": 1.0, "Recall": 2 / 3, "Threshold": 0.8},
                "NumberOfTestingImages": 3,
            },
            {
                "Label": "WATCH",
                "Metrics": {"F1Score": 2 / 3, "Precision": 1.0, "Recall": 0.5, "Threshold": 0.8},
                "NumberOfTestingImages": 2,
            },
        ],
    } == rekognition.summary(result, NAMES, version="version 1", ended_at=AT, training_images=20)


MANIFEST_LINE = """
{
  "source-ref": "beckham.jpeg",
  "rekognition-custom-labels-training-0": 1,
  "rekognition-custom-labels-training-0-metadata": {
    "confidence": 1.0,
    "job-name": "rekognition-custom-labels-training-job",
    "class-name": "CAP",
    "human-annotated": "yes",
    "creation-date": "2019-11-21T07:30:23.910943",
    "type": "groundtruth/image-classification"
  },
  "rekognition-custom-labels-evaluation-0": 1,
  "rekognition-custom-labels-evaluation-0-metadata": {
    "confidence": 0.95,
    "job-name": "rekognition-custom-labels-evaluation-job",
    "class-name": "CAP",
    "human-annotated": "no",
    "creation-date": "2019-11-21T07:30:23.910943",
    "type": "groundtruth/image-classification",
    "rekognition-custom-labels-evaluation-details": {
      "version": 1,
      "ground-truth-labelling-jobs": ["rekognition-custom-labels-training-job"],
      "is-true-positive": true,
      "is-true-negative": false,
      "is-false-positive": false,
      "is-false-negative": false,
      "is-present-in-ground-truth": true
    }
  }
}
"""


def test_manifest_is_the_file() -> None:
    """A line an image, key by key as in the guide's example."""
    truth, probabilities = np.array([[True, False]]), np.array([[0.95, 0.05]])
    answered = np.array([[True, False]])
    (line,) = rekognition.manifest(
        truth, probabilities, answered, names=NAMES, sources=["beckham.jpeg"], ended_at=AT.astimezone(UTC)
    )
    assert json.loads(MANIFEST_LINE) == json.loads(line)
    assert "\n" not in line


def test_manifest_tells_misses_and_false_answers() -> None:
    """A label that is missed and one that is answered falsely each have an attribute of their own; others have none.

    Answers are numbered below the number of labels, misses from it on.
    """
    lines = list(
        rekognition.manifest(
            TRUTH,
            np.tile([0.9, 0.1], (5, 1)),
            np.tile([True, False], (5, 1)),
            names=NAMES,
            sources=[f'{number} ".jpg' for number in range(5)],
            ended_at=AT,
        )
    )
    last = json.loads(lines[-1])
    content = [last[f"rekognition-custom-labels-evaluation-{number}-metadata"] for number in (0, 2)]
    details = [each["rekognition-custom-labels-evaluation-details"] for each in content]
    assert ['4 ".jpg', "CAP", "WATCH"] == [last["source-ref"], *(each["class-name"] for each in content)]
    assert [(True, False), (False, True)] == [(d["is-false-positive"], d["is-false-negative"]) for d in details]
    assert [False, True] == [d["is-present-in-ground-truth"] for d in details]
    assert all("rekognition-custom-labels-evaluation-1" not in json.loads(line) for line in lines)
