"""Next steps are looked for after every training, kept with the iteration, and no longer shown once they are taken."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec
import pytest

from cvcore import analyses, evaluation, learning_curves, next_steps, training
from cvcore.analyses import Size
from cvcore.errors import ArraysDamaged
from cvcore.evaluation import saved_thresholds
from cvcore.next_steps import FILE, NextSteps, Step, open_steps
from cvcore.next_steps.steps import BetterThresholds, DifferentDuplicates, Gain, Merge, MoreImages, Shortcut, WrongTags
from cvcore.projects import tagging
from cvcore.records import Iteration, LabelIssue, Project
from cvcore.store import Store
from cvcore.training import job_runner
from cvcore.training.analyses import made

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]

GAIN = Gain(0.02, 0.01, 0.03)


@pytest.fixture
def iteration(fill: Fill, trained: Trained) -> Iteration:
    """A trained iteration of 12 roses and 12 tulips."""
    return trained(fill(rose=12, tulip=12))


def shown(store: Store, iteration: Iteration, *steps: Step) -> list[Step]:
    """Which of the steps are still open."""
    return open_steps(store, iteration, NextSteps(steps))


def tag_id(store: Store, iteration: Iteration, column: int) -> str:
    """The id of a column's tag."""
    return evaluation.tags(store, iteration)[column].tag_id


def test_they_are_looked_for_after_a_training(store: Store, fill: Fill) -> None:
    """The worker trains, then queues and does the search, with the learning curve that it needs."""
    project = fill(rose=8, tulip=8)
    training.start(store, project)
    for kind in ("train", "next-steps"):
        job = store.jobs.claim()
        assert job is not None
        assert kind == job.kind
        job_runner.run_job(store, job, threading.Event())
        assert ("done", "") == (store.jobs.get(job.id).status, store.jobs.get(job.id).error)
    assert store.jobs.claim() is None
    (iteration,) = store.iterations.of_project(project.id)
    assert analyses.load(store, iteration, FILE) is not None
    assert learning_curves.load(store, iteration) is not None


