"""How iterations were to be trained, what Advanced training tells as it goes on, and what came of it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from cvcore.records import TrainingOptions, TuningEpoch, TuningOutcome
from cvcore.store.database import Connections

QUICK = TrainingOptions()


class Trainings:
    """The trainings of every iteration."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def add(self, iteration_id: str, options: TrainingOptions) -> None:
        """Note how an iteration is to be trained; of a plain one nothing needs to be noted."""
        if options != QUICK:
            told = json.dumps(dataclasses.asdict(options))
            self._db.insert("trainings", {"iteration_id": iteration_id, "options": told})

    def options(self, iteration_id: str) -> TrainingOptions:
        """How an iteration was to be trained."""
        told = self._db.value("select options from trainings where iteration_id = ?", [iteration_id])
        if told is None:
            return QUICK
        fields: dict[str, Any] = json.loads(told)
        if fields["transforms"] is not None:
            fields["transforms"] = tuple(fields["transforms"])
        fields["costs"] = tuple((tag_id, cost) for tag_id, cost in fields["costs"])
        return TrainingOptions(**fields)

    def report(self, iteration_id: str, position: int, told: TuningEpoch) -> None:
        """Keep what a round told; one that is run again after a crash takes the place of what it told before."""
        self._db.write(
            "insert or replace into tuning_rounds values (?, ?, ?)",
            [iteration_id, position, json.dumps(dataclasses.asdict(told))],
        )

    def rounds(self, iteration_id: str) -> list[TuningEpoch]:
        """What the rounds told so far, in their order."""
        rows = self._db.rows("select told from tuning_rounds where iteration_id = ? order by position", [iteration_id])
        return [TuningEpoch(**json.loads(row["told"])) for row in rows]

    def wrap_up(self, iteration_id: str) -> None:
        """Ask an advanced training to end its search and keep the best that it has."""
        self._db.write("update trainings set wrap_up = 1 where iteration_id = ?", [iteration_id])

    def is_wrapping_up(self, iteration_id: str) -> bool:
        """Whether it was asked to."""
        return bool(self._db.value("select wrap_up from trainings where iteration_id = ?", [iteration_id]))

    def finish(self, iteration_id: str, outcome: TuningOutcome) -> None:
        """Keep what came of it."""
        told = json.dumps(dataclasses.asdict(outcome))
        self._db.write("update trainings set outcome = ? where iteration_id = ?", [told, iteration_id])

    def outcome(self, iteration_id: str) -> TuningOutcome | None:
        """What came of an advanced training, None where there is none."""
        told = self._db.value("select outcome from trainings where iteration_id = ?", [iteration_id])
        return TuningOutcome(**json.loads(told)) if told else None

    def note_tuned_on(self, fingerprint: str, digests: Sequence[str]) -> None:
        """Note the pictures that a tuned network has seen in training, by their SHA-256."""
        pairs = [(fingerprint, digest) for digest in digests]
        with self._db.transaction():
            self._db.connection.executemany("insert or ignore into tuned_on values (?, ?)", pairs)

    def tuned_on(self, fingerprint: str) -> set[str]:
        """The pictures that a tuned network has seen in training; none where it is as it came."""
        rows = self._db.rows("select sha256 from tuned_on where fingerprint = ?", [fingerprint])
        return {row["sha256"] for row in rows}

    def forget_tuned_on(self, fingerprint: str) -> None:
        """Forget them, together with the network."""
        self._db.write("delete from tuned_on where fingerprint = ?", [fingerprint])
