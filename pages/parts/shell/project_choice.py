"""Which project a page is about: the one in its address, or the one last chosen."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cvcore.records import Project
from cvcore.store import Store
from pages.parts.shell.text import plain

PAGES = Path(__file__).resolve().parents[2]

# The links at the top lead to a page without a project. `st.query_params` would add it as another step of the Back
# button, so the address is completed in place. The page's name is there so that each page runs the script anew.
_ADDRESS = """<script>{{
    const address = new URL(location.href); // {page}
    if (address.searchParams.get("project") !== "{project_id}") {{
        address.search = "project={project_id}";
        history.replaceState(history.state, "", address);
    }}
}}</script>"""


def heading(title: str, store: Store) -> Project:
    """The page's title beside the choice of project; stops the page where there is no project yet."""
    there = {project.id: project for project in store.projects.all()}
    if not there:
        st.title(title)
        st.info("There is no project yet. Make one, or try the sample.")
        st.page_link(PAGES / "projects.py", label="Go to Projects", icon=":material/arrow_forward:")
        st.stop()
    chosen = _chosen(there)
    # The address has the last word, also when the browser's Back button has changed it.
    st.session_state["choice"] = chosen
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(title, width="content")
        st.selectbox(
            "Project",
            list(there),
            format_func=lambda project_id: there[project_id].name,
            label_visibility="collapsed",
            key="choice",
            on_change=_switch,
            width=320,
        )
    st.session_state["project"] = chosen
    st.html(_ADDRESS.format(page=title, project_id=chosen), unsafe_allow_javascript=True)
    return there[chosen]


def _switch() -> None:
    # All at once, as what else stands in the address is of another project.
    st.query_params.from_dict({"project": st.session_state["choice"]})


def open_page(page: str, project_id: str) -> None:
    """Go to another page of a project."""
    st.session_state["project"] = project_id
    st.switch_page(PAGES / page, query_params={"project": project_id})


def link(page: str, label: str, project: Project) -> None:
    """A link to another page of the project."""
    st.page_link(
        PAGES / page,
        label=plain(label),
        icon=":material/arrow_forward:",
        query_params={"project": project.id},
    )


def _chosen(there: dict[str, Project]) -> str:
    wanted = st.query_params.get("project")
    if wanted and wanted not in there:
        st.warning("The project in this address is gone or was never here; this is another one.")
    for project_id in (wanted, st.session_state.get("project")):
        if project_id in there:
            return project_id
    return next(iter(there))
