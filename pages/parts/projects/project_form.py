"""The dialogs that create, edit and delete a project."""

from __future__ import annotations

import dataclasses

import streamlit as st

from cvcore import names, projects
from cvcore.domains import BUILT_IN, DOMAINS, Domain, find
from cvcore.files import blobs
from cvcore.languages import marked, t, tn
from cvcore.networks import backbones
from cvcore.records import MULTICLASS, MULTILABEL, ClassificationType, Project
from cvcore.store import Store
from pages.parts.shell import backend, image_strip
from pages.parts.shell.project_choice import open_page
from pages.parts.shell.text import plain, refusals
from pages.parts.widgets import focus, single_submit

FIRST_FIELD = "[role=dialog] input"

TYPES: dict[ClassificationType, str] = {
    MULTICLASS: marked("Multiclass: one tag per image"),
    MULTILABEL: marked("Multilabel: any number of tags per image"),
}
TYPE_NAMES: dict[ClassificationType, str] = {MULTICLASS: marked("Multiclass"), MULTILABEL: marked("Multilabel")}


def create(store: Store) -> None:
    """Ask for a new project's name, type and domain, and create it."""
    st.dialog(t("New project"), width="medium", on_dismiss="rerun")(_create)(store)


def _create(store: Store) -> None:
    refusal = st.container()
    with st.form("new-project", border=False):
        name, description, kind, domain = _fields(store, "", "", MULTICLASS, DOMAINS[0].id)
        is_sent = st.form_submit_button(t("Create project"), type="primary")
    single_submit.guard()
    focus.move_to(FIRST_FIELD)
    if is_sent:
        with refusal, refusals():
            project = projects.create(store, name, description=description, classification_type=kind, domain=domain)
            open_page("images.py", project.id)


def edit(store: Store, project: Project) -> None:
    """Edit a project's name, description, type and domain."""
    st.dialog(t("Edit project"), width="medium", on_dismiss="rerun")(_edit)(store, project)


def _edit(store: Store, project: Project) -> None:
    refusal = st.container()
    with st.form(f"edit-project-{project.id}", border=False):
        name, description, kind, domain = _fields(
            store, project.name, project.description, project.classification_type, project.domain_id
        )
        st.caption(t("Another type or domain takes effect with the next training; iterations stay as they are."))
        is_sent = st.form_submit_button(t("Save changes"), type="primary")
    focus.move_to(FIRST_FIELD)
    if not is_sent:
        return
    wanted = dataclasses.replace(
        project, name=name, description=description, classification_type=kind, domain_id=domain
    )
    with refusal, refusals():
        projects.update(store, wanted)
        st.rerun()
    if kind == MULTICLASS and (several := projects.images_with_many_tags(store, project)):
        image_strip.strip(several[:24])


def delete(store: Store, project: Project) -> None:
    """Delete a project after the user has typed its name."""
    st.dialog(t("Delete project"), width="medium", on_dismiss="rerun")(_delete)(store, project)


def _delete(store: Store, project: Project) -> None:
    images = store.images.count(project.id)
    iterations = len(store.iterations.of_project(project.id))
    is_kept = backend.owner() is not None
    parts = {
        "project": plain(project.name),
        "images": tn(images, "{n} image", "{n} images"),
        "iterations": tn(iterations, "{n} iteration", "{n} iterations"),
    }
    st.markdown(
        t(
            "This deletes **{project}** with its {images} and {iterations}. The teacher can bring it back until the "
            "class ends, or until what is deleted later needs its space.",
            **parts,
        )
        if is_kept
        else t("This deletes **{project}** with its {images} and {iterations} for good.", **parts)
    )
    typed = st.text_input(t("Type the project's name to confirm"), key=f"confirm-{project.id}", live=True)
    focus.move_to(FIRST_FIELD)
    label = t("Delete project") if is_kept else t("Delete for good")
    if st.button(label, type="primary", disabled=typed.strip() != project.name):
        with refusals():
            backend.delete_project(store, project)
            st.rerun()


def backbone_status(store: Store, domain: Domain) -> str:
    """A sentence about a domain's network and where its weights are."""
    network = t("{network}, {pixels} px", network=_network(domain), pixels=domain.side)
    if domain.backbone == BUILT_IN.backbone:
        return t("{network}: on this machine, no download.", network=network)
    if _is_downloaded(store, domain):
        return t(
            "{network}: its weights are downloaded once a project uses it; without internet, the built-in network is "
            "used instead.",
            network=network,
        )
    return t("{network}: its weights are on this machine.", network=network)


def _network(domain: Domain) -> str:
    """The name of a domain's network; only the built-in one's is made of words."""
    return t("Built-in network") if domain.backbone == BUILT_IN.backbone else domain.backbone


def _fields(
    store: Store, name: str, description: str, kind: ClassificationType, domain_id: str
) -> tuple[str, str, ClassificationType, str]:
    """Show the fields of both dialogs; returns name, description, classification type and the domain's id."""
    name = st.text_input(t("Name"), name, max_chars=projects.NAME_LETTERS, placeholder=t("Flowers of our garden"))
    description = st.text_area(t("Description"), description, height=80, max_chars=names.DESCRIPTION_LETTERS)
    types = list(TYPES)
    kind = st.radio(t("Classification type"), types, index=types.index(kind), format_func=lambda name: t(TYPES[name]))
    purposes = "\n".join(
        f"- **{plain(domain.name)}**: {plain(t(domain.purpose))} "
        + t("{network}, {pixels} px.", network=plain(_network(domain)), pixels=domain.side)
        for domain in DOMAINS
    )
    # A program can have chosen a domain that is not offered here.
    options = tuple(dict.fromkeys((*DOMAINS, find(domain_id))))
    downloaded = {domain.id for domain in options if _is_downloaded(store, domain)}
    domain = st.selectbox(
        t("Domain"),
        options,
        index=options.index(find(domain_id)),
        format_func=lambda option: (
            t("{domain} (to download)", domain=option.name) if option.id in downloaded else option.name
        ),
        help=f"{t('The network that your images are shown to:')}\n{purposes}",
    )
    if downloaded:
        st.caption(
            t(
                "*To download*: this network comes from the internet as soon as a project uses it. Without internet, "
                "the built-in network is used instead."
            )
        )
    return name, description, kind, domain.id


def _is_downloaded(store: Store, domain: Domain) -> bool:
    """Whether a domain's weights must be downloaded before its first training."""
    if domain.backbone == BUILT_IN.backbone:
        return False
    where = backbones.availability(domain.backbone, domain.side, blobs.backbones_folder(store.home))
    return where == "to download"