def test_a_large_iteration_has_no_curve_measured(
    store: Store, iteration: Iteration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a curve would take minutes nobody asked for, the steps are those of the answers alone."""
    monkeypatch.setattr("cvcore.training.analyses.next_steps.CELLS_MOST", 10)
    made(store, iteration, "next-steps")
    assert learning_curves.load(store, iteration) is None


def test_wrong_tags_are_no_step_once_all_were_looked_at(store: Store, iteration: Iteration) -> None:
    """When all suspects are retagged or dismissed, or gone, the step is not shown."""
    step = WrongTags(GAIN, 3, 24, 2.0, 1.0, 3.0, (3, 7, 20))
    project = store.projects.get(iteration.project_id)
    retagged, dismissed, gone = store.iterations.images_at(iteration.id, [3, 7, 20])
    tagging.add_tags(store, project, [retagged.image_id], [tag_id(store, iteration, 1 - retagged.columns[0])])
    store.dismissed_issues.dismiss([LabelIssue(dismissed.image_id, tag_id(store, iteration, 1), carried=False)])
    assert [step] == shown(store, iteration, step)
    store.images.erase([gone.image_id])
    assert [] == shown(store, iteration, step)


def test_thresholds_are_no_step_once_some_are_saved(store: Store, iteration: Iteration) -> None:
    """What was suggested in place of 50 % is not repeated when another threshold is in use."""
    step = BetterThresholds(GAIN, 0.3, 0.5, 24)
    assert [step] == shown(store, iteration, step)
    saved_thresholds.save(store, iteration, 0.3)
    assert [] == shown(store, iteration, step)


def test_merging_is_no_step_once_a_tag_is_gone(store: Store, iteration: Iteration) -> None:
    """A tag that was merged or deleted is not named."""
    step = Merge(GAIN, 0, 1, 24, 0.5, (5, 5))
    assert [step] == shown(store, iteration, step)
    tagging.delete(store, store.tags.get(tag_id(store, iteration, 1)))
    assert [] == shown(store, iteration, step)


def test_more_images_are_no_step_once_there_are_more(store: Store, iteration: Iteration, fill: Fill) -> None:
    """With a quarter more images than were trained on, the next thing is to train again."""
    step = MoreImages(GAIN, 12.0, 24)
    assert [step] == shown(store, iteration, step)
    for number in range(6):
        store.images.add(
            iteration.project_id, f"{number:064x}", name="", width=1, height=1, size_bytes=1, signature=bytes(192)
        )
    assert [] == shown(store, iteration, step)


def test_duplicates_are_no_step_once_each_group_is_touched(store: Store, iteration: Iteration) -> None:
    """Retagging or deleting one image of each group settles it."""
    step = DifferentDuplicates(GAIN, 2, 4, (0, 12, 1, 13), (1, 1, 2, 2))
    project = store.projects.get(iteration.project_id)
    images = store.iterations.images_at(iteration.id, [0, 13])
    tagging.add_tags(store, project, [images[0].image_id], [tag_id(store, iteration, 1 - images[0].columns[0])])
    assert [step] == shown(store, iteration, step)
    tagging.remove_tags(store, project, [images[1].image_id])
    assert [] == shown(store, iteration, step)


STEPS: tuple[Step, ...] = (
    MoreImages(GAIN, 12.0, 24, (1,)),
    WrongTags(GAIN, 4, 24, 2.5, 1.0, 4.0, (3, 7)),
    Merge(GAIN, 0, 1, 24, 0.5, (5, 5)),
    BetterThresholds(GAIN, (0.3, 0.4), 0.5, 24),
    DifferentDuplicates(GAIN, 1, 2, (0, 12), (1, 1)),
)


def test_the_file_gives_back_what_was_kept() -> None:
    """All kinds of steps are read as they were written."""
    sides = 0.9, 0.8, 1.0, 12, 12
    kept = NextSteps((*STEPS, Shortcut("brightness", 0, 1, *sides), Shortcut("file type", 1, None, *sides)))
    assert kept == FILE.from_bytes(FILE.to_bytes(kept), Size(24, 2))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"steps": [{"type": "unknown"}]}',
        b'{"steps": [' + b"[" * 5000,
        msgspec.json.encode(NextSteps((Merge(GAIN, 0, 2, 24, 0.5, (5, 5)),))),
        msgspec.json.encode(NextSteps((Merge(GAIN, 1, 1, 24, 0.5, (5, 5)),))),
        msgspec.json.encode(NextSteps((MoreImages(GAIN, 12.0, 24, (2,)),))),
        msgspec.json.encode(NextSteps((BetterThresholds(GAIN, (0.1, 0.2, 0.3), 0.5, 24),))),
        msgspec.json.encode(NextSteps((BetterThresholds(GAIN, 7.0, 0.5, 24),))),
        msgspec.json.encode(NextSteps((WrongTags(GAIN, 4, 24, 2.5, 1.0, 4.0, (24,)),))),
        msgspec.json.encode(NextSteps((DifferentDuplicates(GAIN, 1, 2, (0, 12), (1,)),))),
        msgspec.json.encode(NextSteps((MoreImages(Gain(5.0, 0.0, 9.0), 12.0, 24),))),
        msgspec.json.encode(NextSteps((Shortcut("<b>", 0, 1, 0.9, 0.8, 1.0, 12, 12),))),
        msgspec.json.encode(NextSteps((Shortcut("camera", 2, None, 0.9, 0.8, 1.0, 12, 12),))),
        msgspec.json.encode(NextSteps((Shortcut("camera", 0, 2, 0.9, 0.8, 1.0, 12, 12),))),
        msgspec.json.encode(NextSteps((Shortcut("camera", 1, 1, 0.9, 0.8, 1.0, 12, 12),))),
        msgspec.json.encode(NextSteps((Shortcut("camera", 0, 1, 9.0, 0.8, 1.0, 12, 12),))),
        msgspec.json.encode(NextSteps((Shortcut("camera", 0, 1, 0.9, 0.8, 1.0, -1, 12),))),
        msgspec.json.encode(NextSteps(STEPS * 5)),
    ],
)
def test_a_strangers_file_is_refused(data: bytes) -> None:
    """What is no list of steps about this iteration's images and tags is no result."""
    with pytest.raises(ArraysDamaged):
        FILE.from_bytes(data, Size(24, 2))


def test_json_says_what_the_sentences_say() -> None:
    """Each step has its kind, gain, interval, tags, sentence and what it rests on."""
    lines = next_steps.steps_json(STEPS, ["rose", "tulip"])
    assert ["more-images", "wrong-tags", "merge", "thresholds", "duplicates"] == [line["kind"] for line in lines]
    assert all(line["gain"] == 0.02 and line["gain_interval"] == [0.01, 0.03] for line in lines)
    assert [["tulip"], [], ["rose", "tulip"], [], []] == [line["tags"] for line in lines]
    assert [
        "As many images again of every tag, about 12 more images each, most of all tulip.",
        "About 2 (1 to 4) of the 4 suspected tags are wrong: look at them.",
        "rose and tulip can hardly be told apart: make them one tag, or take images that show the difference.",
        "A threshold for each tag, 30 to 40 %, in place of 50 %.",
        "2 images in 1 group of near duplicates are tagged differently: tag them alike.",
    ] == [line["sentence"] for line in lines]
    assert {"rose": 0.3, "tulip": 0.4} == lines[3]["thresholds"]
    assert "Of two images, one of each tag, the model finds which is which 50 % of the time" in lines[2]["basis"]
