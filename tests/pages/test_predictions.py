"""The Predictions page and what Quick Test keeps for it, run as a page would."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from cvcore import projects
from cvcore.evaluation import saved_thresholds
from cvcore.prediction import history
from cvcore.records import MULTILABEL, Iteration, Project, StoredPrediction
from cvcore.settings import Limits
from cvcore.store import Store
from tests.conftest import DrawImage, Fill, Trained
from tests.pages.conftest import button, checked, open_page, texts


@pytest.fixture
def iteration(fill: Fill, trained: Trained) -> Iteration:
    """A trained iteration of Flowers, which says 27 % rose and 73 % tulip of every image."""
    return trained(fill(rose=5, tulip=5))


@pytest.fixture
def project(store: Store, iteration: Iteration) -> Project:
    """Its project."""
    return projects.find(store, "Flowers")


@pytest.fixture
def kept(store: Store, iteration: Iteration, drawn_image: DrawImage) -> list[StoredPrediction]:
    """Three questions, the newest last."""
    return [
        history.predict_and_keep(store, iteration, drawn_image(50 + n), application="<b>", limits=Limits())
        for n in range(3)
    ]


def opened(page: str, project: Project, **query: str) -> AppTest:
    """A page about a project."""
    return open_page(page, project, **query)


def select(app: AppTest, project: Project, *kept: StoredPrediction) -> AppTest:
    """The page after images of its gallery were selected."""
    turn = app.session_state["predictions-turn"]
    app.session_state[f"predictions-{project.id}-1"] = {
        "selection": {"revision": turn, "ids": [each.id for each in kept]}
    }
    return checked(app.run())


def choose(app: AppTest, project: Project, name: str) -> None:
    """Choose a tag for the selected images. AppTest knows no options that are typed into a select box."""
    app.selectbox(key=f"adopt-{project.id}-{app.session_state['predictions-turn']}").set_value(name)
    checked(app.run())


def counts(store: Store, project: Project) -> dict[str, int]:
    return {tag.name: tag.image_count for tag in store.tags.of_project(project.id)}


def quick_test(project: Project, data: bytes) -> AppTest:
    """Quick Test with an image chosen."""
    app = opened("quick_test", project)
    app.get("file_uploader")[0].upload("new.png", data)
    return checked(app.run())


def test_a_chosen_tag_is_added(store: Store, project: Project, kept: list[StoredPrediction]) -> None:
    """Selected images join the project with the tag and leave the list."""
    app = opened("predictions", project)
    assert "**3 images**" in texts(app)
    assert button(app, "Add to project").disabled
    select(app, project, *kept[:2])
    choose(app, project, "rose")
    checked(button(app, "Add to project").click().run())
    assert {"rose": 7, "tulip": 5} == counts(store, project)
    assert "2 images added to the project." in texts(app)
    assert "**1 image**" in texts(app)
    assert [kept[2]] == store.predictions.of_project(project.id)


def test_as_predicted_is_never_unasked(store: Store, project: Project, kept: list[StoredPrediction]) -> None:
    """Looking and selecting tags nothing; one press adds what is selected with the model's own answer."""
    app = select(opened("predictions", project), project, kept[0])
    assert {"rose": 5, "tulip": 5} == counts(store, project)
    checked(button(app, "Add as tulip").click().run())
    assert {"rose": 5, "tulip": 6} == counts(store, project)


def test_multilabel_takes_several(store: Store, fill: Fill, trained: Trained, drawn_image: DrawImage) -> None:
    """Where images may carry several tags, as predicted means the whole answer: 50 % rose and 73 % tulip."""
    project = fill("Garden", classification_type=MULTILABEL, rose=5, tulip=5)
    kept = history.predict_and_keep(store, trained(project), drawn_image(50), application="", limits=Limits())
    app = select(opened("predictions", project), project, kept)
    checked(button(app, "Add as tulip, rose").click().run())
    assert {"rose": 6, "tulip": 6} == counts(store, project)
    assert "There are no predictions now." in texts(app)
    assert "1 image added to the project." in texts(app)


def test_a_name_that_cannot_be(store: Store, fill: Fill, trained: Trained, drawn_image: DrawImage) -> None:
    """A name that cannot be a tag's is refused in a sentence, and the image stays where it is."""
    project = fill("Garden", classification_type=MULTILABEL, rose=5, tulip=5)
    kept = history.predict_and_keep(store, trained(project), drawn_image(50), application="", limits=Limits())
    app = select(opened("predictions", project), project, kept)
    app.multiselect[0].set_value(["rose|"]).run()
    checked(button(app, "Add to project").click().run())
    assert "must not contain |" in texts(app)
    assert 1 == store.predictions.count(project.id)


def test_the_saved_threshold_tells_the_answer(store: Store, project: Project, kept: list[StoredPrediction]) -> None:
    """With a threshold above all probabilities there is no answer, and a filter for such images finds them."""
    iteration = store.iterations.trained(project.id)[0]
    app = opened("predictions", project)
    app.selectbox(key=f"answer-{project.id}").set_value("none")
    assert "No prediction matches." in texts(checked(app.run()))
    saved_thresholds.save(store, iteration, 0.9)
    assert "**3 images**" in texts(checked(app.run()))


