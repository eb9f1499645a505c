"""Compare: one verdict that follows from one named test, points, fair thresholds, and the images that changed."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike
from streamlit.testing.v1 import AppTest

from cvcore import evaluation, training
from cvcore.evaluation import comparisons, saved_thresholds
from cvcore.evaluation.comparisons import Comparison
from cvcore.metrics.paired_comparison import mcnemar
from cvcore.records import Iteration, Project
from cvcore.store import Store
from pages.parts.compare import difference_table, sentences
from tests.conftest import Fill, Trained
from tests.pages.conftest import checked, texts

HOSTILE = "<b>![x](http://a)"


def page(home: str, iteration_id: str, full: bool) -> None:
    """A page with Compare on it."""
    from pathlib import Path

    import streamlit as st

    from cvcore.store import Store
    from pages.parts.performance import iteration_comparison

    st.session_state["full"] = full
    store = Store(Path(home))
    iteration = store.iterations.get(iteration_id)
    iteration_comparison.show(store, store.projects.get(iteration.project_id), iteration)


def opened(store: Store, iteration: Iteration, *, full: bool = False, **query: str) -> AppTest:
    """Compare, opened from an iteration."""
    app = AppTest.from_function(page, args=(str(store.home), iteration.id, full), default_timeout=30)
    for name, value in query.items():
        app.query_params[name.replace("_", "-")] = value
    return checked(app.run())


def heading(app: AppTest) -> str:
    return app.header[0].value.replace("\\", "")


def html(app: AppTest) -> str:
    """The table as it is sent."""
    return next(each.proto.body for each in app.get("html") if "tagwise-differences" in each.proto.body)


def table(app: AppTest) -> str:
    """The table's rows as texts, a line each."""
    body = html(app)
    rows = re.findall(r"<tr>.*?</tr>", body)
    return "\n".join(" | ".join(cell for cell in re.split(r"(?:<[^>]+>)+", row) if cell) for row in rows)


def changed(app: AppTest) -> list[dict[str, Any]]:
    """The two lists that the widget gets."""
    import json

    for each in app.get("bidi_component"):
        return list(json.loads(each.proto.json)["sides"])
    raise AssertionError("no widget")


def always_rose(store: Store, iteration: Iteration) -> ArrayLike:
    """Probabilities that call every image a rose, in the shape of an iteration's."""
    rose = [tag.name for tag in evaluation.tags(store, iteration)].index("rose")
    return np.where(np.arange(2) == rose, 0.9, 0.1) * np.ones((iteration.image_count, 1))


@pytest.fixture
def worse(store: Store, fill: Fill, trained: Trained) -> list[Iteration]:
    """One that has all of 20 images right, then one that calls all of them roses."""
    project = fill(rose=10, tulip=10)
    first = trained(project)
    return [first, trained(project, always_rose(store, first))]


def test_a_worse_iteration_is_called_worse(store: Store, worse: list[Iteration]) -> None:
    """From either of the two, in the same words: the verdict, its counts, and the test that it is by."""
    for iteration in worse:
        app = opened(store, iteration)
        assert "Iteration 2 is worse than Iteration 1" == heading(app)
        assert (
            "Both at 50 %: **0 images fixed, 10 broken**, of 20. Chance alone would do that in 0.195 % of cases; "
            "under 5 % counts as a difference (exact McNemar test)." in texts(app)
        )
        assert pytest.approx(0.00195, abs=5e-6) == mcnemar(0, 10)


def test_differences_are_points(store: Store, worse: list[Iteration]) -> None:
    """With a sign and a true minus, newer minus older; rates are per cent; an undefined one is a dash."""
    app = opened(store, worse[1])
    rows = table(app).splitlines()
    assert "Tag | Iteration 1 | Iteration 2 | Iteration 2 |  minus  | Iteration 1 | likely from … to …" == rows[0]
    assert "All tags (mean) | 20 images | 100.0 % | 33.3 % | −66.7 points" == rows[1]
    assert rows[2].startswith("rose | 10 images | 100.0 % | 66.7 % | −33.3 points | −")
    checked(app.segmented_control(key="compare-by").set_value("Precision").run())
    assert "tulip | 10 images | 100.0 % | – | –" == table(app).splitlines()[3]
    assert " %" not in " ".join(re.findall(r"[+−][\d.]+ [^ |]*", table(app)))


def test_the_images_that_changed(store: Store, worse: list[Iteration]) -> None:
    """As many as the test counts, each with its tag and both answers; a tag chosen leaves those that concern it."""
    app = opened(store, worse[1])
    fixed, broken = changed(app)
    assert ("0 images fixed", "10 images broken") == (fixed["title"], broken["title"])
    assert ([], 10) == (fixed["items"], len(broken["items"]))
    assert "Right in Iteration 1, wrong in Iteration 2." == broken["about"]
    for item in broken["items"]:
        assert ("tulip", ["tulip", "rose"]) == (item["tags"], [answer["short"] for answer in item["answers"]])
        assert ["tulip 90.0 %", "rose 90.0 %"] == [answer["full"] for answer in item["answers"]]
        assert [True, False] == [answer["right"] for answer in item["answers"]]


