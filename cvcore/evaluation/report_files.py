"""Writes an iteration's performance as text: JSON for the commands, CSV of all probabilities, Rekognition's files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cvcore import metrics, validation
from cvcore.array_types import Bools
from cvcore.evaluation import analysis, out_of_fold, performance, rekognition, saved_thresholds
from cvcore.languages import tn
from cvcore.metrics import reports
from cvcore.records import HOLD_OUT, K_FOLD, TEST_SET, Iteration, Project, Scores, Thresholds
from cvcore.store import SnapshotImage, Store
from cvcore.wording import csv_line, none_for_nan

# So many names of tags stand in a sentence.
TAGS_LISTED = 5


@dataclass(frozen=True)
class NotEvaluated:
    """How many images were not evaluated, and the tags whose images are all near duplicates of one another.

    With a group key, `key`, images with the same value of it count as such.
    """

    images: int
    tags: tuple[str, ...]
    key: str = ""

    def __str__(self) -> str:
        """A sentence with the reason and what to do; empty if every image was evaluated.

        >>> str(NotEvaluated(8, ("cat",)))
        "8 images could not be evaluated: all images of 'cat' are near duplicates of one another. Add different images."
        >>> str(NotEvaluated(35, tuple("abcdefg")))[:78]
        "35 images could not be evaluated: all images of 'a', 'b', 'c', 'd', 'e' and 2 "
        """
        if not self.images:
            return ""
        if not self.tags:
            return tn(self.images, "{n} image could not be evaluated.", "{n} images could not be evaluated.")
        listed = ", ".join(map(repr, self.tags[:TAGS_LISTED]))
        if (more := len(self.tags) - TAGS_LISTED) > 0:
            listed = tn(more, "{tags} and {n} more tag", "{tags} and {n} more tags", tags=listed)
        if self.key:
            return tn(
                self.images,
                "{n} image could not be evaluated: all images of {tags} are of the same {key}, or near duplicates of "
                "such. Add images of another {key}.",
                "{n} images could not be evaluated: all images of {tags} are of the same {key}, or near duplicates of "
                "such. Add images of another {key}.",
                tags=listed,
                key=self.key,
            )
        return tn(
            self.images,
            "{n} image could not be evaluated: all images of {tags} are near duplicates of one another. Add different "
            "images.",
            "{n} images could not be evaluated: all images of {tags} are near duplicates of one another. Add different "
            "images.",
            tags=listed,
        )


def performance_json(
    store: Store,
    project: Project,
    iteration: Iteration,
    threshold: Thresholds,
    *,
    report: reports.Report | None = None,
) -> dict[str, Any]:
    """An iteration's performance as `tagwise performance --json` prints it; undefined numbers are None.

    With a `report`, the numbers are those of it instead.
    """
    report = report or performance.report(store, iteration, threshold)
    how = iteration.evaluation
    left_out = not_evaluated(store, iteration)
    return {
        "project": project.name,
        "iteration": iteration.number,
        "iteration_name": iteration.name,
        "backbone": iteration.backbone,
        "note": iteration.note,
        "evaluation": {"method": how.method, "folds": how.folds, "seed": how.seed} if how else None,
        **thresholds_json(store, iteration, threshold),
        "overall": rates_json(report.overall),
        "not_evaluated": {"images": left_out.images, "tags": list(left_out.tags)},
        "tags": [
            {"name": tag.name, "images": row.images, "tp": row.tp, "fp": row.fp, "fn": row.fn, **rates_json(row)}
            for tag, row in zip(out_of_fold.tags(store, iteration), report.tags, strict=True)
        ],
        "seconds": iteration.seconds,
        "training": _training(store, iteration),
    }


def thresholds_json(store: Store, iteration: Iteration, threshold: Thresholds) -> dict[str, Any]:
    """Thresholds as in the commands' JSON.

    `threshold` is a number, or null if each tag has its own in `thresholds`; `threshold_saved` says whether they are
    the ones saved with the iteration.
    """
    used = saved_thresholds.thresholds_by_tag(store, iteration, threshold)
    content: dict[str, Any] = {"threshold": None, "thresholds": used} if isinstance(used, dict) else {"threshold": used}
    return content | {"threshold_saved": threshold == iteration.thresholds}


def scores_csv(store: Store, iteration: Iteration) -> str:
    """One row per evaluated image: image, fold, truth and every tag's out-of-fold probability.

    No two images have the same name here: see `unique_names`. A name that a spreadsheet would run as a formula gets an
    apostrophe in front. A probability has all its digits: used as a threshold, it is reached.
    """
    predictions = analysis.load(store, iteration)
    names = [tag.name for tag in out_of_fold.tags(store, iteration)]
    lines = [csv_line(["image", "fold", "truth", *names])]
    for row, image in enumerate(unique_names(store.iterations.images(iteration.id))):
        if predictions.evaluated[row]:
            truth = "|".join(name for name, carried in zip(names, predictions.truth[row], strict=True) if carried)
            probabilities = predictions.probabilities[row].tolist()
            lines.append(csv_line([image, str(predictions.folds[row]), truth], probabilities))
    return "".join(lines)


def unique_names(images: Sequence[SnapshotImage]) -> list[str]:
    """The images' names; where several have the same, each with the first digits of its SHA-256 behind it.

    Folders for tags often hold files of the same names: cat/1.jpg and dog/1.jpg are both called 1.jpg.
    """
    counts = Counter(image.name for image in images)
    return [image.name if counts[image.name] == 1 else f"{image.name}#{image.sha256[:12]}" for image in images]


def not_evaluated(store: Store, iteration: Iteration) -> NotEvaluated:
    """The images that could not be evaluated, and the tags of which no image could be.

    Such a tag's images are all near duplicates of one another: a model that is not trained on one of them does not know
    the tag. In a hold-out, most images are not meant to be evaluated: only those of such tags count. A test set is the
    user's own: there are none.
    """
    how = iteration.evaluation
    if how is None or how.method == TEST_SET:
        return NotEvaluated(0, ())
    # Mostly the kept numbers say that there are none, and the arrays, which are large, need not be read.
    tp, fp, fn, tn = performance.overview(store, iteration).sweep.counts[0].T
    is_complete = iteration.image_count == tp[0] + fp[0] + fn[0] + tn[0]
    if is_complete or (how.method == HOLD_OUT and (tp + fn > 0).all()):
        return NotEvaluated(0, ())
    predictions = analysis.load(store, iteration)
    known = np.asarray(predictions.truth[predictions.evaluated].any(axis=0))
    alike = [
        column
        for column, carried in enumerate(predictions.truth.T)
        if not known[column] and len(np.unique(predictions.groups[carried])) == 1
    ]
    left_out = ~predictions.evaluated
    if how.method == HOLD_OUT:
        left_out = np.asarray(predictions.truth[:, alike].any(axis=1))
    names = [tag.name for tag in out_of_fold.tags(store, iteration)]
    key = store.trainings.options(iteration.id).group_key
    return NotEvaluated(int(np.count_nonzero(left_out)), tuple(names[column] for column in alike), key)


def rates_json(row: reports.TagReport | reports.OverallReport) -> dict[str, Any]:
    """A report's rates, overall or of a tag, each with its interval; undefined numbers are None."""
    rates: dict[str, Any] = {}
    for name in Scores.__dataclass_fields__:
        rates[name] = none_for_nan(getattr(row, name))
        rates[f"{name}_interval"] = [none_for_nan(end) for end in getattr(row, f"{name}_interval")]
    return rates


