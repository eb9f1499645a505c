"""Rows of trainings: their options and, for Advanced training, the epochs and the outcome."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from cvcore.records import QUICK, TrainingOptions, TuningEpoch, TuningOutcome
from cvcore.store.database import Connections


class Trainings:
    """The trainings of all iterations.

    The columns `told` and `wrap_up` and the table `tuning_rounds` have old names: an epoch as JSON, whether to finish
    early, and the epochs.
    """

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    def add(self, iteration_id: str, options: TrainingOptions) -> None:
        """Store the options that an iteration will be trained with; Quick's default options need no row."""
        if options != QUICK:
            row = {"iteration_id": iteration_id, "options": json.dumps(dataclasses.asdict(options))}
            self._db.insert("trainings", row)

    def options(self, iteration_id: str) -> TrainingOptions:
        """The options that an iteration's training was started with."""
        text = self._db.value("select options from trainings where iteration_id = ?", [iteration_id])
        if text is None:
            return QUICK
        fields: dict[str, Any] = json.loads(text)
        if fields["transforms"] is not None:
            fields["transforms"] = tuple(fields["transforms"])
        fields["costs"] = tuple((tag_id, cost) for tag_id, cost in fields["costs"])
        return TrainingOptions(**fields)

    def put_epoch(self, iteration_id: str, position: int, epoch: TuningEpoch) -> None:
        """Store an epoch's numbers, replacing those stored for this position before."""
        self._db.write(
            "insert or replace into tuning_rounds values (?, ?, ?)",
            [iteration_id, position, json.dumps(dataclasses.asdict(epoch))],
        )

    def delete_epochs(self, iteration_id: str) -> None:
        """Delete an iteration's epochs, because its training begins anew."""
        self._db.write("delete from tuning_rounds where iteration_id = ?", [iteration_id])

    def epochs(self, iteration_id: str) -> list[TuningEpoch]:
        """The epochs so far, in order."""
        rows = self._db.rows("select told from tuning_rounds where iteration_id = ? order by position", [iteration_id])
        return [TuningEpoch(**json.loads(row["told"])) for row in rows]

    def finish_early(self, iteration_id: str) -> None:
        """Ask an Advanced training to stop soon, in the middle of its epoch, and to use its best epochs so far."""
        self._db.write("update trainings set wrap_up = 1 where iteration_id = ?", [iteration_id])

    def is_finishing_early(self, iteration_id: str) -> bool:
        """Whether `finish_early` was called for this iteration."""
        return bool(self._db.value("select wrap_up from trainings where iteration_id = ?", [iteration_id]))

    def set_outcome(self, iteration_id: str, outcome: TuningOutcome) -> None:
        """Store an Advanced training's outcome."""
        text = json.dumps(dataclasses.asdict(outcome))
        self._db.write("update trainings set outcome = ? where iteration_id = ?", [text, iteration_id])

    def outcome(self, iteration_id: str) -> TuningOutcome | None:
        """The outcome of an Advanced training that has ended, or None."""
        text = self._db.value("select outcome from trainings where iteration_id = ?", [iteration_id])
        return TuningOutcome(**json.loads(text)) if text else None

    def note_tuned_on(self, fingerprint: str, digests: Sequence[str]) -> None:
        """Store the SHA-256 of the images that a fine-tuned network was trained on."""
        pairs = [(fingerprint, digest) for digest in digests]
        with self._db.transaction():
            self._db.connection.executemany("insert or ignore into tuned_on values (?, ?)", pairs)

    def tuned_on(self, fingerprint: str) -> set[str]:
        """The SHA-256 of the images that a network was fine-tuned on; empty if it was not fine-tuned."""
        rows = self._db.rows("select sha256 from tuned_on where fingerprint = ?", [fingerprint])
        return {row["sha256"] for row in rows}

    def forget_tuned_on(self, fingerprint: str) -> None:
        """Delete the SHA-256 of a network's images, when the network is deleted."""
        self._db.write("delete from tuned_on where fingerprint = ?", [fingerprint])
