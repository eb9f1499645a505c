"""The list of pages with their addresses; runs before every page.

It is inside pages/ because Streamlit serves the files of a folder with that name beside the main script without
running the main script.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cvcore.languages import ENGLISH, t, using
from pages.parts.classroom import looked_at
from pages.parts.language import choice

HERE = Path(__file__).resolve().parent

# Asked once for the run, not for each of its sentences.
with using(choice.spoken() or ENGLISH):
    st.set_page_config(page_title=t("Tagwise"), page_icon="🔖", layout="wide")

    page = st.navigation(
        [
            st.Page(HERE / "projects.py", title=t("Projects"), default=True),
            st.Page(HERE / "images.py", title=t("Images")),
            st.Page(HERE / "train.py", title=t("Train")),
            st.Page(HERE / "performance.py", title=t("Performance")),
            st.Page(HERE / "quick_test.py", title=t("Quick Test")),
            st.Page(HERE / "predictions.py", title=t("Predictions")),
            st.Page(HERE / "publish.py", title=t("Publish")),
            st.Page(HERE / "classroom.py", title=t("Class"), url_path="class"),
        ],
        position="top",
    )
    choice.show()
    looked_at.show()
    page.run()
