"""The Class page: pupils join with a code; the teacher hands out, collects, looks at their work and ends the class."""

from __future__ import annotations

import streamlit as st

from cvcore.languages import marked, t
from cvcore.store import Pupil
from pages.parts.classroom import board, ending, joining, materials, opening, own_place, pupil_list, teacher
from pages.parts.quick_test import class_camera
from pages.parts.shell import backend
from pages.parts.shell.text import isolated, plain, refusals
from pages.parts.widgets import view_choice

# Keys of the address; what is shown is translated.
JOIN, PUPILS, MATERIALS = marked("Join"), marked("Pupils"), marked("Hand out and collect")
BOARD, LIVE, END = marked("Board"), marked("Live camera"), marked("Settings and end")

who = backend.viewer()
if isinstance(who, Pupil):
    backend.store()
    own_place.show(backend.main_store(), who)
    st.stop()
if who is None:
    backend.store()

store = backend.main_store()
classes = {each.id: each for each in store.classes.all()}
ending.show_receipts()
if not classes:
    st.title(t("Class"), anchor=False)
    opening.show(store, is_first=True)
    if store.classes.password():
        teacher.show(store)
    st.stop()

with st.container(horizontal=True, vertical_alignment="center"):
    wanted = str(st.session_state.get("class"))
    chosen = wanted if wanted in classes else next(iter(classes))
    st.title(t("Class {name}", name=plain(isolated(classes[chosen].name))), anchor=False, width="content")
    if len(classes) > 1:
        st.selectbox(
            t("Class"),
            list(classes),
            format_func=lambda class_id: classes[class_id].name,
            label_visibility="collapsed",
            key="class",
            width=200,
        )
school_class = classes[chosen]
view = view_choice.show((JOIN, PUPILS, MATERIALS, BOARD, LIVE, END), key="class-view", first=JOIN)
with refusals():
    if view == JOIN:
        joining.show(store, school_class)
    elif view == PUPILS:
        pupil_list.show(store, school_class)
    elif view == MATERIALS:
        materials.show(store, school_class, backend.limits())
    elif view == BOARD:
        board.show(store, school_class)
    elif view == LIVE:
        class_camera.show(store)
    else:
        ending.show(store, school_class)
        with st.expander(t("Open another class")):
            opening.show(store, is_first=False)
