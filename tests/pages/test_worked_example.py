"""The worked example counts as the rest of Tagwise counts, and shows the vendors' figures."""

from __future__ import annotations

import re

import pytest
from sklearn.metrics import f1_score, precision_score, recall_score
from streamlit.testing.v1 import AppTest

from pages.parts.performance import worked_example


def script() -> None:
    """A page of the example alone."""
    from pages.parts.performance import worked_example

    worked_example.show()


@pytest.fixture
def app() -> AppTest:
    """The example as it opens."""
    return AppTest.from_function(script, default_timeout=20).run()


def test_it_opens_with_the_tutorials_figures(app: AppTest) -> None:
    """Six images at one half: precision 50 %, recall 67 %, with the counts they come from."""
    assert [] == list(app.exception)
    numbers = app.markdown[1].value
    assert "It called 4 images Picasso, 2 of them are: **precision 2 / 4 = 50.0 %**." in numbers
    assert "There are 3 Picassos, and it found 2 of them: **recall 2 / 3 = 66.7 %**." in numbers


def test_the_slider_moves_the_counting(app: AppTest) -> None:
    """More care, fewer false answers; at 100 % there is none, and precision is a dash."""
    app.slider[0].set_value(80).run()
    assert "It called 2 images Picasso, 2 of them are: **precision 2 / 2 = 100.0 %**." in app.markdown[1].value
    app.slider[0].set_value(90).run()
    assert "It called 1 image Picasso, 1 of them is:" in app.markdown[1].value
    app.slider[0].set_value(100).run()
    assert "It called no image Picasso" in app.markdown[1].value
    assert "**recall 0 / 3 = 0.0 %**" in app.markdown[1].value


@pytest.mark.parametrize("percent", range(0, 100, 5))
def test_every_number_is_scikit_learns(percent: int) -> None:
    """Wherever the slider stands."""
    truth, called = worked_example.answers(percent / 100)
    numbers = [
        float(each) for each in re.findall(r"= ?\**([\d.]+) %", " ".join(worked_example.sentences(truth, called)))
    ]
    if called.any():
        expected = [measure(truth, called) for measure in (precision_score, recall_score, f1_score)]
        assert [round(100 * value, 1) for value in expected] == pytest.approx(numbers, abs=0.051)
