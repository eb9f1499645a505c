"""A workspace is ready or the message says what is missing; its snapshot is trained and evaluated reproducibly."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from cvcore import domains, evaluation, prediction, projects, training
from cvcore.errors import Conflict, InTraining, InvalidInput, NameTaken, NotFound, NothingChanged, NotTrainable
from cvcore.evaluation import report_files
from cvcore.files import blobs
from cvcore.networks import backbones, builtin
from cvcore.progress import Stopped, silent
from cvcore.projects import tagging, uploads
from cvcore.records import MULTICLASS, MULTILABEL, QUICK, VIEWS, Iteration, Project, Scores, Tag, TrainingOptions
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training import worker
from cvcore.training.readiness import readiness
from cvcore.training.steps import pipeline

LIMITS = Limits()

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]
Draw = Callable[[int], bytes]
AddRows = Callable[[Project, int], list[str]]


def tag_of(store: Store, project: Project, name: str) -> Tag:
    return next(tag for tag in store.tags.of_project(project.id) if tag.name == name)


def trained_for_real(store: Store, project: Project, options: TrainingOptions = QUICK) -> Iteration:
    """The project's iteration once this process has done the worker's work."""
    job = worker.finish_job(store, training.start(store, project, force=True, options=options))
    assert ("done", "") == (job.status, job.error)
    return store.iterations.get(job.iteration_id or "")


@pytest.mark.parametrize(
    ("counts", "obstacles"),
    [
        ({}, ["Training needs images of at least two tags, no image is tagged yet."]),
        ({"rose": 5}, ["Training needs images of at least two tags, only 'rose' has any."]),
        ({"rose": 5, "tulip": 0}, ["Training needs images of at least two tags, only 'rose' has any."]),
        ({"rose": 5, "tulip": 4}, ["'tulip' needs 1 more image: each tag needs at least 5."]),
        (
            {"rose": 3, "tulip": 1},
            [
                "'rose' needs 2 more images: each tag needs at least 5.",
                "'tulip' needs 4 more images: each tag needs at least 5.",
            ],
        ),
        ({"rose": 5, "tulip": 5, "weed": 0}, []),
    ],
)
def test_what_stands_in_the_way(store: Store, fill: Fill, counts: dict[str, int], obstacles: list[str]) -> None:
    """Two tags of five images are enough, whatever empty tags there are; else each obstacle is one sentence."""
    project = fill(**counts)
    assert tuple(obstacles) == readiness(store, project).obstacles
    if obstacles:
        with pytest.raises(NotTrainable) as refusal:
            training.start(store, project)
        assert " ".join(obstacles) == str(refusal.value)
        assert [] == store.jobs.active()


@pytest.mark.parametrize(
    ("counts", "advice"),
    [
        ([30, 30], []),
        ([30, 60], []),
        (
            [30, 61],
            [
                "Training works best with balanced tags, the smallest at least half as large as the largest; here they "
                "have 30 to 61 images."
            ],
        ),
        ([29, 30], ["Tags train well with 30 images or more; these have fewer: tag 0."]),
        ([5] * 6, ["Tags train well with 30 images or more; these have fewer: tag 0, tag 1, tag 2, tag 3, tag 4, …."]),
    ],
)
def test_advice(store: Store, project: Project, add_rows: AddRows, counts: list[int], advice: list[str]) -> None:
    """Few images and uneven tags may be trained, with advice."""
    for number, count in enumerate(counts):
        tag = store.tags.add(project.id, f"tag {number}")
        store.tags.attach(add_rows(project, count), [tag.id])
    ready = readiness(store, project)
    assert ((), tuple(advice)) == (ready.obstacles, ready.advice)


def test_untagged_pictures_and_empty_tags_are_left_out(store: Store, fill: Fill, drawn_image: Draw) -> None:
    """What is trained is the images that carry a tag, and the tags that an image carries."""
    project = fill(rose=5, tulip=5, empty=0)
    uploads.add(store, project, "untagged.png", drawn_image(99), tag_ids=[], limits=LIMITS)
    ready = readiness(store, project)
    assert (10, ["rose", "tulip"]) == (len(ready.images), [tag.name for tag in ready.tags])


@pytest.mark.parametrize(
    ("classification_type", "columns"), [(MULTICLASS, ["tulip", "weed", "none"]), (MULTILABEL, ["tulip", "weed"])]
)
def test_a_negative_tag_is_the_last(store: Store, fill: Fill, classification_type: str, columns: list[str]) -> None:
    """In Multiclass it is one more answer; in Multilabel its images carry nothing, so it is no column."""
    project = fill(classification_type=classification_type, none=5, tulip=5, weed=5)
    tagging.set_kind(store, project, tag_of(store, project, "none"), "Negative")
    iteration = store.iterations.get(training.start(store, project).iteration_id or "")
    tags = evaluation.trained_tags(iteration, store.iterations.tags(iteration.id))
    assert columns == [tag.name for tag in tags]
    truth = pipeline.truth_matrix(store.iterations.images(iteration.id), len(tags))
    assert [5] * len(columns) == truth.sum(axis=0).tolist()
    assert 15 == len(truth)


def test_one_training_at_a_time(store: Store, fill: Fill) -> None:
    """While one waits or runs there is no second of the same project; another project may queue."""
    project, other = fill("One", rose=5, tulip=5), fill("Two", rose=5, tulip=5)
    job = training.start(store, project)
    for _ in ("waits", "runs"):
        with pytest.raises(Conflict) as refusal:
            training.start(store, project, force=True)
        assert ("one training at a time: this project is being trained already, wait for it or cancel it") == str(
            refusal.value
        )
        store.jobs.claim(job.id)
    assert "queued" == training.start(store, other).status
    assert 1 == len(store.iterations.of_project(project.id))


def test_clicks_at_once(home: Path, fill: Fill, at_once: Callable[..., list[str]]) -> None:
    """Of three people who press Train at the same moment one begins, and the others get an error."""
    fill(rose=5, tulip=5)
    script = """
        import time
        from cvcore import training
        from cvcore.errors import Conflict
        store = Store(home)
        project = store.projects.find("Flowers")
        time.sleep(max(0, begin + 0.5 - time.time()))
        try:
            print(training.start(store, project).status)
        except Conflict:
            print("refused")
    """
    assert ["queued", "refused", "refused"] == sorted(at_once(script, home, processes=3))


def test_nothing_changed(store: Store, fill: Fill, trained: Trained) -> None:
    """The same workspace is not trained twice unless one insists."""
    project = fill(rose=5, tulip=5)
    trained(project)
    with pytest.raises(NothingChanged) as refusal:
        training.start(store, project)
    assert "Nothing changed since last training" == str(refusal.value)
    assert "queued" == training.start(store, project, force=True).status


def test_where_training_may_start_from(store: Store, fill: Fill, trained: Trained) -> None:
    """An iteration that is trained and of the same network; anything else is an error of one sentence."""
    project, other = fill(rose=5, tulip=5), fill("Other", rose=5, tulip=5)
    iteration = trained(project)
    options = TrainingOptions(start_from=iteration.id)
    waiting = store.iterations.get(training.start(store, other).iteration_id or "")
    with pytest.raises(InvalidInput) as refusal:
        training.start(store, project, options=TrainingOptions(start_from=waiting.id))
    words = f"a training starts from an iteration that is trained, {waiting.name!r} is not: choose another"
    assert words == str(refusal.value)
    job = training.start(store, project, options=options)
    assert options == store.trainings.options(job.iteration_id or "")
    training.cancel(store, job)
    projects.change(store, project, domain="General")
    words = f"a training starts from an iteration of the same network, {iteration.name!r} was trained in the domain "
    with pytest.raises(InvalidInput) as refusal:
        training.start(store, project, options=options)
    assert f"{words}Built-in: choose another" == str(refusal.value)
    with pytest.raises(NotFound):
        training.start(store, project, options=TrainingOptions(start_from="gone"))


def test_the_embedding_is_one_of_three(store: Store, fill: Fill) -> None:
    """Another kind is refused, with the kinds that there are."""
    with pytest.raises(InvalidInput) as refusal:
        training.start(store, fill(rose=5, tulip=5), options=TrainingOptions(embedding="nine"))  # type: ignore[arg-type]
    assert "an embedding must be one of plain, views, views-and-built-in, got 'nine'" == str(refusal.value)


def test_without_views_options_are_digested_as_before_there_was_a_choice(store: Store, fill: Fill) -> None:
    """So an older iteration with the same costs still counts as the same training."""
    project = fill(rose=5, tulip=5)
    options = TrainingOptions(costs=((tag_of(store, project, "rose").id, 2.0),))
    ready = readiness(store, project)
    tags = [[tag.id, tag.name, tag.kind] for tag in ready.tags]
    images = [[image.sha256, sorted(image.tag_ids)] for image in ready.images]
    before = {
        "is_advanced": False,
        "budget_minutes": 10.0,
        "transforms": None,
        "costs": options.costs,
        "start_from": "",
        "notify_url": "",
    }
    content = json.dumps([project.classification_type, project.domain_id, tags, images, before])
    iteration_id = training.start(store, project, options=options).iteration_id or ""
    assert hashlib.sha256(content.encode()).hexdigest() == store.iterations.snapshot_digest(iteration_id)


def test_costs_are_checked(store: Store, fill: Fill) -> None:
    """Each is of a tag of the project and a number in 0.01..100; what is wrong is one sentence, and nothing waits."""
    project, other = fill(rose=5, tulip=5), fill("Other", weed=5)
    rose, weed = tag_of(store, project, "rose").id, tag_of(store, other, "weed").id
    for costs, words in (
        ((weed, 2.0), f"a cost needs a tag of this project, {weed!r} is not one of them: correct it"),
        ((rose, 0.0), "a cost must be in 0.01..100, got 0"),
        ((rose, 101.0), "a cost must be in 0.01..100, got 101"),
        ((rose, float("nan")), "a cost must be in 0.01..100, got nan"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            training.start(store, project, options=TrainingOptions(costs=(costs,)))
        assert words == str(refusal.value)
    assert [] == store.jobs.active()


def test_costs_are_noted_once_and_in_order(store: Store, fill: Fill) -> None:
    """Costs of 1 change nothing, so training again with them is refused."""
    project = fill(rose=5, tulip=5)
    rose, tulip = (tag_of(store, project, name).id for name in ("rose", "tulip"))

    def noted(*costs: tuple[str, float]) -> tuple[tuple[str, float], ...]:
        job = training.start(store, project, options=TrainingOptions(costs=costs))
        saved = store.trainings.options(job.iteration_id or "").costs
        training.cancel(store, job)
        return saved

    assert () == noted((rose, 1.0), (tulip, 1.0))
    assert noted((rose, 2.0), (tulip, 3.0)) == noted((tulip, 3.0), (rose, 2.0)) != ()


@pytest.mark.network
def test_what_costs_more_is_answered_more(store: Store, fill: Fill) -> None:
    """From the options to the iteration: the dear tag's probabilities rise, those of the same training do not."""
    project = fill(classification_type=MULTILABEL, rose=8, tulip=8)
    rose = tag_of(store, project, "rose")
    plain, same, dear = (
        evaluation.load(store, trained_for_real(store, project, TrainingOptions(costs=((rose.id, cost),))))
        for cost in (1.0, 1.0, 20.0)
    )
    np.testing.assert_array_equal(plain.probabilities, same.probabilities)
    assert (plain.probabilities[:, 0] < dear.probabilities[:, 0]).all()


