"""However a training is evaluated, no model is evaluated on images it was trained on, and texts say how it was."""

from __future__ import annotations

import numpy as np
import pytest

from cvcore import evaluation, projects, training, validation
from cvcore.errors import NothingChanged, NotTrainable
from cvcore.evaluation import report_files
from cvcore.networks import heads
from cvcore.projects import tagging
from cvcore.records import (
    EVALUATION_METHODS,
    HOLD_OUT,
    K_FOLD,
    MULTILABEL,
    TEST_SET,
    Evaluation,
    EvaluationMethod,
    Iteration,
    Project,
)
from cvcore.store import Store
from cvcore.training import worker
from cvcore.training.readiness import readiness
from cvcore.training.steps import quick
from tests.conftest import Fill, Trained


def clouds(count: int, tags: int = 3, seed: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of a number of images per tag, and their truth; neighbouring tags overlap."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.eye(tags, dtype=bool), count, axis=0)
    return (truth @ rng.normal(0, 1, (tags, 12)) + rng.normal(0, 1, (len(truth), 12))).astype(np.float32), truth


def keep(store: Store, project: Project, tag_name: str, count: int) -> list[str]:
    """Keep the newest images of a tag for testing; returns their SHA-256."""
    tag = next(tag for tag in store.tags.of_project(project.id) if tag.name == tag_name)
    images = store.images.page(project.id, tag_id=tag.id, take=count)
    tagging.mark_for_testing(store, project, [image.id for image in images], True)
    return [image.sha256 for image in images]


def trained_for_real(store: Store, project: Project, method: EvaluationMethod) -> Iteration:
    """The project's iteration once this process has done the worker's work."""
    job = worker.finish_job(store, training.start(store, project, force=True, evaluation=method))
    assert ("done", "") == (job.status, job.error)
    return store.iterations.get(job.iteration_id or "")


@pytest.mark.network
@pytest.mark.parametrize("method", [HOLD_OUT, TEST_SET])
def test_the_shipped_head_is_the_evaluated_one(method: EvaluationMethod) -> None:
    """It equals, bit by bit, one fitted without the evaluated images, and the probabilities are its own."""
    embeddings, truth = clouds(20)
    is_test = np.arange(60) % 4 == 0
    plan = validation.plan(method, truth, np.arange(60), is_test)
    head = quick.fit(plan, embeddings, truth, multilabel=False, l2=0.1)
    evaluated = plan.folds == 0
    without = heads.fit(
        embeddings[~evaluated], truth[~evaluated], np.full(sum(~evaluated), -1), multilabel=False, l2=0.1
    )
    np.testing.assert_array_equal(without.kernel, head.kernel)
    np.testing.assert_array_equal(without.bias, head.bias)
    probabilities = heads.probabilities(embeddings[evaluated], without.kernel, without.bias, multilabel=False)
    np.testing.assert_array_equal(probabilities, head.out_of_fold[evaluated])
    assert np.isnan(head.out_of_fold[~evaluated]).all()
    if method == TEST_SET:
        assert is_test.tolist() == evaluated.tolist()


@pytest.mark.network
@pytest.mark.parametrize("method", [HOLD_OUT, TEST_SET])
def test_tags_of_evaluated_images_make_no_difference(method: EvaluationMethod) -> None:
    """Whatever tags they carry, the shipped head stays the same: it was not trained on them."""
    embeddings, truth = clouds(20)
    plan = validation.plan(method, truth, np.arange(60), np.arange(60) % 4 == 0)
    lied = np.where((plan.folds == 0)[:, None], np.roll(truth, 1, axis=1), truth)
    honest, other = (quick.fit(plan, embeddings, tags, multilabel=False, l2=0.1) for tags in (truth, lied))
    np.testing.assert_array_equal(honest.kernel, other.kernel)
    np.testing.assert_array_equal(honest.out_of_fold, other.out_of_fold)


@pytest.mark.network
def test_k_fold_is_as_ever() -> None:
    """Its head trained on every image, and its folds are those of `splits`."""
    embeddings, truth = clouds(10)
    plan = validation.plan(K_FOLD, truth, np.arange(30), np.zeros(30, bool))
    head = quick.fit(plan, embeddings, truth, multilabel=False, l2=0.1)
    expected = heads.fit(embeddings, truth, plan.folds, multilabel=False, l2=0.1)
    assert (Evaluation(K_FOLD, 5, 0), True) == (plan.evaluation, plan.trains.all())
    np.testing.assert_array_equal(expected.kernel, head.kernel)
    np.testing.assert_array_equal(expected.out_of_fold, head.out_of_fold)


@pytest.mark.network
@pytest.mark.parametrize("method", [K_FOLD, HOLD_OUT])
def test_costs_reach_evaluated_heads(method: EvaluationMethod) -> None:
    """A tag that costs ten times as much gets higher probabilities on every evaluated image."""
    embeddings, truth = clouds(20)
    plan = validation.plan(method, truth, np.arange(60), np.zeros(60, bool))
    plain, dear = (
        quick.fit(plan, embeddings, truth, multilabel=True, l2=0.1, costs=costs).out_of_fold[plan.folds >= 0]
        for costs in (None, np.array([10.0, 1, 1]))
    )
    assert (plain[:, 0] < dear[:, 0]).all()
    np.testing.assert_allclose(plain[:, 1:], dear[:, 1:], atol=1e-3)


@pytest.mark.network
def test_a_duplicate_of_a_test_image_does_not_train() -> None:
    """The model is the same as without the duplicate, which would have given the answer away."""
    embeddings, truth = clouds(12)
    groups, is_test = np.arange(36), np.arange(36) == 0
    groups[1] = groups[0]
    head = quick.fit(validation.plan(TEST_SET, truth, groups, is_test), embeddings, truth, multilabel=False, l2=0.1)
    without = heads.fit(embeddings[2:], truth[2:], np.full(34, -1), multilabel=False, l2=0.1)
    np.testing.assert_array_equal(without.kernel, head.kernel)


def test_nothing_left_to_train_with() -> None:
    """Where every training image is a near duplicate of a test image, the message says so."""
    with pytest.raises(NotTrainable) as refusal:
        validation.plan(TEST_SET, np.eye(2, dtype=bool), np.zeros(2, int), np.array([True, False]))
    message = "training needs images that are not for testing and not near duplicates of a test image, there are none: "
    assert f"{message}choose other images for testing" == str(refusal.value)


@pytest.mark.network
@pytest.mark.parametrize("method", [HOLD_OUT, TEST_SET])
def test_from_workspace_to_numbers_twice(store: Store, fill: Fill, method: EvaluationMethod) -> None:
    """The iteration says how and on which images it was evaluated; trained again, every bit is the same."""
    project = fill(rose=15, tulip=15)
    kept = {*keep(store, project, "rose", 4), *keep(store, project, "tulip", 3)}
    first, second = (trained_for_real(store, project, method) for _ in range(2))
    assert Evaluation(method, 1, 0) == first.evaluation
    before, after = evaluation.load(store, first), evaluation.load(store, second)
    for name in ("truth", "probabilities", "folds", "kernel", "bias"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
    evaluated = {
        image.sha256 for image, fold in zip(store.iterations.images(first.id), before.folds, strict=True) if not fold
    }
    if method == TEST_SET:
        assert (30, kept) == (first.image_count, evaluated)
    else:
        assert (23, 5, set()) == (first.image_count, len(evaluated), evaluated & kept)
    method_json = report_files.performance_json(store, project, first, 0.5)["evaluation"]
    assert {"method": method, "folds": 1, "seed": 0} == method_json


def test_test_images_never_train(store: Store, fill: Fill) -> None:
    """k-fold and hold-out leave them out; with a test set, the snapshot knows which they are."""
    project = fill(rose=8, tulip=8)
    kept = set(keep(store, project, "rose", 3) + keep(store, project, "tulip", 2))
    for method in EVALUATION_METHODS:
        job = training.start(store, project, evaluation=method)
        there = store.iterations.images(job.iteration_id or "")
        training.cancel(store, job)
        held = {image.sha256 for image in there}
        assert (kept if method == TEST_SET else set()) == held & kept == {i.sha256 for i in there if i.is_test}


def test_what_a_test_set_lacks(store: Store, fill: Fill) -> None:
    """None at all, a tag without one, a tag with too few left to train with: each is a sentence."""
    project = fill(rose=6, tulip=6)

    def obstacles() -> tuple[str, ...]:
        return readiness(store, project, evaluation=TEST_SET).obstacles

    assert ("Your own test set is empty: select images on the Images page and choose Use for testing.",) == obstacles()
    keep(store, project, "rose", 2)
    assert (
        "'rose' needs 1 more image: each tag needs at least 5.",
        "'tulip' has no image for testing: each tag needs at least 1 in your own test set.",
    ) == obstacles()
    with pytest.raises(NotTrainable):
        training.start(store, project, evaluation=TEST_SET)
    assert 2 == readiness(store, project).test_images


def test_few_test_images_are_advised_against(store: Store, fill: Fill) -> None:
    """The advice names their tags; k-fold does not mention them."""
    project = fill(rose=20, tulip=20)
    keep(store, project, "rose", 1)
    keep(store, project, "tulip", 10)
    words = "Test results are meaningful from 10 images per tag; these have fewer: rose."
    assert words in readiness(store, project, evaluation=TEST_SET).advice
    assert words not in readiness(store, project).advice


def test_a_negative_tag_needs_no_test_image(store: Store, fill: Fill) -> None:
    """In Multilabel it stands for the absence of all others: there is nothing to recognise."""
    project = fill(classification_type=MULTILABEL, rose=7, tulip=7, nothing=5)
    nothing = next(tag for tag in store.tags.of_project(project.id) if tag.name == "nothing")
    tagging.set_kind(store, project, nothing, "Negative")
    keep(store, project, "rose", 1)
    keep(store, project, "tulip", 1)
    assert () == readiness(store, project, evaluation=TEST_SET).obstacles
    projects.change(store, project, classification_type="Multiclass")
    project = store.projects.get(project.id)
    assert 1 == len(readiness(store, project, evaluation=TEST_SET).obstacles)


def test_another_evaluation_is_a_change(store: Store, fill: Fill, trained: Trained) -> None:
    """The same images are worth training again for another evaluation or other test images, else not."""
    project = fill(rose=8, tulip=8)
    keep(store, project, "rose", 1)
    keep(store, project, "tulip", 1)

    def is_done(method: EvaluationMethod) -> bool:
        try:
            training.cancel(store, training.start(store, project, evaluation=method))
        except NothingChanged:
            return True
        return False

    trained(project)
    assert [True, False, False] == [is_done(method) for method in EVALUATION_METHODS]
    trained(project, evaluation_method=TEST_SET)
    assert [False, False, True] == [is_done(method) for method in EVALUATION_METHODS]
    keep(store, project, "rose", 2)
    assert not is_done(TEST_SET)


@pytest.mark.parametrize("method", EVALUATION_METHODS)
def test_each_way_has_its_words(method: EvaluationMethod) -> None:
    """A name of a few words and an explanation, of which no two are alike."""
    mine = Evaluation(method, 5, 0)
    others = [Evaluation(other, 5, 0) for other in EVALUATION_METHODS if other != method]
    assert validation.named(mine) not in map(validation.named, others)
    assert validation.explained(mine) not in map(validation.explained, others)
