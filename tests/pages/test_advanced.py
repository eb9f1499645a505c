"""Advanced training on the pages: chosen with its options, watched as it goes on, told of once it is done."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cvcore import domains, projects, training
from cvcore.files import blobs
from cvcore.records import ADVANCED, Job, Project, TrainingOptions, TuningEpoch, TuningOutcome
from cvcore.store import Store
from cvcore.training.readiness import readiness
from pages.parts.train import augmentation_preview, training_options, tuning_curves
from tests.conftest import Fill, Trained
from tests.pages.conftest import button, checked, links, open_page, texts

BETTER = TuningOutcome(600, 487, 457, 0.001, 2, 31, 540.0, "budget", "cpu")


@pytest.fixture
def flowers(fill: Fill) -> Project:
    """A project that is ready to be trained."""
    return fill(rose=6, tulip=6, **{"<i>*daisy*": 6})


def opened(project: Project, page: str = "train") -> AppTest:
    """A page of a project, in full."""
    return open_page(page, project, full=True)


def advanced(project: Project) -> AppTest:
    """The Train page with Advanced chosen."""
    app = opened(project)
    return checked(app.radio(key=f"way-{project.id}").set_value("Advanced").run())


def labels(app: AppTest) -> list[str]:
    """What the buttons say."""
    return [each.label for each in app.button]


def strip(app: AppTest) -> str:
    """The drawn images; empty where there are none."""
    return next((each.proto.body for each in app.get("html") if "<img " in each.proto.body), "")


def started(app: AppTest, store: Store, project: Project) -> TrainingOptions:
    """How the training that the button Train begins is to go about it."""
    checked(button(app, "Train").click().run())
    return store.trainings.options(store.iterations.of_project(project.id)[0].id)


def rounds(store: Store, iteration_id: str, attempts: Sequence[int] = (1, 1, 2)) -> None:
    """Keep what a round of each of these attempts tells."""
    for place, attempt in enumerate(attempts):
        right = None if place == 0 else 0.7 + place / 100
        told = TuningEpoch(attempt, place + 1, 1e-4, 0.9 - place / 10, 1.0 - place / 10, right, 41.2, 60.0)
        store.trainings.put_epoch(iteration_id, place, told)


def running(store: Store, project: Project, options: TrainingOptions = ADVANCED) -> Job:
    """A training that a worker has taken."""
    job = training.start(store, project, options=options)
    assert store.jobs.claim(job.id) is not None
    store.jobs.report(job.id, "Training the network", 0.4)
    return store.jobs.get(job.id)


def test_quick_is_what_nobody_has_to_choose(store: Store, flowers: Project) -> None:
    """Without a choice there is no preview, and the training is as plain as it was before there was one."""
    app = opened(flowers)
    assert "" == strip(app)
    assert TrainingOptions() == started(app, store, flowers)


def test_advanced_with_the_domains_own_transforms(store: Store, flowers: Project) -> None:
    """Advanced takes its minutes along, and leaves the transforms to the domain where no switch was moved."""
    app = advanced(flowers)
    app.number_input(key=f"budget-{flowers.id}").set_value(25).run()
    assert "Try Quick with the same choice first" in texts(app)
    # The built-in network is not put beside itself.
    assert TrainingOptions(is_advanced=True, budget_minutes=25.0, embedding="views") == started(app, store, flowers)


def test_three_views_for_quick(store: Store, flowers: Project) -> None:
    """They are chosen with their price beside them; the mirrored one is left out where its switch is off."""
    app = opened(flowers)
    choice = app.radio(key=f"embedding-{flowers.id}-{domains.BUILT_IN.id}")
    assert ["The image", "Three views of it"] == choice.options  # the built-in network is not put beside itself
    assert "a third as many images per second" in choice.proto.captions[1]
    checked(choice.set_value("views").run())
    checked(app.toggle(key=f"mirrored-{flowers.id}-{domains.BUILT_IN.id}").set_value(False).run())
    options = started(app, store, flowers)
    assert TrainingOptions(embedding="views", transforms=domains.ANYTHING.transforms[1:]) == options
    locked = opened(flowers).radio(key=f"embedding-running-{flowers.id}")
    assert ("views", True) == (locked.value, locked.disabled)


def test_two_networks_where_the_domains_is_another(store: Store, flowers: Project) -> None:
    """With a downloaded network the built-in one can stand beside it."""
    projects.change(store, flowers, domain="General")
    choice = opened(flowers).radio(key=f"embedding-{flowers.id}-{domains.DEFAULT.id}")
    assert ["The image", "Three views of it", "Three views, two networks"] == choice.options


def test_switches_decide_what_is_on(store: Store, flowers: Project) -> None:
    """Each switch begins as the domain has it; moved, it changes the images, and the training gets what is on."""
    app = advanced(flowers)
    own = domains.BUILT_IN.policy.transforms
    assert list(own) == [each.key.rsplit("-", 1)[1] for each in app.toggle if each.value]
    before = strip(app)
    assert 18 == before.count("<img ")
    app.toggle(key=f"seen-{flowers.id}-{flowers.domain_id}-mirror").set_value(False).run()
    app.toggle(key=f"seen-{flowers.id}-{flowers.domain_id}-cover").set_value(True).run()
    assert before != strip(app)
    assert ("turn", "zoom", "shift", "light", "cover") == started(app, store, flowers).transforms


def test_draw_others(flowers: Project) -> None:
    """Other images are drawn at a press of the button, and the same ones as long as nobody presses it."""
    app = advanced(flowers)
    first = strip(app)
    assert first == strip(app.run())
    assert first != strip(button(app, "Draw others").click().run())


def test_a_choice_outlives_a_look_at_another_page(flowers: Project) -> None:
    """Who comes back finds Advanced, its minutes and its switches as they were."""
    app = advanced(flowers)
    mirror = f"seen-{flowers.id}-{flowers.domain_id}-mirror"
    app.toggle(key=mirror).set_value(False).run()
    app.number_input(key=f"budget-{flowers.id}").set_value(7).run()
    checked(app.switch_page("images.py").run())
    checked(app.switch_page("train.py").run())
    assert (7, False) == (app.number_input(key=f"budget-{flowers.id}").value, app.toggle(key=mirror).value)


def test_images_of_different_tags(store: Store, flowers: Project) -> None:
    """Of three tags each shows an image, though one has many more."""
    images = readiness(store, flowers).images
    tags = {image.tag_ids for image, _ in augmentation_preview.drawn(store.home, images * 2, 32, seed=3)}
    assert 3 == len(tags)


def test_missing_and_damaged_images_are_passed_over(store: Store, flowers: Project) -> None:
    """The preview shows what it can, and says so where that is nothing."""
    images = readiness(store, flowers).images
    (first, *others) = images
    for image in others[:-1]:
        blobs.original_path(store.home, image.sha256).unlink()
    blobs.original_path(store.home, others[-1].sha256).write_bytes(b"no image")
    shown = augmentation_preview.drawn(store.home, [first, *others[-5:]], 32, seed=0)
    assert [first.id] == [image.id for image, _ in shown]
    blobs.original_path(store.home, first.sha256).unlink()
    assert "No image can be shown" in texts(advanced(flowers))


def test_advanced_without_images(fill: Fill) -> None:
    """A project of nothing can be looked at with Advanced chosen."""
    app = advanced(fill())
    assert "No image can be shown" in texts(app)
    assert button(app, "Train").disabled


def test_only_some_tags(store: Store, flowers: Project) -> None:
    """The page counts and the training takes the chosen tags alone; none chosen are all."""
    app = opened(flowers)
    assert "**18 tagged images** of **3 tags**" in texts(app)
    wanted = [tag.id for tag in store.tags.of_project(flowers.id) if tag.name in ("rose", "tulip")]
    app.multiselect(key=f"only-{flowers.id}").set_value(wanted).run()
    assert "**12 tagged images** of **2 tags**" in texts(app)
    started(app, store, flowers)
    (iteration,) = store.iterations.of_project(flowers.id)
    assert {"rose", "tulip"} == {tag.name for tag in store.iterations.tags(iteration.id)}


def test_costs_and_an_address_to_tell(store: Store, flowers: Project) -> None:
    """Only what was changed is taken along: tags that count more, and the address without the blanks around it."""
    app = opened(flowers)
    tags = readiness(store, flowers).tags
    key = training_options.costs_key(flowers, tags)
    changed = {"edited_rows": {1: {"Counts as": 3}, 2: {"Counts as": 1}}, "added_rows": [], "deleted_rows": []}
    app.session_state[key] = changed
    app.text_input(key=f"notify-{flowers.id}").set_value(" https://example.org/done ").run()
    assert [tag.name for tag in tags] == list(app.data_editor[0].value["Tag"])
    options = started(app, store, flowers)
    assert ((tags[1].id, 3.0),) == options.costs
    assert "https://example.org/done" == options.notify_url


def test_start_from_an_advanced_iteration(store: Store, flowers: Project, trained: Trained) -> None:
    """It is offered where one is trained, and gone again with it."""
    trained(flowers)
    key = f"start-from-{flowers.id}"
    assert key not in [each.key for each in opened(flowers).selectbox]
    iteration = trained(flowers)
    store.trainings.add(iteration.id, ADVANCED)
    app = opened(flowers)
    assert ["The domain's network", iteration.name] == app.selectbox(key=key).options
    app.selectbox(key=key).set_value(iteration.id).run()
    assert iteration.id == started(app, store, flowers).start_from
    training.delete_iteration(store, iteration)
    assert key not in [each.key for each in checked(app.run()).selectbox]


def test_an_advanced_training_is_watched(store: Store, flowers: Project) -> None:
    """Until there is a round it can be cancelled only; then there are curves, its pace in words, and another end."""
    job = running(store, flowers)
    app = opened(flowers)
    assert "Training the network" in texts(app)
    assert [] == app.get("plotly_chart")
    assert "Stop here and keep the best" not in labels(app)
    rounds(store, job.iteration_id or "")
    app.run()
    assert 3 == len(app.get("plotly_chart"))
    assert "epoch 3 · 41 images per second · at most 7 min left" in texts(app)
    button(app, "Stop here and keep the best").click().run()
    assert store.trainings.is_finishing_early(job.iteration_id or "")
    assert "Ending, the best so far is kept …" in texts(checked(app))
    assert "Stop here and keep the best" not in labels(app)
    button(app, "Cancel").click().run()
    assert "Stopping …" in texts(checked(app))
    assert store.jobs.get(job.id).cancel_requested


def test_other_pages_only_say_how_far(store: Store, flowers: Project, trained: Trained) -> None:
    """Whoever looks at another iteration reads how far the training is, and nothing else changes."""
    trained(flowers)
    job = running(store, flowers)
    rounds(store, job.iteration_id or "")
    app = opened(flowers, "performance")
    assert "Training 40\u00a0%" in links(app)
    assert [] == app.get("plotly_chart")


def test_settings_are_locked_while_they_train(store: Store, flowers: Project) -> None:
    """Any window shows how the running training trains, and nobody changes it; afterwards the own choice is back."""
    tags = {tag.name: tag.id for tag in store.tags.of_project(flowers.id)}
    app = opened(flowers)
    options = TrainingOptions(is_advanced=True, budget_minutes=7, costs=((tags["rose"], 3.0),))
    job = training.start(store, flowers, options=options, tag_ids=[tags["rose"], tags["tulip"]], evaluation="hold-out")
    for page in (checked(app.run()), opened(flowers)):
        way, embedding, method = page.radio
        shown = (way.value, page.number_input[0].value, method.value, page.multiselect[0].value)
        assert ("Advanced", 7, "hold-out", [tags["rose"], tags["tulip"]]) == shown
        assert all(each.disabled for each in (way, embedding, page.number_input[0], method, page.multiselect[0]))
        assert button(page, "Train").disabled
        assert "What mistakes cost: rose 3." in texts(page)
    training.cancel(store, job)
    checked(app.run())
    assert ("Quick", False) == (app.radio[0].value, app.radio[0].disabled)


def test_simple_offers_quick_and_advanced_only(store: Store, flowers: Project) -> None:
    """Tags, evaluation, costs, webhook, domain and augmentation are for the full page."""
    app = open_page("train", flowers)
    assert ["Way"] == [each.label for each in app.radio]
    app.radio[0].set_value("Advanced").run()
    assert ([], [], "") == (list(app.expander), list(app.multiselect), strip(app))
    assert "Domain" not in texts(app)
    assert ADVANCED == started(app, store, flowers)


def test_quick_training_has_no_other_end(store: Store, flowers: Project) -> None:
    """It takes seconds, so that Cancel is enough."""
    running(store, flowers, TrainingOptions())
    app = opened(flowers)
    assert "Cancel" in labels(app)
    assert "Stop here and keep the best" not in labels(app)


@pytest.mark.parametrize(
    ("outcome", "kind", "said"),
    [
        (BETTER, "success", "Better than Quick"),
        (TuningOutcome(600, 532, 530, 0.9, 1, 12, 200.0, "converged", "gpu"), "info", "Not better than Quick"),
        (TuningOutcome(600, 500, 530, 0.01, 1, 12, 200.0, "asked", "gpu"), "warning", "Worse than Quick"),
    ],
    ids=["better", "alike", "worse"],
)
def test_what_came_of_it(
    store: Store, flowers: Project, trained: Trained, outcome: TuningOutcome, kind: str, said: str
) -> None:
    """The Train page says whether it was worth it, in green only where it was; Performance too, with curves."""
    iteration = trained(flowers)
    store.trainings.add(iteration.id, ADVANCED)
    rounds(store, iteration.id)
    store.trainings.set_outcome(iteration.id, outcome)
    app = opened(flowers)
    boxes = {"success": app.success, "info": app.info, "warning": app.warning}
    (box,) = [each.value for each in boxes[kind] if said in each.value]
    assert box.startswith("Iteration 1 was trained in 0.3 s")
    app = opened(flowers, "performance")
    assert "How it was trained" in [each.label for each in app.expander]
    assert 3 == len(app.get("plotly_chart"))
    assert said in texts(app)
    assert " · Advanced · " in texts(app)


def test_a_quick_iteration_has_nothing_to_tell(flowers: Project, trained: Trained) -> None:
    """It has no rounds, so that there is no expander, and its caption does not say Advanced."""
    trained(flowers)
    app = opened(flowers, "performance")
    assert "How it was trained" not in [each.label for each in app.expander]
    assert "Advanced" not in texts(app)


def test_curves_break_between_attempts() -> None:
    """A line ends with its attempt, goes on over rounds without a number, and a dotted line stands in between."""
    told = [TuningEpoch(1, 1, 1e-4, 0.9, 1.0, None, 40, 9.0), TuningEpoch(1, 2, 1e-4, 0.8, 0.9, 0.5, 40, 9.0)]
    told += [TuningEpoch(1, 3, 1e-4, 0.7, 0.9, None, 40, 9.0), TuningEpoch(1, 4, 1e-4, 0.6, 0.9, 0.6, 40, 9.0)]
    told += [TuningEpoch(2, 1, 1e-4, 0.9, 1.0, None, 40, 9.0), TuningEpoch(2, 2, 1e-4, 0.8, 0.9, 0.7, 40, 9.0)]
    right = tuning_curves.right_chart(told)
    assert [2, 4, 6, 6] == list(right.data[0].x)
    assert [50, 60, None, 70] == [None if each is None else round(each) for each in right.data[0].y]
    assert [4.5] == [line.x0 for line in right.layout.shapes]
    loss, aside = tuning_curves.loss_chart(told).data
    assert [0.9, 0.8, 0.7, 0.6, None, 0.9, 0.8] == list(loss.y)
    assert 1.0 == aside.y[0]


def test_quicks_share_is_drawn_beside() -> None:
    """Where it is known what Quick reaches, it is a dashed line across."""
    told = [TuningEpoch(1, 1, 1e-4, 0.9, 1.0, 0.7, 40, 9.0)]
    *_, quick = tuning_curves.right_chart(told, 0.65).data
    assert ("Quick", [65.0, 65.0]) == (quick.name, list(np.round(quick.y, 6)))
