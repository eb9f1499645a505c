"""The page to hand in says what the Performance page says, stands alone, and lets no name act as HTML."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image as Pillow

from cvcore import analyses, evaluation, html_report, languages, projects, robustness
from cvcore.errors import InvalidInput
from cvcore.files import blobs
from cvcore.html_report import document, example_images
from cvcore.projects import tagging, uploads
from cvcore.records import MULTILABEL, Iteration, Project
from cvcore.settings import Limits
from cvcore.store import Store
from cvcore.training.analyses import made
from tests.untranslated import plain_words

Fill = Callable[..., Project]
Trained = Callable[..., Iteration]
Draw = Callable[[int], bytes]

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
EMPTY = {"meta", "img", "br", "rect", "line", "path", "circle", "polygon"}


class Reader(HTMLParser):
    """Reads a page: its tags, their attributes and its words; every tag must be closed in its turn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self._open: list[str] = []
        self.feed(page)
        assert [] == self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self._open.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.words += f"{data} ".replace("\N{NO-BREAK SPACE}", " ")


def read(store: Store, project: Project, iteration: Iteration, threshold: float = 0.5) -> Reader:
    """The page about an iteration."""
    return Reader(html_report.page(store, project, iteration, threshold, made_at=AT))


def drawn_probabilities(rows: int, columns: int) -> np.ndarray:
    """Probabilities of a model that knows little."""
    drawn = np.random.default_rng(5).random((rows, columns))
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True), np.float32)


def test_it_says_what_the_performance_page_says(store: Store, fill: Fill, trained: Trained) -> None:
    """Overall and tag by tag, each number with its interval, at the threshold asked for."""
    project = fill(rose=9, tulip=8, lily=7)
    iteration = trained(project, drawn_probabilities(24, 3))
    words = read(store, project, iteration, 0.4).words
    told = evaluation.report(store, iteration, 0.4)
    for row in (told.overall, *told.tags):
        for value in (row.precision, row.recall, row.f1, row.average_precision, *row.f1_interval):
            assert f"{100 * value:.1f} %" in words
    for told_of in ("Flowers", "Iteration 1", "threshold 40 %", "2-fold cross-validation", "24 images were evaluated."):
        assert told_of in words
    for name, row in zip(("lily", "rose", "tulip"), told.tags, strict=True):
        assert re.search(rf"{name}\s+{row.images}\s+{row.tp}\s+{row.fp}\s+{row.fn}\s", words)


def test_it_stands_alone(store: Store, fill: Fill, trained: Trained) -> None:
    """No script, no address, nothing to fetch: images are inside, and its own policy forbids the rest."""
    project = fill(rose=6, tulip=6)
    reader = read(store, project, trained(project, drawn_probabilities(12, 2)))
    assert not {"script", "link", "iframe", "object", "form", "base"} & set(reader.tags)
    sources = [value or "" for name, value in reader.attributes if name in ("src", "href", "xlink:href", "srcset")]
    assert sources
    assert all(source.startswith("data:image/webp;base64,") for source in sources)
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'; img-src data:") in reader.attributes
    small = Pillow.open(io.BytesIO(base64.b64decode(sources[0].partition(",")[2])))
    assert max(small.size) <= example_images.IMAGE_PX


def test_hostile_names_are_text(store: Store, drawn_image: Draw, trained: Trained) -> None:
    """Whatever projects, iterations, tags and files are called, it is shown letter by letter and opens no tag."""
    hostile = "<script>alert(1)</script>&<img src=x onerror=alert(1)>\"'{{ 6 * 7 }}{% if %}"
    project = projects.create(store, hostile, domain="Built-in")
    tags = tagging.ensure(store, project, [f"a{hostile}", f"b{hostile}"], limits=Limits())
    for number in range(10):
        name, tag = f"{number}<b>'\".png", tags[number % 2]
        uploads.add(store, project, name, drawn_image(number), tag_ids=[tag.id], limits=Limits())
    iteration = trained(project, drawn_probabilities(10, 2))
    store.iterations.rename(iteration, hostile)
    reader = read(store, project, store.iterations.get(iteration.id))
    assert "script" not in reader.tags
    assert not any(name.startswith("on") or value == "x" for name, value in reader.attributes)
    for name in (hostile, f"a{hostile}", f"b{hostile}", "<b>'\".png"):
        assert name in reader.words


def test_worst_mistakes_and_best_hits(store: Store, fill: Fill, trained: Trained) -> None:
    """The most certain of the wrong answers come first, and so do those of the right ones."""
    project = fill(rose=5, tulip=5)
    rose = store.images.tagged(project.id)
    is_rose = np.array([image.tag_ids[0] == store.tags.of_project(project.id)[0].id for image in rose])
    right = np.linspace(0.2, 0.9, 10)
    iteration = trained(project, np.where(is_rose[:, None] == [True, False], right[:, None], 1 - right[:, None]))
    words = read(store, project, iteration).words
    wrong, good = words.split("Most certain and wrong")[1].split("Most certain and right")
    assert [80.0, 72.2, 64.4, 56.7] == [float(told) for told in re.findall(r"([\d.]+) %", wrong)]
    assert [90.0, 82.2, 74.4] == [float(told) for told in re.findall(r"([\d.]+) %", good)][:3]
    assert rose[0].name in wrong
    assert rose[9].name in good


def test_a_missing_image_is_marked(store: Store, fill: Fill, trained: Trained) -> None:
    """Where a thumbnail's file is gone the page has a word in its place."""
    project = fill(rose=5, tulip=5)
    iteration = trained(project)
    for image in store.iterations.images(iteration.id):
        blobs.thumbnail_path(store.home, image.sha256).unlink()
    assert "image missing" in read(store, project, iteration).words


