"""The API's keys are the environment's, or the home's own."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from cvcore.files import api_keys
from cvcore.settings import Settings


def test_keys_are_made_once(tmp_path: Path) -> None:
    """At the first start two keys are made; later starts find the same, which only their owner can read."""
    told = Settings(home=tmp_path)
    made = api_keys.load(told)
    assert made == api_keys.load(told)
    assert made.training != made.prediction
    assert 32 == len(made.training)
    assert {"training.key", "prediction.key"} == {path.name for path in tmp_path.iterdir()}
    assert {0o600} == {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}


def test_the_environment_goes_first(tmp_path: Path) -> None:
    """Keys that are given are used, and none are made."""
    told = Settings(home=tmp_path, training_key="t", prediction_key="p")
    assert api_keys.Keys("t", "p") == api_keys.load(told)
    assert [] == list(tmp_path.iterdir())


def test_keys_are_not_shown(tmp_path: Path) -> None:
    """Neither the settings nor the keys show a key where they are printed."""
    told = Settings(home=tmp_path, training_key="hidden", prediction_key="hidden")
    assert "hidden" not in f"{told} {api_keys.load(told)}"
    assert "hidden" in str(dataclasses.asdict(told))