def _rename(store: Store, project: Project, image_id: str) -> None:
    tagging.rename(store, tag_of(store, project, "rose"), "Rose", limits=LIMITS)


def _negative(store: Store, project: Project, image_id: str) -> None:
    tagging.set_kind(store, project, tag_of(store, project, "rose"), "Negative")


def _domain(store: Store, project: Project, image_id: str) -> None:
    projects.change(store, project, domain="General")


def _type(store: Store, project: Project, image_id: str) -> None:
    projects.change(store, project, classification_type=MULTILABEL)


def _retag(store: Store, project: Project, image_id: str) -> None:
    tagging.add_tags(store, project, [image_id], [tag_of(store, project, "tulip").id])


def _delete(store: Store, project: Project, image_id: str) -> None:
    uploads.delete(store, [image_id])


@pytest.mark.parametrize("change", [_rename, _negative, _domain, _type, _retag, _delete])
def test_each_change_is_one(
    store: Store, fill: Fill, trained: Trained, change: Callable[[Store, Project, str], None]
) -> None:
    """A tag's name or kind, the domain, the type, an image's tag or its absence make it worth training again."""
    project = fill(rose=6, tulip=6)
    trained(project)
    rose = tag_of(store, project, "rose")
    change(store, project, store.images.page(project.id, tag_id=rose.id, take=1)[0].id)
    assert "queued" == training.start(store, project).status


