"""The drawer with the images behind a number, run as a page would: what it says, opens, corrects and undoes."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from cvcore import training
from cvcore.languages import PSEUDO, using
from cvcore.projects import tagging, uploads
from cvcore.records import MULTILABEL, Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store
from pages.parts.review import selections
from tests.conftest import Fill, Trained
from tests.pages.conftest import button, checked, roses, texts
from tests.untranslated import plain_words

SCRIPT = """
import streamlit as st
from cvcore.metrics.confusion import Cell, Swap, TagOutcome
from pages.parts.review import drawer
from pages.parts.shell import backend, undo_toast

store = backend.store()
project = store.projects.get({project!r})
iteration = st.session_state.setdefault("it", (store.iterations.trained(project.id) or [None])[0])
threshold = st.session_state.setdefault("threshold", 0.5)
undo_toast.show(project)
drawer.show(store, project, iteration, threshold, {asked}, key="g")
"""


def run(project: Project, asked: str, **query: str) -> AppTest:
    """A page with the drawer, run once, on which that was clicked."""
    app = AppTest.from_string(SCRIPT.format(project=project.id, asked=asked), default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    return checked(app.run())


def heading(app: AppTest) -> str | None:
    """The heading of the drawer, None if it is closed."""
    for data in (json.loads(each.proto.json) for each in app.get("bidi_component")):
        if "opening" in data:
            return "".join(text for text, _ in data["heading"])
    return None


def select(app: AppTest, iteration: Iteration, place: str, *ids: str, turn: int = 0) -> AppTest:
    """The page after images of its gallery were selected."""
    app.session_state[f"drawer-{iteration.id}-{place}-gallery-1"] = {"selection": {"revision": turn, "ids": list(ids)}}
    return checked(app.run())


def tags_of(store: Store, project: Project) -> dict[str, int]:
    """How many images carry each tag."""
    return {tag.name: tag.image_count for tag in store.tags.of_project(project.id)}


@pytest.fixture
def flowers(fill: Fill, trained: Trained) -> Project:
    """Five roses and five tulips, all taken for tulips."""
    project = fill(rose=5, tulip=5)
    trained(project, [[0.25, 0.75]] * 10)
    return project


@pytest.fixture
def labels(fill: Fill, trained: Trained) -> Project:
    """The same in Multilabel: every image is answered with tulip alone."""
    project = fill(classification_type=MULTILABEL, rose=5, tulip=5)
    trained(project, [[0.25, 0.75]] * 10)
    return project


def newest(store: Store, project: Project) -> Iteration:
    return store.iterations.trained(project.id)[0]


# ---- what is open --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("Cell(0, 1)", "5 images tagged rose, answered with tulip"),
        ("Cell(1, 1)", "5 images tagged tulip, answered correctly"),
        ("Cell(0, 2)", "0 images tagged rose, with no answer"),
        ("Cell(2, 0)", "0 images without a tag, answered with rose"),
        ("TagOutcome(1, 'tp')", "5 images tagged tulip and answered with it"),
        ("TagOutcome(1, 'fp')", "5 images not tagged tulip but answered with it"),
        ("TagOutcome(0, 'fn')", "5 images tagged rose but not answered with it"),
        ("TagOutcome(0, 'tn')", "5 images not tagged rose and not answered with it"),
        ("'label_issues'", "5 images with a tag that may be wrong"),
        ("'hardest'", "5 images that the model gets wrong or nearly"),
        ("'duplicates'", "0 images with a near duplicate"),
    ],
)
def test_the_heading_says_what_is_shown(flowers: Project, asked: str, words: str) -> None:
    """How many images there are and what they have in common, in one line."""
    assert words == heading(run(flowers, asked))


def test_the_headings_in_multilabel(labels: Project) -> None:
    """Doubts are counted by tag, and a swap is a tag missed and another given."""
    assert "5 images tagged rose, answered with tulip in its place" == heading(run(labels, "Swap(0, 1)"))
    assert str(heading(run(labels, "'label_issues'"))).endswith("tags that may be missing or wrong")


def test_it_stays_open_until_it_is_closed(flowers: Project) -> None:
    """What was clicked is shown in the next runs too, and not again once it was closed."""
    script = SCRIPT.replace("{asked}", "TagOutcome(1, 'fp') if st.session_state.get('click') else None")
    app = AppTest.from_string(script.format(project=flowers.id), default_timeout=30)
    assert heading(checked(app.run())) is None
    app.session_state["click"] = True
    assert "5 images not tagged tulip but answered with it" == heading(checked(app.run()))
    app.session_state["click"] = False
    assert "5 images not tagged tulip but answered with it" == heading(checked(app.run()))
    app.session_state["threshold"] = 0.9
    assert "0 images not tagged tulip but answered with it" == heading(checked(app.run()))
    app.session_state["drawer-open"] = None
    assert heading(checked(app.run())) is None


def test_it_is_closed_by_another_view(flowers: Project) -> None:
    """What was open is not opened again when its view is shown again."""
    script = SCRIPT.replace("drawer.show(", "if st.session_state.get('view', 1): drawer.show(")
    app = AppTest.from_string(
        script.format(project=flowers.id, asked="'hardest' if st.session_state.get('view') == 2 else None"),
        default_timeout=30,
    )
    app.session_state["view"] = 2
    assert heading(checked(app.run())) is not None
    for view in (1, 0):
        app.session_state["view"] = view
        assert bool(view) == bool(heading(checked(app.run())))
    app.session_state["view"] = 1
    assert heading(checked(app.run())) is None


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("fn-0", "5 images tagged rose but not answered with it"),
        ("cell-0-1", "5 images tagged rose, answered with tulip"),
        ("hardest", "5 images that the model gets wrong or nearly"),
        ("fn-7", None),
        ("swap-0-1", None),
        ("<b>", None),
    ],
)
def test_an_address_opens_its_images(flowers: Project, address: str, words: str | None) -> None:
    """A link opens what it names; one that names nothing of this iteration opens nothing."""
    assert words == heading(run(flowers, "None", images=address))


@pytest.mark.parametrize("multilabel", [True, False])
def test_every_selection_comes_back_from_its_address(multilabel: bool) -> None:
    """For all that can be clicked in an iteration of three tags."""
    pairs = [f"{'swap' if multilabel else 'cell'}-{one}-{other}" for one, other in ((0, 1), (2, 0), (1, 2))]
    for text in [*pairs, "tp-0", "fp-1", "fn-2", "tn-0", "label_issues", "hardest", "duplicates"]:
        selection = selections.parse(text, 3, multilabel=multilabel)
        assert selection is not None
        assert text == selections.address(selection)


def test_an_iteration_deleted_in_another_tab(store: Store, flowers: Project) -> None:
    """While its page is open here: a sentence, no traceback."""
    app = run(flowers, "'hardest'")
    training.delete_iteration(store, newest(store, flowers))
    app.run()
    assert "there is no iteration" in texts(checked(app)).lower()


# ---- corrections ---------------------------------------------------------------------------------------------------


def test_retag_and_back(store: Store, flowers: Project) -> None:
    """The suggested tag takes one click on the selected, a toast says what was done, and one click takes it back."""
    one, other, *_ = roses(store, flowers)
    app = run(flowers, "Cell(0, 1)")
    select(app, newest(store, flowers), "cell-0-1", f"{one} tulip", f"{other} tulip")
    button(app, "Retag as tulip").click().run()
    assert {"rose": 3, "tulip": 7} == tags_of(store, flowers)
    assert "2 images retagged." in texts(checked(app))
    assert "keeps its numbers" in texts(app)
    button(app, "Undo").click().run()
    assert {"rose": 5, "tulip": 5} == tags_of(store, flowers)
    assert "2 images have their old tags again." in texts(checked(app))


def test_what_was_retagged_meanwhile_is_not_undone(store: Store, flowers: Project) -> None:
    """Somebody gave it another tag after the correction: that tag stays, and the toast says so."""
    one = roses(store, flowers)[0]
    app = select(run(flowers, "Cell(0, 1)"), newest(store, flowers), "cell-0-1", f"{one} tulip")
    button(app, "Retag as tulip").click().run()
    tagging.remove_tags(store, flowers, [one])
    button(app, "Undo").click().run()
    assert {"rose": 4, "tulip": 5} == tags_of(store, flowers)
    assert "1 image left as it is." in texts(checked(app))


def test_a_tag_of_ones_own_choice(store: Store, flowers: Project) -> None:
    """Any tag of the workspace can be given to the selected."""
    tagging.create(store, flowers, "violet", limits=Limits())
    violet = next(tag.id for tag in store.tags.of_project(flowers.id) if tag.name == "violet")
    app = run(flowers, "Cell(0, 1)")
    select(app, newest(store, flowers), "cell-0-1", f"{roses(store, flowers)[0]} tulip")
    assert button(app, "Set tag").disabled
    app.selectbox[0].set_value(violet).run()
    button(app, "Set tag").click().run()
    assert {"violet": 1, "rose": 4, "tulip": 5} == tags_of(store, flowers)


def test_corrections_in_multilabel(store: Store, labels: Project) -> None:
    """What was missed comes off, what was swapped changes places, and a chosen tag goes on or off."""
    iteration, one = newest(store, labels), roses(store, labels)[0]
    app = select(run(labels, "TagOutcome(0, 'fn')"), iteration, "fn-0", f"{one} rose")
    button(app, "Remove rose").click().run()
    assert {"rose": 4, "tulip": 5} == tags_of(store, labels)
    button(app, "Undo").click().run()
    app = select(run(labels, "Swap(0, 1)"), iteration, "swap-0-1", f"{one} tulip")
    button(app, "Swap rose for tulip").click().run()
    assert {"rose": 4, "tulip": 6} == tags_of(store, labels)
    tulip = next(tag.id for tag in store.tags.of_project(labels.id) if tag.name == "tulip")
    app = select(run(labels, "TagOutcome(0, 'fn')"), iteration, "fn-0", f"{one} rose")
    app.selectbox[0].set_value(tulip).run()
    button(app, "Remove tag").click().run()
    assert {"rose": 4, "tulip": 5} == tags_of(store, labels)


def test_images_that_left_are_told(store: Store, flowers: Project) -> None:
    """Somebody deleted one after it was selected: the others are retagged, and the page says so."""
    one, other, *_ = roses(store, flowers)
    tulip = store.tags.of_project(flowers.id)[1].id
    app = run(flowers, "Cell(0, 1)")
    select(app, newest(store, flowers), "cell-0-1", f"{one} tulip", f"{other} tulip")
    app.selectbox[0].set_value(tulip).run()
    uploads.delete(store, [one])
    button(app, "Set tag").click().run()
    assert "1 image retagged. 1 image no longer in the workspace." in texts(checked(app))


def test_a_deleted_tag_cannot_be_given(store: Store, flowers: Project) -> None:
    """A tag that somebody deleted meanwhile is no longer offered, and nothing is changed."""
    app = run(flowers, "Cell(0, 1)")
    select(app, newest(store, flowers), "cell-0-1", f"{roses(store, flowers)[0]} tulip")
    _, tulip = store.tags.of_project(flowers.id)
    app.selectbox[0].set_value(tulip.id).run()
    tagging.delete(store, tulip)
    app.run()
    assert button(app, "Set tag").disabled
    assert {"rose": 5} == tags_of(store, flowers)


def test_a_suspect_found_right_leaves_the_list(store: Store, flowers: Project) -> None:
    """One click puts the selected aside and another brings them back: with Undo these, with Show again all."""
    app = run(flowers, "'label_issues'")
    one, other, *_ = roses(store, flowers)
    select(app, newest(store, flowers), "label_issues", f"{one} tulip", f"{other} tulip")
    button(app, "Tag is correct").click().run()
    assert "3 images with a tag that may be wrong" == heading(checked(app))
    assert "2 tags marked as correct are not listed." in texts(app)
    assert {"rose": 5, "tulip": 5} == tags_of(store, flowers)
    button(app, "Undo").click().run()
    assert "5 images with a tag that may be wrong" == heading(checked(app))
    select(app, newest(store, flowers), "label_issues", f"{one} tulip", turn=1)
    button(app, "Tag is correct").click().run()
    button(app, "Show again").click().run()
    assert "5 images with a tag that may be wrong" == heading(checked(app))
    button(app, "Undo").click().run()
    assert "4 images with a tag that may be wrong" == heading(checked(app))


@pytest.mark.parametrize(
    ("asked", "words"),
    [("Cell(0, 1)", "Else add images of rose"), ("TagOutcome(0, 'fn')", "Else add images of rose"), ("Cell(1, 1)", "")],
)
def test_what_to_do_is_said(flowers: Project, asked: str, words: str) -> None:
    """Images that the model misses ask for more like them; right answers ask for nothing."""
    app = run(flowers, asked)
    assert words in texts(app)
    assert bool(words) == ("look like these" in texts(app))


def test_the_large_view_steps_through_the_images(store: Store, flowers: Project) -> None:
    """It opens with one image, says its answer, and Next leads to the following one."""
    app = run(flowers, "Cell(0, 1)")
    keys = [f"{image_id} tulip" for image_id in roses(store, flowers)]
    app.session_state["review-large"] = keys[0]
    checked(app.run())
    shown = texts(app)
    assert "Answer: tulip; tulip 75.0" in shown
    assert "of 5" in shown
    places = [part for part in shown.splitlines() if part.endswith(" of 5")]
    button(app, "Next").click().run()
    assert places != [part for part in texts(checked(app)).splitlines() if part.endswith(" of 5")]


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("cell-0-0", ["{tag}"]),
        ("cell-0-1", ["{tag}", "{answer}"]),
        ("cell-1-2", ["{answer}"]),
        ("cell-2-0", ["{tag}"]),
        ("cell-2-2", []),
        *((f"{outcome}-1", ["{answer}"]) for outcome in ("tp", "fp", "fn", "tn")),
        ("hardest", []),
        ("duplicates", []),
        ("label_issues", []),
    ],
)
def test_headings_have_names_as_names_in_each_language(place: str, names: list[str]) -> None:
    """A heading is one message, with the names of tags apart in the places that the language gives them."""
    tags = ["{tag}", "{answer}"]
    selection = selections.parse(place, len(tags), multilabel=False)
    assert selection
    with using(PSEUDO[0]):
        parts = selections.heading(selection, 3, tags, multilabel=False)
    assert names == [text for text, is_name in parts if is_name]
    assert [] == plain_words("".join(text for text, is_name in parts if not is_name))


def test_headings_of_swaps_name_both_tags() -> None:
    """Where images have several tags, the heading names the tag that was missed, then the one in its place."""
    swap = selections.parse("swap-0-1", 2, multilabel=True)
    assert swap
    heading = selections.heading(swap, 1, ["rose", "tulip"], multilabel=True)
    assert "1 image tagged rose, answered with tulip in its place" == "".join(text for text, _ in heading)
