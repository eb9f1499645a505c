"""How an iteration was trained the advanced way, as a project zip tells it."""

from __future__ import annotations

from cvcore.archive.json_reader import Value
from cvcore.records import TuningEpoch, TuningOutcome
from cvcore.store.project_contents import TrainingContents

COUNT, ROUNDS, LARGE = 10**9, 100_000, 1e9


def read(given: Value) -> TrainingContents:
    """What a project.json says of a training, each value checked.

    Raises:
        ArchiveRefused: it is not as Tagwise writes it.
    """
    return TrainingContents(
        given["budget_minutes"].number(0, LARGE),
        _outcome(given["outcome"]),
        tuple(map(_round, given["rounds"].items(ROUNDS))),
    )


def _outcome(given: Value) -> TuningOutcome:
    images = given["images"].integer(0, COUNT)
    return TuningOutcome(
        images=images,
        right=given["right"].integer(0, images),
        quick_right=given["quick_right"].integer(0, images),
        p_value=given["p_value"].number(0, 1),
        attempts=given["attempts"].integer(1, COUNT),
        rounds=given["rounds"].integer(0, COUNT),
        seconds=given["seconds"].number(0, LARGE),
        ended=given["ended"].one_of(("converged", "budget", "asked")),
        device=given["device"].one_of(("cpu", "gpu")),
    )


def _round(given: Value) -> TuningEpoch:
    def share(value: Value) -> float:
        return value.number(0, 1)

    return TuningEpoch(
        attempt=given["attempt"].integer(0, COUNT),
        number=given["number"].integer(0, COUNT),
        learning_rate=given["learning_rate"].number(0, LARGE),
        loss=given["loss"].number(0, LARGE),
        validation_loss=given["validation_loss"].number(0, LARGE),
        right=given["right"].optional(share),
        images_per_s=given["images_per_s"].number(0, LARGE),
        seconds=given["seconds"].number(0, LARGE),
    )