def test_what_is_no_change(store: Store, fill: Fill, trained: Trained, drawn_image: Draw) -> None:
    """Untagged images, empty tags and the project's name are not trained, so they change nothing."""
    project = fill(rose=5, tulip=5)
    trained(project)
    uploads.add(store, project, "untagged.png", drawn_image(99), tag_ids=[], limits=LIMITS)
    tagging.create(store, project, "empty", limits=LIMITS)
    projects.update(store, dataclasses.replace(project, name="Other flowers"))
    with pytest.raises(NothingChanged):
        training.start(store, project)


def test_an_iteration_with_a_note_may_be_repeated(store: Store, fill: Fill, trained: Trained) -> None:
    """What fell back on the built-in backbone is worth repeating: the weights may be here by now."""
    project = fill(rose=5, tulip=5)
    store.iterations.complete(trained(project).id, note="Built-in network was used instead.")
    assert "queued" == training.start(store, project).status


def test_a_failed_training_may_be_repeated(store: Store, fill: Fill) -> None:
    """Only what was trained to its end counts as done."""
    project = fill(rose=5, tulip=5)
    training.close(store, training.start(store, project), "failed", "no reason")
    assert "queued" == training.start(store, project).status
    last, first = store.iterations.of_project(project.id)
    assert ("Training", "Failed", "no reason") == (last.status, first.status, first.error)


