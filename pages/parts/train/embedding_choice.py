"""What the classifier gets of an image: the network's view of it, three views, or these and a second network."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from cvcore import domains
from cvcore.domains import BUILT_IN, Domain
from cvcore.languages import marked, t
from cvcore.records import EMBEDDING_KINDS, PLAIN, VIEWS, VIEWS_AND_BUILT_IN, EmbeddingKind, Project, TrainingOptions

TITLES: dict[EmbeddingKind, str] = {
    PLAIN: marked("The image"),
    VIEWS: marked("Three views of it"),
    VIEWS_AND_BUILT_IN: marked("Three views, two networks"),
}
# Speed and mistakes as docs/networks.md lists them for Quick with MobileNetV2.
CAPTIONS: dict[EmbeddingKind, str] = {
    PLAIN: marked("The fastest."),
    VIEWS: marked(
        "Also its centre and its mirror image. With MobileNetV2 1 mistake in 9 fewer, a third as many images per "
        "second."
    ),
    VIEWS_AND_BUILT_IN: marked(
        "Also the built-in network. With MobileNetV2 1 mistake in 6 fewer, a quarter as many images per second."
    ),
}


def show(
    project: Project, domain: Domain, options: TrainingOptions, running: TrainingOptions | None = None
) -> TrainingOptions:
    """The options with the kind of embedding that the user chooses; or show a `running` training's."""
    kinds = [kind for kind in EMBEDDING_KINDS if kind != VIEWS_AND_BUILT_IN or domain.backbone != BUILT_IN.backbone]
    chosen = (running or options).embedding
    kind: EmbeddingKind = st.radio(
        t("What the network sees"),
        kinds,
        index=kinds.index(chosen) if chosen in kinds else len(kinds) - 1,
        format_func=lambda kind: t(TITLES[kind]),
        captions=[t(CAPTIONS[kind]) for kind in kinds],
        key=_key("advanced" if options.is_advanced else "embedding", project, domain, running),
        persist_state="session" if running is None else None,
        disabled=running is not None,
        help=t(
            "Measured with Quick on sets of 20 to 900 images; yours, and other networks, may differ. An exported "
            "model sees the same views."
        ),
    )
    if options.is_advanced:
        st.caption(t("Try Quick with the same choice first: it takes seconds and brings most of what Advanced gains."))
    if running:
        return running
    options = replace(options, embedding=kind)
    if kind == PLAIN or options.is_advanced:  # Advanced has a switch for each transform
        return options
    return replace(options, transforms=_transforms(project, domain))


def _transforms(project: Project, domain: Domain) -> tuple[str, ...] | None:
    """Let the user switch the mirrored view off or on; returns the transforms' names, None for the domain's own."""
    has_mirror = st.toggle(
        t("Mirror image"),
        "mirror" in domain.policy.transforms,
        key=_key("mirrored", project, domain, None),
        persist_state="session",
        help=t("Off where letters, digits or sides matter."),
    )
    return domains.switched(domain.policy, {"mirror": has_mirror})


def _key(name: str, project: Project, domain: Domain, running: TrainingOptions | None) -> str:
    # A widget of its own while a training runs, so that the user's choice is there again when it has ended.
    return f"{name}-{project.id}-{domain.id}" if running is None else f"{name}-running-{project.id}"
