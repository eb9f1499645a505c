"""The filter of a project's images, by tags, untagged, for testing, and by what is known of them; in the address.

`show=untagged,testing`, `tags=rose|tulip`, `match=all`, `key=camera`, `value=Pixel 7` and `page=2`; a parameter that
changes nothing is left out. A key without a value stands for the images without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from cvcore import image_facts
from cvcore.languages import marked, t, tn
from cvcore.languages import number as written
from cvcore.records import MULTILABEL, Project, Tag
from cvcore.store import FOR_TESTING, UNTAGGED, ImageSearch, Store
from pages.parts.facts import fact_filter
from pages.parts.images import tag_choice
from pages.parts.shell import page_address
from pages.parts.shell.text import isolated, plain
from pages.parts.widgets import page_choice

PILLS_MOST = 8
ANY, ALL = marked("Any of them"), marked("All of them")
_IN_ADDRESS = {"untagged": UNTAGGED, "testing": FOR_TESTING}
_NAMES = ("show", "tags", "match", "page", "key", "value")


@dataclass(frozen=True)
class Keys:
    """The session's keys for a project's filter: kinds and tags in one control, or the tags in one of their own."""

    kinds: str
    tags: str
    match: str
    page: str
    fact: str

    @classmethod
    def of(cls, project: Project, tags: Sequence[Tag]) -> Keys:
        """The keys for a project with these tags."""
        kinds = "filter-kinds" if _has_own_control(tags) else "filter"
        return cls(
            *(f"{name}-{project.id}" for name in (kinds, "filter-tags", "filter-match", "filter-page", "filter-fact"))
        )


def show(store: Store, project: Project, tags: Sequence[Tag]) -> tuple[ImageSearch, int]:
    """Show the filter; returns the search for its images, and how many there are."""
    keys = Keys.of(project, tags)
    _adopt(keys, tags)
    with st.container(key="image-filter", gap="xsmall"):
        chosen = _kinds_and_tags(store, project, tags, keys)
        search = _search(project, tags, chosen, keys)
        number = store.searches.count(search)
        _show_number(store, project, search, number, keys, is_filtered=bool(chosen or fact_filter.chosen(keys.fact)))
    return search, number


def write_address(project: Project, tags: Sequence[Tag], search: ImageSearch, page: int) -> None:
    """Put the filter and the page shown into the page's address."""
    kinds = [name for name, kind in _IN_ADDRESS.items() if kind in _kinds(search)]
    names = [tag.name for tag in tags if tag.id in search.tag_ids]
    address = (
        ",".join(kinds),
        "|".join(names),
        "all" if search.has_all and len(names) > 1 else "",
        f"{page}" if page > 1 else "",
        *(fact(project, tags) or ("", "")),
    )
    st.session_state[f"{Keys.of(project, tags).page}-written"] = address
    page_address.put(dict(zip(_NAMES, address, strict=True)))


def fact(project: Project, tags: Sequence[Tag]) -> fact_filter.Fact | None:
    """The key and value that the filter shows, None if there are none."""
    return fact_filter.chosen(Keys.of(project, tags).fact)


def ask_for(project: Project, tags: Sequence[Tag], tag: Tag) -> None:
    """Filter by this tag alone when the filter is shown the next time."""
    st.session_state[f"{Keys.of(project, tags).page}-asked"] = ("", tag.name, "", "", "", "")


def _kinds(search: ImageSearch) -> set[str]:
    return {kind for kind, is_on in ((UNTAGGED, search.or_untagged), (FOR_TESTING, search.is_test)) if is_on}


