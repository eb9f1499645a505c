"""Choice of the project that a page shows: the one in its address, or the one last chosen."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cvcore.languages import t
from cvcore.records import Project
from cvcore.store import Store
from pages.parts.shell import detail_level, page_address, step_bar, undo_toast
from pages.parts.shell.text import plain

PAGES = Path(__file__).resolve().parents[2]

# The links at the top open a page without a project in its address. With `st.query_params` adding it would be a step of
# the Back button, so a script replaces the address. The comment with the page's name makes every page run it again.
# The filters of a link without a project were applied to this one, so they stay; those of another project go.
_ADDRESS = """
    const address = new URL(location.href); // {page}
    const named = address.searchParams.get("project");
    window.tagwiseProject = {{ path: address.pathname, id: "{project_id}" }};
    if (named !== "{project_id}") {{
        const others = named === null ? [...address.searchParams] : [];
        address.search = new URLSearchParams([["project", "{project_id}"], ...others]);
        history.replaceState(history.state, "", address);
    }}
"""


def heading(title: str, store: Store) -> Project:
    """Show the page's title and the choice of project; returns the project. Stops the page if there is none yet.

    title: in English, as the step bar knows the page.
    """
    projects = {project.id: project for project in store.projects.all()}
    if not projects:
        st.title(t(title))
        st.info(t("There is no project yet. Make one, or try the sample."))
        st.page_link(PAGES / "projects.py", label=t("Go to Projects"), icon=":material/arrow_forward:")
        st.stop()
    chosen = _chosen(projects)
    page_address.name_page(t(title), projects[chosen].name)
    # The address decides, also after the browser's Back button has changed it.
    st.session_state["choice"] = chosen
    with st.container(key="head", gap="xsmall"):
        with st.container(key="heading", horizontal=True, vertical_alignment="center", gap="small"):
            st.title(t(title), anchor=False)
            _choice(projects)
            detail_level.show()
        st.session_state["project"] = chosen
        step_bar.show(store, projects[chosen], title)
    script = _ADDRESS.format(page=title, project_id=chosen) + detail_level.script()
    page_address.run_script("project", script, again_for=["project"])
    undo_toast.show(projects[chosen])
    return projects[chosen]


def _choice(projects: dict[str, Project]) -> None:
    st.selectbox(
        t("Project"),
        list(projects),
        format_func=lambda project_id: projects[project_id].name,
        label_visibility="collapsed",
        key="choice",
        on_change=_switch,
        width=320,
    )


def _switch() -> None:
    # All parameters are replaced, because the others belong to another project.
    st.query_params.from_dict({"project": st.session_state["choice"]})


def open_page(page: str, project_id: str) -> None:
    """Open another page of a project."""
    st.session_state["project"] = project_id
    st.switch_page(PAGES / page, query_params={"project": project_id})


def next_button(page: str, label: str, project: Project) -> None:
    """Show a button for the next step: it opens another page of the project."""
    if st.button(plain(label), type="primary", icon=":material/arrow_forward:", icon_position="right"):
        open_page(page, project.id)


def link(page: str, label: str, project: Project) -> None:
    """Show a link to another page of the project."""
    st.page_link(
        PAGES / page,
        label=plain(label),
        icon=":material/arrow_forward:",
        query_params={"project": project.id},
    )


def _chosen(projects: dict[str, Project]) -> str:
    wanted = st.query_params.get("project")
    if wanted and wanted not in projects:
        st.warning(t("There is no project at this address: it may have been deleted. This is another project."))
    for project_id in (wanted, st.session_state.get("project")):
        if project_id in projects:
            return project_id
    return next(iter(projects))