def test_the_project_is_trained_as_it_is_now(store: Store, fill: Fill) -> None:
    """A page that was opened before someone changed type and domain does not train the old ones."""
    seen = fill(rose=5, tulip=5)
    projects.change(store, seen, classification_type=MULTILABEL, domain="Food")
    iteration = store.iterations.get(training.start(store, seen).iteration_id or "")
    assert (MULTILABEL, domains.find("Food").id) == (iteration.classification_type, iteration.domain_id)


def test_a_project_deleted_meanwhile_is_not_trained(store: Store, fill: Fill) -> None:
    """It is not found, and nothing is left of it."""
    project = fill(rose=5, tulip=5)
    projects.delete(store, project)
    with pytest.raises(NotFound, match="there is no project"):
        training.start(store, project)


def test_cancelling_a_waiting_training_leaves_nothing(store: Store, fill: Fill) -> None:
    """No iteration stays behind, nor the images that only it still held; and a second click does no harm."""
    project = fill(rose=6, tulip=5)
    job = training.start(store, project)
    gone = store.images.page(project.id, take=1)[0]
    uploads.delete(store, [gone.id])
    assert blobs.original_path(store.home, gone.sha256).exists()
    for _ in ("first click", "second click"):
        training.cancel(store, job)
        assert "cancelled" == store.jobs.get(job.id).status
    assert [] == store.iterations.of_project(project.id)
    assert not blobs.original_path(store.home, gone.sha256).exists()


def test_what_has_ended_cannot_be_cancelled(store: Store, fill: Fill, trained: Trained) -> None:
    """A click that comes too late changes nothing."""
    iteration = trained(fill(rose=5, tulip=5))
    job = store.jobs.latest(iteration.project_id, "train")
    assert job is not None
    training.cancel(store, job)
    assert "done" == store.jobs.get(job.id).status
    assert iteration == store.iterations.get(iteration.id)


