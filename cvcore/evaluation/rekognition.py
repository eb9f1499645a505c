"""Amazon Rekognition Custom Labels' numbers and files for an evaluation.

Rekognition defines some terms differently from everyone else:

- The *assumed threshold* of a label is the one with the best F1 on the evaluated images themselves. Numbers at it
  are too good, because it was chosen on the same images; ours are at the threshold that the user chose.
- *Average precision* is the mean over the labels of the precision at their assumed thresholds. Everywhere else,
  and on our other pages, it is the area under the steps of the precision-recall curve.
- *Overall recall* and the model's F1 are means over the labels too.

The decision rule is ours, at the assumed thresholds: in Multiclass only the top tag can be the answer.

https://docs.aws.amazon.com/rekognition/latest/customlabels-dg/im-metrics-use.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvcore import metrics
from cvcore.annotations import ground_truth
from cvcore.annotations.ground_truth import EVALUATION, TRAINING
from cvcore.array_types import Bools, Float64s, Integers
from cvcore.wording import none_for_nan

_BLOCK = 8192


@dataclass(frozen=True, eq=False)
class Result:
    """Each label's numbers at its assumed threshold, (k,), and their means.

    tested: how many images were evaluated. images: how many of them carry the label. matrix: (k, k), the share of
    images with the row's label that got the column's label as an answer; rows need not sum to 1, because an image can
    get no answer or, in Multilabel, several. nan is undefined.
    """

    tested: int
    thresholds: Float64s
    images: Integers
    precision: Float64s
    recall: Float64s
    f1: Float64s
    average_precision: float
    overall_recall: float
    overall_f1: float
    matrix: Float64s


def evaluate(truth: Bools, probabilities: NDArray[Any], *, multilabel: bool) -> Result:
    """Rekognition's numbers of the evaluated images; `truth` and `probabilities` (n, k) are as in `metrics`.

    >>> truth = np.array([[True, False], [True, False], [False, True]])
    >>> result = evaluate(truth, np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3]]), multilabel=False)
    >>> result.thresholds.tolist(), result.f1.tolist()
    ([0.6, 1.0], [0.8, 0.0])
    """
    thresholds = assumed_thresholds(truth, probabilities, multilabel=multilabel)
    # Some images at a time: as the numbers that they are compared as, all probabilities take twice their memory.
    parts = [slice(start, start + _BLOCK) for start in range(0, max(len(truth), 1), _BLOCK)]
    answered = np.concatenate(
        [metrics.answers(probabilities[part], thresholds, multilabel=multilabel) for part in parts]
    )
    counts = metrics.count_answers(truth, answered)
    precision, recall, f1 = metrics.precision(counts), metrics.recall(counts), metrics.f1(counts)
    images = truth.sum(axis=0)
    # As float32, which counts up to 2**24 exactly, a product of matrices runs in a second where bools take minutes.
    products = (truth[part].T.astype(np.float32) @ answered[part].astype(np.float32) for part in parts)
    together = sum(products, np.zeros((truth.shape[1],) * 2))
    return Result(
        len(truth),
        thresholds,
        images,
        precision,
        recall,
        f1,
        float(metrics.macro(precision)),
        float(metrics.macro(recall)),
        float(metrics.macro(f1)),
        metrics.ratio(together, np.broadcast_to(images[:, None], together.shape)),
    )


def assumed_thresholds(truth: Bools, probabilities: NDArray[Any], *, multilabel: bool) -> Float64s:
    """The probability at which each tag's F1 is best on these same images, as (k,); the highest one in a tie.

    1 if no threshold gives a right answer.
    """
    top = probabilities.argmax(axis=1) if len(probabilities) else np.zeros(0, np.intp)
    thresholds = np.ones(truth.shape[1])
    for tag in range(truth.shape[1]):
        able = slice(None) if multilabel else top == tag
        scores = np.asarray(probabilities[able, tag], np.float64)
        thresholds[tag] = _best_threshold(truth[able, tag], scores, int(truth[:, tag].sum()))
    return thresholds


def summary(
    result: Result, names: Sequence[str], *, version: str, ended_at: datetime, training_images: int
) -> dict[str, Any]:
    """The evaluation summary file's content; undefined numbers are None. Labels are sorted by F1, the best first.

    https://docs.aws.amazon.com/rekognition/latest/customlabels-dg/im-summary-file-api.html
    """
    order = sorted(range(len(names)), key=lambda tag: -np.nan_to_num(result.f1[tag], nan=-1.0))
    return {
        "Version": 1,
        "AggregatedEvaluationResults": {
            "ConfusionMatrix": [
                {
                    "GroundTruthLabel": own,
                    "PredictedLabel": predicted,
                    "Value": none_for_nan(result.matrix[row, column]),
                }
                for row, own in enumerate(names)
                for column, predicted in enumerate(names)
            ],
            "F1Score": none_for_nan(result.overall_f1),
            "Precision": none_for_nan(result.average_precision),
            "Recall": none_for_nan(result.overall_recall),
        },
        "EvaluationDetails": {
            "EvaluationEndTimestamp": ground_truth.timestamp(ended_at),
            "Labels": list(names),
            "NumberOfTestingImages": result.tested,
            "NumberOfTrainingImages": training_images,
            "ProjectVersionArn": version,
        },
        "LabelEvaluationResults": [
            {
                "Label": names[tag],
                "Metrics": {
                    "F1Score": none_for_nan(result.f1[tag]),
                    "Precision": none_for_nan(result.precision[tag]),
                    "Recall": none_for_nan(result.recall[tag]),
                    "Threshold": none_for_nan(result.thresholds[tag]),
                },
                "NumberOfTestingImages": int(result.images[tag]),
            }
            for tag in order
        ],
    }


def manifest(
    truth: Bools,
    probabilities: NDArray[Any],
    answered: Bools,
    *,
    names: Sequence[str],
    sources: Sequence[str],
    ended_at: datetime,
) -> Iterator[str]:
    """The evaluation manifest, one line of JSON per evaluated image; `sources` (n,) identify the images.

    `answered` (n, k) are the `metrics.answers` at the assumed thresholds.

    A line holds the labels that the image carries and those in its answer. True negatives (all other labels) are left
    out, because of 100 labels they would be 98. Labels in the answer are numbered from 0, missed ones from the number
    of labels on: the notebook in AWS' repository rekognition-custom-label-training-metrics reads the numbers below
    that, and takes each for an answer.

    https://docs.aws.amazon.com/rekognition/latest/customlabels-dg/tr-evaluation-manifest-snapshot-api.html
    """
    date = ground_truth.timestamp(ended_at)
    for row, source in enumerate(sources):
        line = training_line(source, [names[tag] for tag in np.flatnonzero(truth[row]).tolist()], date)
        missed = np.flatnonzero(truth[row] & ~answered[row]).tolist()
        for number, tag in [*enumerate(np.flatnonzero(answered[row]).tolist()), *enumerate(missed, len(names))]:
            line |= _attribute(EVALUATION, number, names[tag], float(probabilities[row, tag]), date)
            details = _details(bool(truth[row, tag]), bool(answered[row, tag]))
            line[f"{EVALUATION}-{number}-metadata"][f"{EVALUATION}-details"] = details
        yield json.dumps(line, ensure_ascii=False)


def training_line(source: str, labels: Sequence[str], date: str) -> dict[str, Any]:
    """What a manifest's line says of an image that was trained on, or evaluated: its address and labels."""
    line: dict[str, Any] = {ground_truth.SOURCE: source}
    for number, label in enumerate(labels):
        line |= _attribute(TRAINING, number, label, 1.0, date)
    return line


def _best_threshold(positive: Bools, scores: Float64s, positives: int) -> float:
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    # Equal scores cannot be separated, so a cut is possible only where the next score differs.
    cuts = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) if len(ranked) else np.zeros(0, np.intp)
    right = np.cumsum(positive[order])[cuts]
    if not right.any():
        return 1.0
    return float(ranked[cuts[np.argmax(2 * right / (cuts + 1 + positives))]])


def _attribute(kind: str, number: int, name: str, confidence: float, date: str) -> dict[str, Any]:
    is_by_hand = kind == TRAINING
    return ground_truth.label(
        f"{kind}-{number}", name, job=f"{kind}-job", date=date, confidence=confidence, is_by_hand=is_by_hand
    )


def _details(is_carried: bool, is_answered: bool) -> dict[str, Any]:
    return {
        "version": 1,
        "ground-truth-labelling-jobs": [f"{TRAINING}-job"],
        "is-true-positive": is_carried and is_answered,
        "is-true-negative": not is_carried and not is_answered,
        "is-false-positive": is_answered and not is_carried,
        "is-false-negative": is_carried and not is_answered,
        "is-present-in-ground-truth": is_carried,
    }