def test_no_answer_is_told_with_the_nearest(store: Store, fill: Fill, trained: Trained) -> None:
    """Below the threshold an image has no answer; in large the most probable tag is named beside it."""
    project = fill(rose=5, tulip=5)
    first = trained(project)
    truth = evaluation.load(store, first).truth
    second = trained(project, 0.1 + 0.3 * truth)
    app = opened(store, second)
    _, broken = changed(app)
    answer = broken["items"][0]["answers"][1]
    assert "no answer" == answer["short"]
    assert re.fullmatch(r"no answer \((rose|tulip) 40\.0 %\)", answer["full"])


def test_one_threshold_for_both_from_the_address(store: Store, worse: list[Iteration]) -> None:
    """The slider's value, which the other views share, is the threshold of both; at 95 % neither answers."""
    app = opened(store, worse[1])
    app.slider[0].set_value(95).run()
    assert "Both at 95 %, both have the same 0 of 20 images right." in texts(app)
    assert "No clear difference between Iteration 2 and Iteration 1" == heading(app)
    assert 0.95 == app.session_state[f"threshold-{worse[0].project_id}"]


def test_own_thresholds_are_never_flattered(store: Store, fill: Fill, trained: Trained) -> None:
    """Thresholds saved for one change nothing, at one threshold for both and at own ones; the page says which."""
    project = fill(rose=15, tulip=15)
    random = np.random.default_rng(2)
    first, second = (trained(project, random.dirichlet([1, 1], 30)) for _ in range(2))
    before = [shown(store, second, own) for own in (False, True)]
    saved_thresholds.save(store, first, (0.12, 0.83))
    assert before == [shown(store, second, own) for own in (False, True)]
    assert "Each at its own thresholds, chosen on other images than those counted: **" in before[1]


def shown(store: Store, iteration: Iteration, own: bool) -> str:
    """Everything that Compare tells, at one threshold or at own ones."""
    app = opened(store, iteration)
    if own:
        checked(app.segmented_control(key="compare-at").set_value("Each its own").run())
        assert not app.slider
    return "\n".join([heading(app), texts(app), table(app), str(changed(app))])


@pytest.mark.parametrize(("fixed", "broken"), [(6, 0), (5, 0), (0, 6), (9, 3), (13, 3), (0, 0), (1, 1)])
def test_the_verdict_follows_from_the_test(store: Store, fill: Fill, trained: Trained, fixed: int, broken: int) -> None:
    """Better or worse where its p is under 5 %, else no clear difference: never one beside the other."""
    project = fill(rose=8, tulip=8)
    truth = evaluation.load(store, trained(project)).truth
    wrong = [np.arange(16) < fixed, (np.arange(16) >= fixed) & (np.arange(16) < fixed + broken)]
    older, newer = (trained(project, np.where(each[:, None] ^ truth, 0.9, 0.1)) for each in wrong)
    comparison = comparisons.compare(store, newer, older, 0.5)
    told = sentences.headline(comparison)
    p_value = mcnemar(fixed, broken)
    assert p_value == comparison.right.p_value
    expected = "No clear difference" if p_value >= 0.05 else "better than" if fixed > broken else "worse than"
    assert expected in told
    if fixed or broken:
        assert f"**{fixed} image{'s' * (fixed != 1)} fixed, {broken} broken**, of 16." in sentences.evidence(comparison)


def test_near_duplicates_are_explained(store: Store, fill: Fill, trained: Trained) -> None:
    """Where groups were counted, both numbers are told, and the lists still hold every image."""
    import dataclasses

    project = fill(rose=5, tulip=5)
    comparison = comparisons.compare(store, trained(project), trained(project), 0.5)
    right = dataclasses.replace(
        comparison.right, only_first=9, only_second=8, groups_first=1, groups_second=8, p_value=mcnemar(1, 8)
    )
    comparison = dataclasses.replace(comparison, right=right)
    assert "Iteration 2 is worse than Iteration 1" == sentences.headline(comparison).replace("\\", "")
    assert "**9 images fixed, 8 broken**, of 10. Near duplicates count once: 1 against 8." in sentences.evidence(
        comparison
    )