def test_rename(store: Store, fill: Fill, trained: Trained) -> None:
    """An iteration may be called anything that is its own, in one line of text."""
    project = fill(rose=5, tulip=5)
    first, second = trained(project), trained(project)
    training.rename_iteration(store, first, " best so far ")
    assert "best so far" == store.iterations.get(first.id).name
    with pytest.raises(NameTaken, match="the iteration's name must be unique, 'best so far' is taken"):
        training.rename_iteration(store, second, "best so far")
    with pytest.raises(InvalidInput, match="the iteration must have a name"):
        training.rename_iteration(store, second, "")


def test_delete(store: Store, fill: Fill, trained: Trained) -> None:
    """Numbers, files and the images that only it held are gone; other iterations and the workspace stay."""
    project = fill(rose=5, tulip=6)
    first = trained(project)
    gone = store.images.page(project.id, take=1)[0]
    uploads.delete(store, [gone.id])
    second = trained(project)
    training.delete_iteration(store, first)
    assert [second] == store.iterations.of_project(project.id)
    assert not blobs.iteration_folder(store.home, first.id).exists()
    assert not blobs.original_path(store.home, gone.sha256).exists()
    assert 10 == store.images.count(project.id)
    with pytest.raises(NotFound):
        training.delete_iteration(store, first)


def test_an_iteration_in_training_is_not_deleted(store: Store, fill: Fill) -> None:
    """It would be taken from under the worker."""
    project = fill(rose=5, tulip=5)
    iteration = store.iterations.get(training.start(store, project).iteration_id or "")
    with pytest.raises(Conflict) as refusal:
        training.delete_iteration(store, iteration)
    assert "an iteration in training cannot be deleted: cancel the training instead" == str(refusal.value)


def test_embeddings_are_asked_for_once(store: Store, fill: Fill) -> None:
    """A job that waits will see later images too; one that runs already may not, so it gets a successor."""
    project = fill()
    for _ in range(3):
        store.jobs.embed_soon(project.id)
    (waiting,) = store.jobs.active()
    store.jobs.claim(waiting.id)
    store.jobs.embed_soon(project.id)
    assert ["running", "queued"] == [job.status for job in store.jobs.active()]


@pytest.mark.network
def test_the_snapshot_is_what_is_trained(store: Store, fill: Fill) -> None:
    """What is deleted, renamed and retagged after Train makes no difference to the training."""
    project = fill(rose=6, tulip=6)
    job = training.start(store, project)
    rose, tulip = tag_of(store, project, "rose"), tag_of(store, project, "tulip")
    roses = [image.id for image in store.images.page(project.id, tag_id=rose.id, take=6)]
    uploads.delete(store, roses[:3])
    tagging.add_tags(store, project, roses[3:], [tulip.id])
    tagging.delete(store, rose)
    tagging.rename(store, tulip, "lily", limits=LIMITS)
    assert "done" == worker.finish_job(store, job).status
    iteration = store.iterations.get(job.iteration_id or "")
    assert ("Completed", 12) == (iteration.status, iteration.image_count)
    fields = report_files.performance_json(store, project, iteration, 0.5)
    assert [("rose", 6), ("tulip", 6)] == [(tag["name"], tag["images"]) for tag in fields["tags"]]


