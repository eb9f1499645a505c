"""Shows an iteration's robustness: sentences, a chart of one change, an image at each strength, and every tag."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cvcore import evaluation, robustness
from cvcore.languages import marked, number, t
from cvcore.records import Iteration, Thresholds
from cvcore.robustness import CHANGES, Change, Measurement, Numbers
from cvcore.store import Store
from cvcore.wording import percent
from pages.parts.analyses import progress
from pages.parts.robustness import chart, image_strip
from pages.parts.shell.help_marks import HELP
from pages.parts.shell.text import plain, refusals
from pages.parts.widgets import number_table

ALL = marked("All tags")
SENTENCES = 8
EXPLANATION = marked(
    "Images are changed at the size in which the network gets them. Bars are 95 % intervals. Listed are falls of ten "
    "points or more that chance does not explain, given how many changes and tags were looked at, each at the mildest "
    "strength. A change that your images will never have needs nothing done."
)
BY_TITLE = {change.title: change for change in CHANGES}
# Each rate's name and the name of its table.
RATES = {
    "recall": (marked("Recall"), marked("Recall of every tag")),
    "precision": (marked("Precision"), marked("Precision of every tag")),
}


def show(store: Store, iteration: Iteration, thresholds: Thresholds) -> None:
    """Show it at the thresholds; it is measured when somebody asks, because that takes a minute or more."""
    st.header(t("What happens when images change?"), anchor=False, help=t(HELP["robustness"]))
    with refusals():
        measurement = robustness.load(store, iteration)
        if measurement is None:
            st.markdown(
                t(
                    "New images are not always like those you trained on: the camera is tilted, it is darker, "
                    "something stands in front. Here the evaluated images are changed in eight ways, each in five "
                    "strengths, and judged again. It takes a minute or more; a training that you start goes first."
                )
            )
            progress.show(store, iteration, "robustness", button=t("Measure"))
            return
        _show(store, iteration, measurement, robustness.rounded(thresholds))


def _show(store: Store, iteration: Iteration, measurement: Measurement, thresholds: Thresholds) -> None:
    numbers = _numbers(iteration.id, thresholds, store, iteration)
    names = [tag.name for tag in evaluation.tags(store, iteration)]
    change, tag = _choices(iteration, names)
    mildest = change.in_words(change.strengths[0])
    st.plotly_chart(
        chart.of(numbers, change, tag),
        config={"displayModeBar": False},
        key=f"robustness-{iteration.id}",
        alt=t("Precision and recall of images that are {changed} and more", changed=mildest),
    )
    image_strip.show(store, iteration, measurement, thresholds, change=change, tag=tag)
    _list(numbers, names, tag)
    with st.expander(t("Every tag, when images are {changed}", changed=t(change.title).lower())):
        for rate, (_, label) in RATES.items():
            st.html(number_table.of(_table(numbers, change, names, rate), label=t(label), sums=1))
    st.caption(f"{robustness.scope(store, iteration, measurement)} {t(EXPLANATION)}")


def _list(numbers: Numbers, names: list[str], tag: int) -> None:
    """What the tag does not stand; of all tags their mean and, the worst first, single ones."""
    st.subheader(t("What it does not stand"), anchor=False)
    single = robustness.findings(numbers)
    found = [each for each in single if each.tag == tag] if tag >= 0 else robustness.findings(numbers, overall=True)
    if not found:
        st.markdown(
            t("No change makes recall or precision of all tags fall by ten points or more for certain.")
            if tag == -1
            else t(
                "No change makes recall or precision of {tag} fall by ten points or more for certain.",
                tag=plain(names[tag]),
            )
        )
    st.markdown("\n".join(f"- {plain(robustness.finding_sentence(each, names))}" for each in found))
    if tag == -1 and single:
        told = [f"**{t('Single tags')}**"]
        if len(single) > SENTENCES:
            told.append(t("The {n} worst of {all}; choose a tag to see its own.", n=SENTENCES, all=number(len(single))))
        st.markdown(" ".join(told))
        st.markdown(
            "\n".join(
                f"- {plain(robustness.finding_sentence(each, names, with_advice=False))}" for each in single[:SENTENCES]
            )
        )


def _choices(iteration: Iteration, names: list[str]) -> tuple[Change, int]:
    """The change and the column of the tag that are looked at; -1 is the mean over the tags."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        title = st.segmented_control(
            t("Kind of change"),
            list(BY_TITLE),
            format_func=t,
            default=CHANGES[0].title,
            required=True,
            wrap=True,
            key="robustness-change",
        )
        tag = st.selectbox(
            t("Tag"),
            [-1, *range(len(names))],
            format_func=lambda column: t(ALL) if column == -1 else names[column],
            key=f"robustness-tag-{iteration.id}",
            width=240,
        )
    return BY_TITLE[title], tag


# The measurement and the iteration's arrays do not change.
@st.cache_data(max_entries=32, show_spinner=False)
def _numbers(iteration_id: str, thresholds: Thresholds, _store: Store, _iteration: Iteration) -> Numbers:
    measurement = robustness.load(_store, _iteration)
    assert measurement is not None
    predictions = evaluation.load(_store, _iteration)
    return robustness.numbers(measurement, predictions.truth, predictions.groups, thresholds)


def _table(numbers: Numbers, change: Change, names: list[str], rate: str) -> dict[str, list[str]]:
    """A row for each tag and for the mean, with a column for each strength."""
    row = robustness.position(rate)
    columns = {
        t(RATES[rate][0]): [*names, t(ALL)],
        t("Images"): [number(images) for images in (*numbers.images.tolist(), int(np.sum(numbers.images)))],
    }
    for strength, place in [(0.0, 0), *robustness.places(change)]:
        title = change.unit(strength) if strength else t("Unchanged")
        columns[title] = [percent(value) for value in numbers.values[row, place]]
    return columns
