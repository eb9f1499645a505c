"""The API's keys are the environment's, or the home's own."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from cvcore.errors import InvalidInput
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


def test_amazon_s_pair_is_made_once(tmp_path: Path) -> None:
    """The id is the file's first line, the secret its second, in Amazon's form; the file is its owner's alone."""
    told = Settings(home=tmp_path)
    made = api_keys.load_aws(told)
    assert made == api_keys.load_aws(told)
    assert [made.access_key_id, made.secret_access_key] == (tmp_path / "aws.key").read_text().splitlines()
    assert re.fullmatch("AKIA[A-Z2-7]{16}", made.access_key_id)
    assert 40 == len(made.secret_access_key)
    assert 0o600 == (tmp_path / "aws.key").stat().st_mode & 0o777
    assert made.secret_access_key not in repr(made)


def test_amazon_s_pair_of_the_environment(tmp_path: Path) -> None:
    """A pair that is given is used and none is made; half a pair is refused, also in the file."""
    told = Settings(home=tmp_path, aws_access_key_id="id", aws_secret_access_key="hidden")
    assert api_keys.AwsKeys("id", "hidden") == api_keys.load_aws(told)
    assert [] == list(tmp_path.iterdir())
    assert "hidden" not in f"{told}"
    with pytest.raises(InvalidInput, match="must be set together, one of them is not"):
        api_keys.load_aws(Settings(home=tmp_path, aws_access_key_id="id"))
    (tmp_path / "aws.key").write_text("id\n")
    with pytest.raises(InvalidInput, match="it has 1 words: delete the file to have a new pair made"):
        api_keys.load_aws(Settings(home=tmp_path))