@pytest.mark.network
def test_a_second_training_repeats_the_first_without_looking_again(store: Store, fill: Fill) -> None:
    """Embeddings are computed once, so the files are not needed any more, and every number comes out the same."""
    project = fill(rose=8, tulip=8, lily=8)
    first = trained_for_real(store, project)
    for path in (store.home / "originals").rglob("*"):
        if path.is_file():
            path.write_bytes(b"")
    second = trained_for_real(store, project)
    before, after = evaluation.load(store, first), evaluation.load(store, second)
    for name in ("truth", "probabilities", "folds", "groups", "kernel", "bias"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
    assert first.scores == second.scores
    assert {"features", "fit", "total"} == set(second.seconds)


def saved_again(data: bytes, quality: int) -> bytes:
    """The same image as a JPEG: other bytes, a near duplicate."""
    buffer = io.BytesIO()
    Pillow.open(io.BytesIO(data)).convert("RGB").save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def upload_twins(store: Store, project: Project, data: bytes, tag_name: str, copies: int) -> None:
    """An image and its near duplicates, all with one tag."""
    (tag,) = tagging.ensure(store, project, [tag_name], limits=LIMITS)
    for copy in range(copies):
        name = f"{tag_name} {copy}.jpg"
        uploads.add(store, project, name, saved_again(data, 95 - copy), tag_ids=[tag.id], limits=LIMITS)


@pytest.mark.network
def test_near_duplicates_share_a_fold(store: Store, drawn_image: Draw) -> None:
    """From upload to evaluation: no image is evaluated by a model that was trained on its near duplicate."""
    project = projects.create(store, "Twins", domain="Built-in")
    for number in range(12):
        upload_twins(store, project, drawn_image(number), "odd" if number % 2 else "even", 2)
    out_of_fold = evaluation.load(store, trained_for_real(store, project))
    assert [2] * 12 == np.unique(out_of_fold.groups, return_counts=True)[1].tolist()
    for group in range(12):
        assert 1 == len(set(out_of_fold.folds[out_of_fold.groups == group]))
    assert {0, 1, 2, 3, 4} == set(out_of_fold.folds)


@pytest.mark.network
def test_nothing_can_be_judged(store: Store, drawn_image: Draw) -> None:
    """Five copies of one image a tag train a model, whose numbers are all undefined."""
    project = projects.create(store, "Copies", domain="Built-in")
    for number, tag in enumerate(["even", "odd"]):
        upload_twins(store, project, drawn_image(number), tag, 5)
    iteration = trained_for_real(store, project)
    assert "Completed" == iteration.status
    assert Scores(None, None, None, None) == iteration.scores
    assert not evaluation.load(store, iteration).evaluated.any()


def tinted(data: bytes, colour: str | tuple[int, int, int], share: float) -> bytes:
    """The same image with its colours changed."""
    buffer = io.BytesIO()
    ground = Pillow.open(io.BytesIO(data)).convert("RGB")
    Pillow.blend(ground, Pillow.new("RGB", ground.size, colour), share).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.network
def test_multilabel(store: Store, drawn_image: Draw) -> None:
    """Images with several tags, with one, and with the negative one, of which nothing is learnt but absence."""
    project = projects.create(store, "Signs", classification_type=MULTILABEL, domain="Built-in")
    red, blue, none = tagging.ensure(store, project, ["red", "blue", "none"], limits=LIMITS)
    tagging.set_kind(store, project, none, "Negative")
    kinds = [("magenta", [red, blue]), ("red", [red]), ("blue", [blue]), ("black", [none])]
    for number in range(48):
        colour, tags = kinds[number % 4]
        data = tinted(drawn_image(number), colour, 0.6)
        uploads.add(store, project, f"{number}.png", data, tag_ids=[tag.id for tag in tags], limits=LIMITS)
    iteration = trained_for_real(store, project)
    out_of_fold = evaluation.load(store, iteration)
    assert ((48, 2), [24, 24], 12) == (
        out_of_fold.truth.shape,
        out_of_fold.truth.sum(axis=0).tolist(),
        sum(~out_of_fold.truth.any(1)),
    )
    assert iteration.scores is not None
    assert min(iteration.scores.precision or 0, iteration.scores.recall or 0) > 0.9


@pytest.mark.network
def test_a_small_tag_does_not_drown(store: Store, drawn_image: Draw) -> None:
    """Of ten images of a tag beside a hundred of another, hard to tell, most are found: unweighted it is 6 of 10."""
    project = projects.create(store, "Uneven", domain="Built-in")
    blue, red = tagging.ensure(store, project, ["blue", "red"], limits=LIMITS)
    for number in range(110):
        tag = red if number < 10 else blue
        data = tinted(drawn_image(number), tag.name, 0.15)
        uploads.add(store, project, f"{number}.png", data, tag_ids=[tag.id], limits=LIMITS)
    large, small = evaluation.report(store, trained_for_real(store, project)).tags
    assert (100, 10) == (large.images, small.images)
    assert small.recall >= 0.8
    assert large.recall >= 0.9


@pytest.mark.network
def test_without_weights_the_built_in_backbone_is_used_and_named(
    store: Store, fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The iteration says what it was trained with and why, and its numbers are real ones."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    project = projects.change(store, fill(rose=5, tulip=5), domain="General (compact)")
    iteration = trained_for_real(store, project)
    assert domains.BUILT_IN.backbone == iteration.backbone
    assert iteration.note.startswith("MobileNetV3Small needs its ImageNet weights, which are not on this machine")
    assert iteration.note.endswith(". The built-in network was used instead: expect somewhat lower accuracy.")
    assert iteration.note == report_files.performance_json(store, project, iteration, 0.5)["note"]


@pytest.mark.parametrize(("transforms", "name"), [(None, "3 views"), (("turn",), "2 views")])
def test_views_obey_the_mirror_switch(
    store: Store, fill: Fill, drawn_image: Draw, transforms: tuple[str, ...] | None, name: str
) -> None:
    """The iteration names its network, with a mirrored view only where mirroring is on, and predicts with it."""
    folder, built_in = blobs.backbones_folder(store.home), backbones.built_in()
    composed = dataclasses.replace(built_in, name=f"{built_in.name}, {name}", fingerprint="0" * 16)
    backbones.save(composed, builtin.model(), folder)  # as if it had been prepared before
    project, options = fill(rose=5, tulip=5), TrainingOptions(embedding=VIEWS, transforms=transforms)
    iteration = trained_for_real(store, project, options=options)
    assert (composed.name, composed.fingerprint, "") == (iteration.backbone, iteration.fingerprint, iteration.note)
    image = store.images.page(project.id, take=1)[0]
    file = blobs.read(blobs.original_path(store.home, image.sha256))
    assert 2 == len(prediction.predict(store, iteration, file, limits=LIMITS))
    with pytest.raises(NothingChanged):
        training.start(store, project, options=options)
    uploads.add(store, project, "new.png", drawn_image(99), tag_ids=[], limits=LIMITS)
    pipeline.embed(store, project, silent)  # ahead of a training like this one
    assert [] == store.embeddings.missing(composed.fingerprint, store.images.digests(project.id))
    training.start(store, project)


@pytest.mark.network
def test_a_stop_leaves_no_half(store: Store, fill: Fill) -> None:
    """Stopped at its last word, a training has written nothing, and finished embeddings are kept."""
    project = fill(rose=5, tulip=5)
    job = training.start(store, project)

    def progress(stage: str, fraction: float) -> None:
        if fraction >= 0.98:
            raise Stopped

    iteration = store.iterations.get(job.iteration_id or "")
    with pytest.raises(Stopped):
        pipeline.run(store, iteration, progress)
    assert "Training" == store.iterations.get(iteration.id).status
    assert not blobs.iteration_folder(store.home, iteration.id).exists()
    prepared, _ = pipeline.prepare(project.domain_id, blobs.backbones_folder(store.home), silent)
    assert [] == store.embeddings.missing(prepared.fingerprint, store.images.digests(project.id))


def test_thirty_at_once(store: Store, fill: Fill, drawn_image: Draw) -> None:
    """Thirty who upload, tag and press Train in one project at once: nothing is lost, and one training is queued."""
    project = fill(rose=5, tulip=5)
    tag = tag_of(store, project, "rose")

    def press(number: int) -> str:
        data = drawn_image(100 + number)
        uploads.add(store, project, f"{number}.png", data, tag_ids=[tag.id], limits=Limits())
        try:
            return training.start(store, project).status
        except InTraining:
            return "in training"

    with ThreadPoolExecutor(30) as pool:
        told = list(pool.map(press, range(30)))
    assert ["queued", *["in training"] * 29] == sorted(told, reverse=True)
    assert (40, 35) == (store.images.count(project.id), store.tags.get(tag.id).image_count)
    assert 1 == len(store.iterations.of_project(project.id))