def _training(store: Store, iteration: Iteration) -> dict[str, Any]:
    options, outcome = store.trainings.options(iteration.id), store.trainings.outcome(iteration.id)
    return {
        "advanced": options.is_advanced,
        "budget_minutes": options.budget_minutes if options.is_advanced else None,
        "outcome": asdict(outcome) if outcome else None,
    }


def summary_json(store: Store, project: Project, iteration: Iteration, *, version: str = "") -> str:
    """Rekognition's evaluation summary file; `version` is the ARN of the version that the iteration is, if it has one.

    Raises:
        Conflict, ModelDamaged: as `evaluation.load`.
    """
    content = rekognition.summary(
        performance.overview(store, iteration).rekognition,
        [tag.name for tag in out_of_fold.tags(store, iteration)],
        version=version or f"tagwise:project/{project.name}/version/{iteration.name}",
        ended_at=iteration.trained_at or iteration.created_at,
        training_images=training_images(store, iteration),
    )
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)


def manifest(store: Store, iteration: Iteration, sources: Sequence[str] = ()) -> Iterator[str]:
    """Rekognition's evaluation manifest, line by line.

    sources: the address of each of the iteration's images; without, images are identified by SHA-256 and name.

    Raises:
        Conflict, ModelDamaged: as `evaluation.load`.
    """
    predictions = analysis.load(store, iteration)
    named = sources or [f"{image.sha256}/{image.name}" for image in store.iterations.images(iteration.id)]
    rows = np.flatnonzero(predictions.evaluated)
    truth, probabilities = predictions.truth[rows], predictions.probabilities[rows]
    assumed = performance.overview(store, iteration).rekognition.thresholds
    return rekognition.manifest(
        truth,
        probabilities,
        metrics.answers(probabilities, assumed, multilabel=predictions.multilabel),
        names=[tag.name for tag in out_of_fold.tags(store, iteration)],
        sources=[named[row] for row in rows.tolist()],
        ended_at=iteration.trained_at or iteration.created_at,
    )


def training_images(store: Store, iteration: Iteration) -> int:
    """How many images the iteration's final model was trained on."""
    return int(np.count_nonzero(trained_on(store, iteration)))


def trained_on(store: Store, iteration: Iteration) -> Bools:
    """Which of its images the iteration's final model was trained on: bool (images,)."""
    predictions = analysis.load(store, iteration)
    method = iteration.evaluation.method if iteration.evaluation else K_FOLD
    if method == K_FOLD:
        return np.ones(len(predictions.folds), np.bool_)
    if method == HOLD_OUT:
        return ~predictions.evaluated
    is_test = np.array([image.is_test for image in store.iterations.images(iteration.id)])
    return validation.plan(method, predictions.truth, predictions.groups, is_test).trains