@pytest.mark.parametrize(
    ("counts", "probabilities", "said"),
    [
        ({"a": 5, "b": 5}, [[0.9, 0.1]] * 10, "–"),
        ({"a": 5, "b": 5}, [[0.5, 0.5]] * 10, "50.0 %"),
        ({"a": 5, "b": 5}, [[0.1, 0.9]] * 10, "50.0 %"),
    ],
)
def test_odd_models(
    store: Store, fill: Fill, trained: Trained, counts: dict[str, int], probabilities: list[list[float]], said: str
) -> None:
    """A tag that is never answered has a dash; constant scores have their numbers; nan stands nowhere."""
    project = fill(**counts)
    words = read(store, project, trained(project, probabilities)).words
    assert said in words
    assert "nan" not in words


def test_nothing_was_evaluated(store: Store, fill: Fill, trained: Trained) -> None:
    """Where every image is in fold -1 the page is dashes and words, no error."""
    project = fill(rose=5, tulip=5)
    iteration = trained(project)
    path = blobs.iteration_folder(store.home, iteration.id)
    with np.load(path / evaluation.ARRAYS) as arrays:
        fields = dict(arrays) | {"folds": np.full(10, -1), "probabilities": np.full((10, 2), np.nan, np.float32)}
    evaluation.save(path, evaluation.OutOfFold(**fields))
    words = read(store, project, iteration).words
    assert "0 images were evaluated. 10 images could not be evaluated." in words
    assert "No answer was right." in words
    assert "nan" not in words


def test_multilabel_lists_what_was_taken_for_what(store: Store, fill: Fill, trained: Trained) -> None:
    """Two tags of one image are no mistake; an answer that is not its tag is, and the commonest come first."""
    project = fill(classification_type=MULTILABEL, a=5, b=5)
    a = store.tags.of_project(project.id)[0]
    truth = np.array([image.tag_ids == (a.id,) for image in store.images.tagged(project.id)])
    iteration = trained(project, np.where(truth[:, None], [0.9, 0.8], [0.1, 0.1]))
    words = read(store, project, iteration).words
    assert re.search(r"5 images of +a +answered with +b ", words)
    assert re.search(r"5 images of +b +got +no answer ", words)


def test_many_tags_have_a_list_in_place_of_a_matrix(store: Store, fill: Fill, trained: Trained) -> None:
    """Thirteen columns do not fit on paper."""
    project = fill(**{f"tag{number:02}": 5 for number in range(document.MATRIX_TAGS + 1)})
    reader = read(store, project, trained(project))
    assert "No image was answered wrongly." in reader.words
    assert ("class", "matrix") not in reader.attributes


def test_the_learning_curve_is_in_it(store: Store, fill: Fill, trained: Trained) -> None:
    """Where it was measured it stands there, with a chart and sentences; at odd thresholds too."""
    project = fill(**{"<b>rose": 12, "tulip": 12})
    iteration = trained(project)
    assert "Would more images help?" not in read(store, project, iteration).words
    made(store, iteration, "learning-curve")
    for threshold in (0.5, 0.333):
        page = read(store, project, iteration, threshold)
        assert "More images of <b>rose will hardly change anything" in page.words
        assert "polygon" in page.tags
        assert (threshold == 0.333) == ("The threshold is rounded to whole per cent here." in page.words)


def test_shortcuts_are_in_it(store: Store, fill: Fill, trained: Trained) -> None:
    """What was looked at is said, and how often each kind of numbers tells tags apart."""
    project = fill(rose=20, tulip=20)
    iteration = trained(project)
    page = html_report.page(store, project, iteration, 0.5, made_at=datetime(2026, 5, 31, tzinfo=UTC))
    assert "Is there a shortcut?" in page
    assert "Told from other tags" in page
    assert "40 evaluated images" in page


def test_robustness_is_in_it(store: Store, fill: Fill, trained: Trained) -> None:
    """Where it was measured there is a row for each change, and what falls is told, whatever a tag is called."""
    project = fill(**{"<b>rose": 20, "tulip": 20})
    iteration = trained(project)
    assert "What happens when images change?" not in read(store, project, iteration).words
    truth = evaluation.load(store, iteration).truth
    levels = np.tile((91 * truth).astype(np.uint8), (1 + len(robustness.CONDITIONS), 1, 1))
    levels[1:6, truth[:, 0]] = 0
    measurement = robustness.Measurement(np.arange(40), levels, np.array(True))
    analyses.save(store, iteration, robustness.FILE, measurement)
    words = read(store, project, iteration).words
    assert re.search(r"Turned\s+100.0 %\s+50.0 % \(10°\)", words)
    assert "Turned by 10°: recall of <b>rose falls from 100.0 % to 0.0 %" in words


def test_nothing_in_it_stays_english(store: Store, fill: Fill, trained: Trained) -> None:
    """In the pseudo-language every sentence has accents, those of the analyses too, and the page says its language."""
    project = fill("庭", 薔薇=12, 鬱金香=12)
    iteration = trained(project)
    for kind in ("learning-curve", "map", "next-steps"):
        made(store, iteration, kind)
    with languages.using(languages.PSEUDO[0]):
        page = read(store, project, iteration)
    assert ("lang", languages.PSEUDO[0]) in page.attributes
    assert plain_words(page.words, data=["Built-in network"]) == []


def test_a_threshold_outside_its_range_is_refused(store: Store, fill: Fill, trained: Trained) -> None:
    """It is a probability."""
    project = fill(rose=5, tulip=5)
    with pytest.raises(InvalidInput, match="threshold must be in"):
        html_report.page(store, project, trained(project), 1.4, made_at=AT)
