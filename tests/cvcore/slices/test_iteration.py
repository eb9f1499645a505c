"""Slices of a trained iteration, from the store to the commands."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import UTC, datetime

import pytest

from cvcore import cli, evaluation, html_report, slices
from cvcore.files import blobs
from cvcore.metrics.reports import MEASURES
from cvcore.records import Iteration
from cvcore.slices import Condition, ranks
from cvcore.store import Store

MONDAY = Condition("day of photo", "Mon")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """A command's exit status, and what it said and complained of."""
    status = cli.main([*arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_a_slice_beside_the_rest_and_all(store: Store, iteration: Iteration) -> None:
    """The counts of a slice and of the rest add up to those of all, and mistakes are the wrong rows of the slice."""
    found = slices.numbers(store, iteration, 0.5, [MONDAY])
    assert (20, 40, 60) == tuple(each.overall.images for each in (found.report, found.rest, found.all))
    assert (14, 0) == (found.wrong, found.rest_wrong)
    listed = slices.mistakes(store, iteration, 0.5, slices.SliceMistakes((MONDAY,)))
    assert 14 == len(listed.rows)
    for here, there, everywhere in zip(found.report.tags, found.rest.tags, found.all.tags, strict=True):
        assert everywhere.tp == here.tp + there.tp
        assert everywhere.fn == here.fn + there.fn
    assert [0.2, 0.4] == [tag.recall for tag in found.report.tags]
    assert 1.0 == found.rest.overall.recall


@pytest.mark.parametrize("thresholds", [0.5, 0.123, (0.95, 0.2)])
def test_no_condition_chooses_all(store: Store, iteration: Iteration, thresholds: float | tuple[float, ...]) -> None:
    """Without conditions the numbers are those of the iteration, at any thresholds."""
    found = slices.numbers(store, iteration, thresholds, [])
    for name, value in asdict(evaluation.report(store, iteration, thresholds).overall).items():
        assert value == pytest.approx(getattr(found.report.overall, name), nan_ok=True)
    assert 0 == found.rest.overall.images


def test_conditions_are_joined(store: Store, iteration: Iteration) -> None:
    """An image must fulfil every condition; where none does, nothing is defined."""
    found = slices.numbers(store, iteration, 0.5, [MONDAY, Condition("day of photo", "Tue")])
    assert 0 == found.report.overall.images
    assert all(math.isnan(getattr(found.report.overall, name)) for name in MEASURES)


def test_what_is_known_later_counts(store: Store, iteration: Iteration) -> None:
    """A value that was put in after the training is found at once."""
    ids = [image.image_id for image in store.iterations.images(iteration.id)][:7]
    assert "room" not in slices.columns(store, iteration)
    store.metadata.put(ids, {"room": "9"})
    assert 7 == slices.numbers(store, iteration, 0.5, slices.parse(store, iteration, ["room=9"])).report.overall.images


def test_the_worst_slice_is_found_with_its_counts(store: Store, iteration: Iteration) -> None:
    """The planted day is the only one found, and its sentence says on which counts that rests."""
    found = slices.worst(store, iteration, 0.5)
    assert [MONDAY] == [each.condition for each in found.findings]
    assert slices.sentence(found.findings[0]).startswith(
        "day of photo=Mon: 14 of 20 answers are wrong (70.0 %), of the other images 0 of 40 (0.0 %). "
        "Among images of the same tags that is 70 points more ("
    )
    images, wrong = slices.shares_of_wrong(store, iteration, 0.5, "day of photo")
    assert ([20, 40], [14, 0]) == (images.tolist(), wrong.tolist())


def test_the_command_prints_a_slice(store: Store, iteration: Iteration, capsys: pytest.CaptureFixture[str]) -> None:
    """`performance --slice` prints the slice's numbers, and those of the rest in a line."""
    status, out, err = run(capsys, "performance", "Flowers", "--slice", "day of photo=Mon")
    assert (0, "") == (status, err)
    assert "Only images with day of photo=Mon." in out
    assert "The other images: 0 of 40 answers wrong; precision 100.0%, recall 100.0%" in out
    status, out, _ = run(capsys, "performance", "Flowers", "--slice", "day of photo=Mon", "--json")
    printed = json.loads(out)
    assert 0.3 == pytest.approx(printed["overall"]["recall"])
    assert {"images": 20, "wrong": 14, "conditions": [{"key": "day of photo", "value": "Mon"}]} == {
        name: printed["slice"][name] for name in ("images", "wrong", "conditions")
    }
    assert (40, 1.0) == (printed["slice"]["rest"]["images"], printed["slice"]["rest"]["overall"]["recall"])
    assert "slice" not in json.loads(run(capsys, "performance", "Flowers", "--json")[1])


def test_a_wrong_key_or_value_is_answered_with_those_there_are(
    iteration: Iteration, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on standard error names the keys, or the key's values."""
    status, out, err = run(capsys, "performance", "Flowers", "--slice", "night=Mon")
    assert (1, "") == (status, out)
    assert "no image has a key 'night': the keys are day of photo" in err
    status, out, err = run(capsys, "performance", "Flowers", "--slice", "day of photo=Sun")
    assert (1, "") == (status, out)
    assert "no image has day of photo=Sun: its values are Mon, Tue" in err


def test_the_command_lists_the_worst(iteration: Iteration, capsys: pytest.CaptureFixture[str]) -> None:
    """`tagwise slices` says how many slices were looked at, and prints each finding."""
    status, out, err = run(capsys, "slices", "Flowers")
    assert (0, "") == (status, err)
    assert "day of photo=Mon: 14 of 20 answers are wrong" in out
    assert "2 slices were looked at" in out
    printed = json.loads(run(capsys, "slices", "Flowers", "--threshold", "0.5", "--json")[1])
    assert (2, 0.5, 1) == (printed["looked_at"], printed["threshold"], len(printed["slices"]))
    (finding,) = printed["slices"]
    low, high = finding["difference_interval"]
    assert low < finding["difference"] < high
    assert finding["adjusted_p_value"] <= 0.05


def test_the_report_has_a_section(store: Store, iteration: Iteration) -> None:
    """The report to hand in lists the worst slices with their counts."""
    page = html_report.page(store, store.projects.get(iteration.project_id), iteration, 0.5, made_at=datetime.now(UTC))
    assert "day of photo=Mon: 14 of 20 answers are wrong" in page


def test_what_a_training_keeps_is_what_is_found_later(store: Store, iteration: Iteration) -> None:
    """The ranks kept at the training are those that the first reader would find, and they are read from there."""
    path = blobs.iteration_folder(store.home, iteration.id) / ranks.FILE
    slices.keep(path.parent, evaluation.load(store, iteration))
    kept = path.read_bytes()
    path.unlink()
    slices.numbers(store, iteration, 0.5, [MONDAY])
    assert kept == path.read_bytes()
