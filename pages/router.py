"""The list of pages with their addresses; runs before every page.

It is inside pages/ because Streamlit serves the files of a folder with that name beside the main script without
running the main script.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts.classroom import looked_at

HERE = Path(__file__).resolve().parent

st.set_page_config(page_title="Tagwise", page_icon="🔖", layout="wide")

page = st.navigation(
    [
        st.Page(HERE / "projects.py", title="Projects", default=True),
        st.Page(HERE / "images.py", title="Images"),
        st.Page(HERE / "train.py", title="Train"),
        st.Page(HERE / "performance.py", title="Performance"),
        st.Page(HERE / "quick_test.py", title="Quick Test"),
        st.Page(HERE / "predictions.py", title="Predictions"),
        st.Page(HERE / "publish.py", title="Publish"),
        st.Page(HERE / "classroom.py", title="Class", url_path="class"),
    ],
    position="top",
)
looked_at.show()
page.run()
