"""What tests of pages share: open a page, press a button, read what it shows."""

from __future__ import annotations

import functools
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from cvcore.records import Project
from cvcore.store import Store

ROUTER = Path(__file__).resolve().parents[2] / "pages" / "router.py"


@pytest.fixture(scope="module", autouse=True)
def imported_modules_are_no_garbage() -> None:
    """As in `app.py`: Streamlit collects garbage after every run, slowly where a test before imported TensorFlow."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def installed_components_are_looked_up_once() -> Iterator[None]:
    """Each new AppTest reads what every installed package says of itself: more work than most of our pages are."""
    with pytest.MonkeyPatch.context() as patch:
        found_once = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", found_once)
        yield


def whole_app() -> AppTest:
    """The app on its first page, not yet run."""
    return AppTest.from_file(str(ROUTER), default_timeout=30)


def open_page(page: str, project: Project, *, full: bool = False, **query: str) -> AppTest:
    """A page about a project, simple or `full`, with what else stands in its address."""
    app = whole_app()
    app.session_state["full"] = full
    app.run()
    for name, value in {"project": project.id, **query}.items():
        app.query_params[name] = value
    return checked(app.switch_page(f"{page}.py").run())


def checked(app: AppTest) -> AppTest:
    """The same app, once it is sure that no exception is shown."""
    assert [] == [each.message for each in app.exception]
    return app


def button(app: AppTest, label: str) -> Button:
    """The button with that label."""
    return next(each for each in app.button if each.label == label)


def links(app: AppTest) -> list[str]:
    """What the links to other pages say, with the backslashes that keep names from acting as Markdown removed."""
    return [each.proto.label.replace("\\", "") for each in app.get("page_link")]


def choose(app: AppTest, menu: str, option: str) -> AppTest:
    """Choose an option of the first menu with that label."""
    next(each for each in app.menu_button if each.label == menu).click(option)
    return checked(app.run())


def texts(app: AppTest, *, raw: bool = False) -> str:
    """All texts of a page, a line each; `raw` with the backslashes that keep names from acting as Markdown."""
    shown: list[Any] = [
        *app.title,
        *app.header,
        *app.subheader,
        *app.markdown,
        *app.caption,
        *app.info,
        *app.warning,
        *app.error,
    ]
    bars = [each.proto.text for each in app.get("progress")]
    text = "\n".join([*(str(each.value) for each in [*shown, *app.success, *app.text]), *bars])
    return text if raw else text.replace("\\", "")


def roses(store: Store, project: Project) -> list[str]:
    """The ids of the images that carry the first tag, in the order of a snapshot."""
    first = store.tags.of_project(project.id)[0].id
    return [image.id for image in store.images.tagged(project.id) if first in image.tag_ids]
