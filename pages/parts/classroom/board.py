"""The board: each pupil's images, trainings and score on the class's test set, while they change."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from cvcore import classroom
from cvcore.classroom import Board, Row
from cvcore.errors import NotFound
from cvcore.languages import number, t, tn
from cvcore.store import Pupil, SchoolClass, Store
from cvcore.training import stages
from cvcore.wording import with_interval
from pages.parts.shell.text import isolated, plain, sentence
from pages.parts.widgets import number_table

POLL_S = 4.0
NO_TEST = ""
NAMES_SHOWN = 8


def show(store: Store, school_class: SchoolClass) -> None:
    """Show the teacher the board, whose test set can be chosen and which can be hidden from pupils."""
    _test_choice(store, school_class)
    is_shown = st.toggle(
        t("Pupils see the board"), value=school_class.is_board_shown, key=f"board-shown-{school_class.id}"
    )
    if is_shown != school_class.is_board_shown:
        store.classes.update(replace(school_class, is_board_shown=is_shown))
        st.rerun()
    st.fragment(_show, run_every=POLL_S)(store, school_class, None)


def show_to_pupil(store: Store, school_class: SchoolClass, pupil: Pupil) -> None:
    """Show a pupil the board, unless the teacher hides it; to be called in a fragment that runs again."""
    if school_class.is_board_shown:
        _show(store, school_class, pupil)


def _test_choice(store: Store, school_class: SchoolClass) -> None:
    own = {project.id: project for project in store.projects.all()}
    current = school_class.test_project_id
    with (
        st.form(f"test-set-{school_class.id}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        chosen = st.selectbox(
            t("Test set"),
            [NO_TEST, *own],
            index=[NO_TEST, *own].index(current) if current in own else 0,
            format_func=lambda project_id: own[project_id].name if project_id else t("None"),
            help=t(
                "A project of yours whose images pupils do not have: those marked for testing or, if none is, all that "
                "have tags."
            ),
            width=320,
        )
        is_wanted = st.form_submit_button(t("Use as test set"))
    if is_wanted:
        classroom.choose_test_set(store, school_class, own.get(chosen))
        st.rerun()


def _show(store: Store, school_class: SchoolClass, viewer: Pupil | None) -> None:
    try:
        board = classroom.board(store, school_class)
    except NotFound:  # the class was just deleted
        return
    st.header(t("Board"), anchor=False)
    if not board.rows:
        st.info(t("Nobody has joined yet."))
        return
    st.html(number_table.of(_columns(board), label=t("Board"), texts=[t("Score")], names_above=True))
    for line in (*_alike(board), *_problems(board, viewer)):
        st.markdown(line)
    if board.test_images:
        st.caption(explained(board))


def _columns(board: Board) -> dict[str, list[str]]:
    rows = board.rows
    columns = {t("Pupil"): [row.work.pupil.nickname for row in rows]}
    if board.test_images:
        columns |= {
            t("Place"): [number(row.place) if row.place else "–" for row in rows],
            t("Score"): [_score(row) for row in rows],
            t("Right"): [number(row.right) if row.place else "–" for row in rows],
        }
    return columns | {
        t("Images"): [number(row.work.images) for row in rows],
        t("Trainings"): [number(row.work.trainings) for row in rows],
    }


def _score(row: Row) -> str:
    if row.score is not None:
        return with_interval(row.score, (row.low, row.high))
    return t("being tested") if row.is_waiting else "–"


def _alike(board: Board) -> list[str]:
    """Which pupils share a place, for each place that several have."""
    shared: dict[int, list[str]] = {}
    for row in board.rows:
        if row.place:
            shared.setdefault(row.place, []).append(plain(isolated(row.work.pupil.nickname)))
    return [_alike_sentence(names, place) for place, names in shared.items() if len(names) > 1]


def _alike_sentence(names: list[str], place: int) -> str:
    if len(names) > NAMES_SHOWN:
        return t(
            "Place {place}: {number} pupils cannot be told apart from {pupil}; what is between may be chance.",
            place=place,
            number=len(names) - 1,
            pupil=names[0],
        )
    return t(
        "Place {place}: {pupils} and {last} cannot be told apart; what is between them may be chance.",
        place=place,
        pupils=", ".join(names[:-1]),
        last=names[-1],
    )


def _problems(board: Board, viewer: Pupil | None) -> list[str]:
    """Why iterations could not be tested: a pupil's own, to the teacher everybody's."""
    return [
        f"**{plain(isolated(row.work.pupil.nickname))}**: {problem}"
        for row in board.rows
        if (viewer is None or row.work.pupil.id == viewer.id) and (problem := _problem(row))
    ]


def _problem(row: Row) -> str:
    result = row.result
    if result is None or row.is_waiting:
        return ""
    if result.missing_tags:
        return t(
            "the newest iteration lacks tags of the test set ({tags}): add them with these names and train again.",
            tags=", ".join(plain(isolated(tag)) for tag in result.missing_tags),
        )
    if result.seen_images:
        return tn(
            result.seen_images,
            "the newest iteration was trained on {n} image of the test set, so it knows the answer: delete it and "
            "train again.",
            "the newest iteration was trained on {n} images of the test set, so it knows the answers: delete them and "
            "train again.",
        )
    return plain(sentence(stages.said(result.error))) if result.error else ""


def explained(board: Board) -> str:
    """What the score is, of which iteration, and what its interval says."""
    images = (
        tn(
            board.test_images,
            "Tested on {n} image that the teacher marked for testing.",
            "Tested on {n} images that the teacher marked for testing.",
        )
        if board.is_marked
        else tn(
            board.test_images,
            "Tested on the one tagged image of the teacher's project.",
            "Tested on all {n} tagged images of the teacher's project.",
        )
    )
    rule = t(
        "The score is the share of them that get exactly their tags: the most probable one or, in Multilabel projects, "
        "those of 50 % and more; its 95 % interval in brackets. Of each pupil the newest iteration counts: the best of "
        "many tries would look better than it is. Who shares a place cannot be told apart from its first (exact "
        "McNemar test, adjusted for how many are compared)."
    )
    return f"{images} {rule}"
