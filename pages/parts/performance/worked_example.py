"""Counts precision and recall on six images: the vendors' example of Picasso and Rembrandt, with a slider."""

from __future__ import annotations

import base64

import numpy as np
import streamlit as st

from cvcore import array_types, metrics
from cvcore.imaging import portraits
from cvcore.imaging.portraits import PAINTERS, PICASSO
from cvcore.wording import count, percent

# At 50 % four are called Picasso, of which two are: precision 50 %, recall 67 %.
PROBABILITIES = (0.95, 0.85, 0.4, 0.7, 0.6, 0.1)
OPENING = 50

_STYLE = """<style>
.tagwise-six {display: grid; grid-template-columns: repeat(auto-fit, minmax(84px, 1fr)); gap: .75rem; max-width: 46rem}
.tagwise-six figure {margin: 0; padding: .4rem; border-radius: .6rem; border: 2px solid rgba(128, 128, 128, .3)}
.tagwise-six .called {border-color: #0d9488; background: rgba(13, 148, 136, .12)}
.tagwise-six img {display: block; width: 100%; border-radius: .35rem}
.tagwise-six figcaption {font-size: .8125rem; line-height: 1.35; margin-top: .35rem}
.tagwise-six b {display: block; font-variant-numeric: tabular-nums}
</style>"""


def show(*, key: str = "worked-example") -> None:
    """Show six images, a slider, and the calculation at its threshold."""
    st.markdown(
        "Three of these six portraits are in Picasso's manner, three in Rembrandt's. There is one question: **is it a "
        "Picasso?** Below each image is the probability that a model gave. Move the threshold and watch the "
        "counts."
    )
    chosen = st.slider("Probability threshold", 0, 100, OPENING, format="%d %%", key=key, width=480)
    truth, called = answers(chosen / 100)
    st.html(_STYLE + _gallery(truth, called))
    st.markdown("\n".join(f"- {line}" for line in sentences(truth, called)))
    st.caption(
        "A higher threshold makes the model more careful: its answers are right more often, and it misses more. "
        "Which threshold is best depends on what each kind of mistake costs."
    )


def answers(threshold: float) -> tuple[array_types.Bools, array_types.Bools]:
    """Which of the six are Picassos, and which are called Picasso at a threshold; both bool (6,).

    >>> [int(images.sum()) for images in answers(0.5)]
    [3, 4]
    """
    truth = np.array([painter == PICASSO for painter in PAINTERS])
    called = metrics.answers(np.array(PROBABILITIES)[:, None], threshold, multilabel=True)[:, 0]
    return truth, called


def sentences(truth: array_types.Bools, called: array_types.Bools) -> list[str]:
    """Precision, recall and F1 with the counts that they are computed from, as Markdown.

    >>> sentences(*answers(0.5))[0]
    'It called 4 images Picasso, 2 of them are: **precision 2 / 4 = 50.0 %**.'
    """
    counts = metrics.count_answers(truth[:, None], called[:, None])[0]
    tp, fp, fn, _ = counts.tolist()
    measures = (metrics.precision, metrics.recall, metrics.f1)
    precision, recall, f1 = (percent(float(measure(counts))) for measure in measures)
    if tp + fp:
        first = f"It called {count(tp + fp, 'image')} Picasso, {tp} of them {_are(tp)}: "
        first += f"**precision {tp} / {tp + fp} = {precision}**."
    else:
        first = "It called no image Picasso, so nothing can be right or wrong: **precision –**."
    return [
        first,
        f"There are {tp + fn} Picassos, and it found {tp} of them: **recall {tp} / {tp + fn} = {recall}**.",
        "F1 weighs both: 2 × found / (2 × found + wrongly given + missed) = "
        f"2 × {tp} / (2 × {tp} + {fp} + {fn}) = **{f1}**.",
    ]


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _gallery(truth: array_types.Bools, called: array_types.Bools) -> str:
    figures = []
    for image, painter, probability, is_one, is_called in zip(
        portraits.portraits(), PAINTERS, PROBABILITIES, truth, called, strict=True
    ):
        outcome = _OUTCOMES[bool(is_one), bool(is_called)]
        address = base64.b64encode(image).decode()
        figures.append(
            f'<figure class="{"called" if is_called else ""}">'
            f'<img src="data:image/png;base64,{address}" alt="A painting in the manner of {painter}">'
            f"<figcaption>{painter}<b>{100 * probability:.0f}\u00a0%</b>{outcome}</figcaption></figure>"
        )
    return f'<div class="tagwise-six">{"".join(figures)}</div>'


# By whether it is a Picasso and whether it was called one.
_OUTCOMES = {
    (True, True): "✓ found (TP)",
    (True, False): "✗ missed (FN)",
    (False, True): "✗ wrongly given (FP)",
    (False, False): "✓ not given (TN)",
}
