"""A tag that light gives away is the last step: it promises no gain, and says that the numbers may be too good."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from cvcore import next_steps, projects
from cvcore.next_steps import NextSteps, Shortcut, open_steps
from cvcore.next_steps.iteration import listed, shortcut
from cvcore.next_steps.steps import Gain, MoreImages
from cvcore.projects import tagging, uploads
from cvcore.records import Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]

FOUND = Shortcut("brightness", 0, 1, 0.91, 0.86, 0.95, 60, 50)
FROM_ALL = Shortcut("camera", 1, None, 0.8, 0.7, 0.9, 30, 1200)
GAINS = tuple(MoreImages(Gain(gain, gain, gain), 12.0, 24) for gain in (0.05, 0.04, 0.03, 0.02, 0.01))
NAMES = ["rose", "tulip"]


def photo(seed: int, light: float) -> bytes:
    """Coloured squares in some light, as a PNG file."""
    squares = np.random.default_rng(seed).integers(60, 200, (16, 16, 3)) * light
    file = io.BytesIO()
    Image.fromarray(squares.astype(np.uint8)).resize((64, 64), Image.Resampling.NEAREST).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def dim(store: Store, trained: Trained) -> Iteration:
    """A trained iteration of twelve roses in daylight, and as many tulips in dim light."""
    project, limits = projects.create(store, "light"), Limits()
    for number in range(24):
        (tag,) = tagging.ensure(store, project, [("rose", "tulip")[number % 2]], limits=limits)
        data = photo(number, (1.0, 0.4)[number % 2])
        uploads.add(store, project, f"{number}.png", data, tag_ids=[tag.id], limits=limits)
    return trained(store.projects.get(project.id))


def test_a_dark_tag_is_found(store: Store, dim: Iteration) -> None:
    """Of all that tells the two apart, brightness is named first, on the counts of both; it is the only step."""
    (found,) = next_steps.next_steps(store, dim, None).steps
    assert isinstance(found, Shortcut)
    assert ("brightness", 0, 1, 1.0, 12, 12) == (
        found.family,
        found.tag,
        found.other,
        found.share,
        found.images,
        found.others,
    )
    assert 0.5 < found.low < found.high <= 1


def test_in_even_light_there_is_none(store: Store, fill: Fill, trained: Trained) -> None:
    """Nothing is said where nothing is found."""
    assert () == next_steps.next_steps(store, trained(fill(rose=12, tulip=12)), None).steps


def test_files_that_are_not_measured_tell_nothing(store: Store, dim: Iteration) -> None:
    """What an older Tagwise stored has no facts: there is no step, and no error."""
    for image in store.iterations.images(dim.id):
        store.file_facts.delete(image.sha256)
    assert () == next_steps.next_steps(store, dim, None).steps


def test_it_is_not_looked_for_in_large_iterations(
    store: Store, dim: Iteration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it would take long, nobody waits for what nobody asked for."""
    monkeypatch.setattr("cvcore.next_steps.iteration.CELLS_MOST", 47)
    assert shortcut(store, dim) is None
    monkeypatch.setattr("cvcore.next_steps.iteration.CELLS_MOST", 48)
    assert shortcut(store, dim) is not None


def test_it_comes_last_of_at_most_five() -> None:
    """It stands after the gains, and in place of the fifth."""
    assert (FOUND,) == listed((), FOUND)
    assert (*GAINS[:2], FOUND) == listed(GAINS[:2], FOUND)
    assert (*GAINS[:4], FOUND) == listed(GAINS, FOUND)
    assert GAINS == listed(GAINS, None)


def test_it_stays_while_its_iteration_is_the_newest(store: Store, dim: Iteration, trained: Trained) -> None:
    """The next training looks again, at its own images."""
    assert [FOUND] == open_steps(store, dim, NextSteps((FOUND,)))
    newer = trained(store.projects.get(dim.project_id))
    assert [] == open_steps(store, dim, NextSteps((FOUND,)))
    assert [FOUND] == open_steps(store, newer, NextSteps((FOUND,)))


def test_it_promises_no_gain() -> None:
    """The sentence has the rate and its interval, then comes that the numbers may be too good, and the counts."""
    what, expected = next_steps.in_words(FOUND, NAMES)
    assert (
        "rose and tulip can be told apart 91 % of the time (86 to 95 %) by brightness alone: take both in the same "
        "light."
    ) == what
    assert "No gain on these images: their numbers may be too good" == expected
    assert next_steps.basis(FOUND).startswith("Judged on 60 images of the first tag and 50 of the second, near dup")
    assert next_steps.basis(FROM_ALL).startswith("Judged on 30 images with the tag and 1,200 without it, near dup")


def test_alone_it_comes_with_what_was_not_found() -> None:
    """Only steps with a gain are said to be in points of the mean F1."""
    assert "Nothing that was looked for would raise the mean F1 by more than chance." == next_steps.note([FOUND])
    assert next_steps.note([FOUND]) in next_steps.note([]).replace("nothing", "Nothing")
    assert "in points of the mean F1" in next_steps.note([GAINS[0], FOUND])


def test_its_json_has_the_rate_and_no_gain() -> None:
    """The names are those that `tagwise shortcuts --json` uses."""
    line, from_all = next_steps.steps_json([FOUND, FROM_ALL], NAMES)
    assert ("shortcut", None, None) == (line["kind"], line["gain"], line["gain_interval"])
    assert (["rose", "tulip"], ["tulip"]) == (line["tags"], from_all["tags"])
    assert ("brightness", 0.91, [0.86, 0.95], [60, 50]) == (
        line["by"],
        line["told_apart"],
        line["told_apart_interval"],
        line["images"],
    )
    assert line["sentence"].endswith("take both in the same light.")
    assert from_all["sentence"].endswith("by the camera alone: take all tags with the same cameras.")