def test_the_mean_is_told_in_its_own_words(store: Store, worse: list[Iteration]) -> None:
    """In full with its interval and what it weighs; simple shows neither, so no second verdict stands beside it."""
    words = "The mean gives every tag the same weight, the verdict every image."
    simple, full = opened(store, worse[1]), opened(store, worse[1], full=True)
    assert words not in texts(simple)
    assert words in texts(full)
    assert "Mean F1: 100.0 % before, 33.3 % now, −66.7 points, likely −" in texts(full)
    assert table(full).splitlines()[1].startswith("All tags (mean) | 20 images | 100.0 % | 33.3 % | −66.7 points | −")


def test_equal_iterations(store: Store, fill: Fill, trained: Trained) -> None:
    """The same images are right: no difference, and nothing to look at."""
    project = fill(rose=5, tulip=5)
    trained(project)
    app = opened(store, trained(project))
    assert "Both at 50 %, both have the same 10 of 10 images right." in texts(app)
    assert ["0 images fixed", "0 images broken"] == [side["title"] for side in changed(app)]
    assert "Compared on the 10 images that both evaluated." in texts(app)


def test_three_iterations(store: Store, fill: Fill, trained: Trained) -> None:
    """The one before is chosen first, of older ones the newest; any other can be, also by the address."""
    project = fill(rose=5, tulip=5)
    first, second, third = (trained(project) for _ in range(3))
    for iteration, expected in ((third, "2"), (second, "1"), (first, "3")):
        assert expected == opened(store, iteration).selectbox[0].value
    app = opened(store, third, compare_with="1")
    assert "1" == app.selectbox[0].value
    assert "between Iteration 3 and Iteration 1" in heading(app)


def test_alone_there_is_nothing_to_compare(store: Store, fill: Fill, trained: Trained) -> None:
    """And what to do is said."""
    assert "Train again, and both can be compared here." in texts(opened(store, trained(fill(rose=5, tulip=5))))


def test_none_in_common_is_a_sentence(store: Store, fill: Fill, trained: Trained) -> None:
    """Iterations without a common tag are refused in plain words, without a traceback."""
    from cvcore.projects import tagging
    from cvcore.settings import Limits

    project = fill(rose=5, tulip=5)
    trained(project)
    images = store.images.page(project.id, take=10)
    for tag in store.tags.of_project(project.id):
        tagging.delete(store, tag)
    names = tagging.ensure(store, project, ["cat", "dog"], limits=Limits())
    for tag, part in zip(names, (images[:5], images[5:]), strict=True):
        tagging.add_tags(store, project, [image.id for image in part], [tag.id])
    app = opened(store, trained(project))
    assert "Iterations must share at least one tag to be compared, got 0: choose another." in texts(app)


@pytest.mark.parametrize("classification_type", ["Multiclass", "Multilabel"])
@pytest.mark.parametrize("kind", ["good", "constant", "never"])
def test_odd_models(store: Store, fill: Fill, trained: Trained, kind: str, classification_type: str) -> None:
    """With good, constant and one-sided scores, and a tag whose name would act as Markdown or HTML."""
    project = fill(classification_type=classification_type, **{HOSTILE: 5, "tulip": 5})
    probabilities = {"good": None, "constant": [[0.5, 0.5]] * 10, "never": [[0.9, 0.1]] * 10}[kind]
    trained(project)
    app = opened(store, trained(project, probabilities), full=True)
    assert "![x](" not in texts(app, raw=True)
    assert "<b>!" not in html(app)
    assert [] == list(app.error)


def test_a_tag_named_like_a_choice(store: Store, fill: Fill, trained: Trained) -> None:
    """A tag *All tags* can be chosen like any other."""
    project = fill(**{"All tags": 5, "rose": 5})
    first = trained(project)
    app = opened(store, trained(project, 1 - evaluation.load(store, first).probabilities))
    assert 10 == len(changed(app)[1]["items"])
    checked(app.selectbox(key="compare-tag").set_value("All tags").run())
    assert 10 == len(changed(app)[1]["items"])


def test_an_iteration_deleted_in_another_tab(store: Store, fill: Fill, trained: Trained) -> None:
    """Nothing breaks."""
    project = fill(rose=5, tulip=5)
    trained(project)
    iteration = trained(project)
    app = opened(store, iteration)
    training.delete_iteration(store, iteration)
    app.slider[0].set_value(60)
    assert app


def test_texts_in_the_table_are_escaped(store: Store, fill: Fill, trained: Trained) -> None:
    """Tags and iterations may have any name."""
    project: Project = fill(**{HOSTILE: 5, "tulip": 5})
    first, second = trained(project), trained(project)
    training.rename_iteration(store, second, "<i>two</i>")
    second = store.iterations.get(second.id)
    comparison: Comparison = comparisons.compare(store, first, second, 0.5)
    made = difference_table.of(comparison, 2, with_mean_interval=True)
    assert "&lt;b&gt;![x](http://a)" in made
    assert "<i>two" not in made