def _adopt(keys: Keys, tags: Sequence[Tag]) -> None:
    """Take the filter from the address if this window has none yet, or a link or the Back button changed it."""
    asked = st.session_state.pop(f"{keys.page}-asked", None)
    address = asked or tuple(str(st.query_params.get(name, "")) for name in _NAMES)
    known = [st.session_state.get(f"{keys.page}-{what}") for what in ("written", "seen")]
    st.session_state[f"{keys.page}-seen"] = address
    if keys.kinds in st.session_state and address in known and not asked:
        return
    kinds, names, match, page, key, value = address
    chosen = [_IN_ADDRESS[kind] for kind in kinds.split(",") if kind in _IN_ADDRESS]
    tag_ids = [tag.id for tag in tags if tag.name in names.split("|")]
    st.session_state[keys.kinds] = chosen if _has_own_control(tags) else [*chosen, *tag_ids]
    st.session_state[keys.tags] = tag_ids
    st.session_state[keys.match] = ALL if match == "all" else ANY
    fact_filter.choose(keys.fact, (key, value) if key else None)
    page_choice.put(keys.page, int(page) if page.isdecimal() and len(page) < 6 else 1)


def _has_own_control(tags: Sequence[Tag]) -> bool:
    return len(tags) > PILLS_MOST


def _kinds_and_tags(store: Store, project: Project, tags: Sequence[Tag], keys: Keys) -> list[str]:
    """Show the controls; returns the kinds and the ids of the tags chosen."""
    labels = {
        UNTAGGED: t("Untagged {number}", number=written(store.images.count(project.id, UNTAGGED))),
        FOR_TESTING: t("For testing {number}", number=written(store.images.count(project.id, FOR_TESTING))),
    }
    of_tags = {tag.id: f"{isolated(tag.name)} {written(tag.image_count)}" for tag in tags}
    with st.container(horizontal=True, vertical_alignment="center"):
        shown = labels if _has_own_control(tags) else labels | {key: plain(label) for key, label in of_tags.items()}
        chosen = st.pills(
            t("Show only"),
            list(shown),
            selection_mode="multi",
            format_func=lambda kind: shown.get(kind, ""),
            label_visibility="collapsed",
            wrap=True,
            key=keys.kinds,
            on_change=page_choice.put,
            args=(keys.page, 1),
        )
        if _has_own_control(tags):
            chosen = chosen + st.multiselect(
                t("Tags"),
                list(of_tags),
                format_func=lambda tag_id: of_tags.get(tag_id, ""),
                placeholder=t("All tags"),
                label_visibility="collapsed",
                select_all=False,
                key=keys.tags,
                width=360,
                on_change=page_choice.put,
                args=(keys.page, 1),
            )
            tag_choice.close_list(keys.tags)
        fact_filter.show(store, project, key=keys.fact, on_change=page_choice.put, args=(keys.page, 1))
    return list(chosen)


def _search(project: Project, tags: Sequence[Tag], chosen: Sequence[str], keys: Keys) -> ImageSearch:
    search = ImageSearch(
        project.id,
        tag_ids=tuple(tag.id for tag in tags if tag.id in chosen),
        has_all=st.session_state.get(keys.match) == ALL,
        or_untagged=UNTAGGED in chosen,
        is_test=True if FOR_TESTING in chosen else None,
    )
    known = fact_filter.chosen(keys.fact)
    return image_facts.narrowed(search, *known) if known else search


def _show_number(
    store: Store, project: Project, search: ImageSearch, number: int, keys: Keys, *, is_filtered: bool
) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="image-number"):
        total = store.images.count(project.id)
        words = tn(total, "{n} image", "{n} images")
        if is_filtered:
            words = tn(total, "{number} of {n} image", "{number} of {n} images", number=written(number))
        st.markdown(f"**{words}**", width="content")
        if project.classification_type == MULTILABEL and len(search.tag_ids) > 1:
            st.session_state.setdefault(keys.match, ANY)
            st.segmented_control(
                t("Match"),
                [ANY, ALL],
                format_func=t,
                required=True,
                label_visibility="collapsed",
                key=keys.match,
                on_change=page_choice.put,
                args=(keys.page, 1),
            )
        # Always there, so that nothing moves when the filter changes.
        st.button(t("Clear filter"), type="tertiary", disabled=not is_filtered, on_click=_clear, args=(keys,))


def _clear(keys: Keys) -> None:
    st.session_state[keys.kinds] = []
    if keys.tags in st.session_state:
        st.session_state[keys.tags] = []
    fact_filter.choose(keys.fact, None)
    page_choice.put(keys.page, 1)