def test_filters_reach_the_list(store: Store, project: Project, kept: list[StoredPrediction]) -> None:
    """Each control narrows what is shown."""
    app = opened("predictions", project)
    for key, value, shown in (
        (f"order-{project.id}", "oldest", "**3 images**"),
        (f"asked-{project.id}", "today", "**3 images**"),
        (f"answer-{project.id}", f"tag {store.tags.of_project(project.id)[0].id}", "No prediction matches."),
    ):
        app.selectbox(key=key).set_value(value)
        assert shown in texts(checked(app.run()))
    app.selectbox(key=f"answer-{project.id}").set_value("")
    app.slider(key=f"between-{project.id}").set_value((80, 100))
    assert "No prediction matches." in texts(checked(app.run()))


def test_adding_is_undone(store: Store, project: Project, kept: list[StoredPrediction]) -> None:
    """One press brings the images back among the predictions, and takes them out of the project."""
    app = select(opened("predictions", project), project, *kept[:2])
    choose(app, project, "rose")
    checked(button(app, "Add to project").click().run())
    checked(app.button(key="undo").click().run())
    assert "2 images back among the predictions." in texts(app)
    assert {"rose": 5, "tulip": 5} == counts(store, project)
    assert sorted(each.id for each in kept) == sorted(each.id for each in store.predictions.of_project(project.id))
    assert 10 == store.images.count(project.id)


def test_deleting_is_undone(store: Store, project: Project, kept: list[StoredPrediction]) -> None:
    """Predictions are deleted without a question, and one press restores them."""
    app = select(opened("predictions", project), project, *kept)
    checked(button(app, "Delete").click().run())
    assert 0 == store.predictions.count(project.id)
    assert "3 images deleted." in texts(app)
    checked(app.button(key="undo").click().run())
    assert "3 images restored." in texts(app)
    assert "**3 images**" in texts(app)
    assert sorted(each.id for each in kept) == sorted(each.id for each in store.predictions.of_project(project.id))


def test_a_large_view(store: Store, project: Project, kept: list[StoredPrediction]) -> None:
    """An image is looked at large, the next one after it, and can be added or deleted there."""
    app = select(opened("predictions", project, order="newest"), project, kept[2])
    checked(button(app, "Open").click().run())
    assert "1 of 3" in texts(app)
    checked(button(app, "Next").click().run())
    assert "2 of 3" in texts(app)
    checked(app.button(key="large-as-predicted").click().run())
    assert {"rose": 5, "tulip": 6} == counts(store, project)
    assert "2 of 2" in texts(app)
    checked(app.button(key="large-delete").click().run())
    assert [kept[2]] == store.predictions.of_project(project.id)
    assert "1 of 1" in texts(app)


def test_the_filter_is_in_the_address(store: Store, project: Project, kept: list[StoredPrediction]) -> None:
    """A link opens the page with its filter, and what is chosen is written into the address."""
    address = {"order": "oldest", "of": "1", "answer": "tulip", "from": "20", "to": "80", "asked": "week"}
    app = opened("predictions", project, **address)
    tulip = store.tags.of_project(project.id)[1]
    values = [app.selectbox(key=f"{name}-{project.id}").value for name in ("order", "of-iteration", "answer", "asked")]
    assert ["oldest", store.iterations.trained(project.id)[0].id, f"tag {tulip.id}", "week"] == values
    assert (20, 80) == app.slider(key=f"between-{project.id}").value
    assert "**3 images**" in texts(app)
    app.selectbox(key=f"answer-{project.id}").set_value("none")
    app.slider(key=f"between-{project.id}").set_value((0, 100))
    checked(app.run())
    written = app.session_state[f"predictions-address-{project.id}"].written
    assert {"order": "oldest", "of": "1", "no-answer": "1", "asked": "week"} == {k: v for k, v in written.items() if v}


def test_quick_test_keeps_once(store: Store, project: Project, drawn_image: DrawImage) -> None:
    """An image is kept once, whatever is moved; off, this window's trace is wiped out, and the next leaves none."""
    app = quick_test(project, drawn_image(60))
    assert ["Quick Test"] == [each.application for each in store.predictions.of_project(project.id)]
    app.slider[0].set_value(80).run()
    quick_test(project, drawn_image(60))
    assert 1 == store.predictions.count(project.id)
    app.checkbox(key="quick-keep").set_value(False)
    checked(app.run())
    assert 0 == store.predictions.count(project.id)


def test_quick_test_heeds_what_became_of_it(store: Store, project: Project, drawn_image: DrawImage) -> None:
    """One that was deleted is not kept again by the same window, and one of the project's own never is."""
    app = quick_test(project, drawn_image(60))
    history.delete(store, project, [each.id for each in store.predictions.of_project(project.id)])
    app.slider[0].set_value(80).run()
    quick_test(project, drawn_image(1))
    assert 0 == store.predictions.count(project.id)
