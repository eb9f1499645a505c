"""Counts precision and recall on six images: the vendors' example of Picasso and Rembrandt, with a slider."""

from __future__ import annotations

import base64

import numpy as np
import streamlit as st

from cvcore import array_types, metrics
from cvcore.imaging import portraits
from cvcore.imaging.portraits import PAINTERS, PICASSO
from cvcore.languages import marked, percent_format, t, tn
from cvcore.wording import percent, whole_percent

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
        t(
            "Three of these six portraits are in Picasso's manner, three in Rembrandt's. There is one question: **is "
            "it a Picasso?** Below each image is the probability that a model gave. Move the threshold and watch the "
            "counts."
        )
    )
    chosen = st.slider(t("Probability threshold"), 0, 100, OPENING, format=percent_format(), key=key, width=480)
    truth, called = answers(chosen / 100)
    with st.container(key=f"{key}-six"):
        st.html(_STYLE + _gallery(truth, called))
    st.markdown("\n".join(f"- {line}" for line in sentences(truth, called)))
    st.caption(
        t(
            "A higher threshold makes the model more careful: its answers are right more often, and it misses more. "
            "Which threshold is best depends on what each kind of mistake costs."
        )
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
    return [
        _precise(tp, tp + fp, precision),
        t(
            "There are {all} Picassos, and it found {tp} of them: **recall {tp} / {all} = {recall}**.",
            all=tp + fn,
            tp=tp,
            recall=recall,
        ),
        t(
            "F1 weighs both: 2 × found / (2 × found + wrongly given + missed) = "
            "2 × {tp} / (2 × {tp} + {fp} + {fn}) = **{f1}**.",
            tp=tp,
            fp=fp,
            fn=fn,
            f1=f1,
        ),
    ]


def _precise(tp: int, called: int, precision: str) -> str:
    if not called:
        return t("It called no image Picasso, so nothing can be right or wrong: **precision –**.")
    images = tn(called, "It called {n} image Picasso", "It called {n} images Picasso")
    return tn(
        tp,
        "{it_called_images}, {n} of them is: **precision {n} / {called} = {precision}**.",
        "{it_called_images}, {n} of them are: **precision {n} / {called} = {precision}**.",
        it_called_images=images,
        called=called,
        precision=precision,
    )


def _gallery(truth: array_types.Bools, called: array_types.Bools) -> str:
    figures = []
    for image, painter, probability, is_one, is_called in zip(
        portraits.portraits(), PAINTERS, PROBABILITIES, truth, called, strict=True
    ):
        outcome = _OUTCOMES[bool(is_one), bool(is_called)]
        address = base64.b64encode(image).decode()
        figures.append(
            f'<figure class="{"called" if is_called else ""}">'
            f'<img src="data:image/png;base64,{address}" alt="{t("A painting in the manner of {name}", name=painter)}">'
            f"<figcaption>{painter}<b>{_unbroken(probability)}</b>{t(outcome)}</figcaption></figure>"
        )
    return f'<div class="tagwise-six">{"".join(figures)}</div>'


def _unbroken(probability: float) -> str:
    return whole_percent(probability).replace(" ", "\u00a0")


# By whether it is a Picasso and whether it was called one.
_OUTCOMES = {
    (True, True): marked("✓ found (TP)"),
    (True, False): marked("✗ missed (FN)"),
    (False, True): marked("✗ wrongly given (FP)"),
    (False, False): marked("✓ not given (TN)"),
}
