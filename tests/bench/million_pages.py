"""How long the Images page of a very large project takes, filter by filter, and the server's memory meanwhile.

Each page is opened as a new tab opens it, by Streamlit's own test client; what is drawn in the browser is left out.
"""

from __future__ import annotations

import functools
import gc
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from cvcore.projects import changes, trash
from cvcore.projects.undoing import Change
from cvcore.records import Project
from cvcore.settings import Limits
from cvcore.store import ImageSearch, Store

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 7
PAGE = 96
PAGE_TARGET_S, MEMORY_TARGET_MB = 1.0, 500


def measure(home: Path, name: str) -> None:
    """Print a table: what is done, its target, median and 95th percentile of seconds, and seconds of the processor."""
    os.environ["TAGWISE_HOME"] = f"{home}"
    # Without this folder, which has a pages.py of its own.
    sys.path[:] = [f"{ROOT}", *(each for each in sys.path if Path(each).resolve() != Path(__file__).parent)]
    # A server reads once what installed packages say of themselves; the test client reads it for each app.
    manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)
    store = Store(home)
    project = store.projects.find(name)
    assert project is not None
    # As in `app.py`.
    gc.freeze()
    print("| what | target | median | 95 % | processor |\n|---|---|---|---|---|")
    for what, query in _filters(store, project).items():
        _print(what, lambda query=query: _open(project, query))
    untagged = ImageSearch(project.id, or_untagged=True)
    wholes: dict[str, tuple[Mapping[str, str], ImageSearch]] = {
        "all images": ({}, ImageSearch(project.id)),
        "untagged": ({"show": "untagged"}, untagged),
    }
    for what, (query, search) in wholes.items():
        apps = [_selected(store, project, query, search) for _ in range(ROUNDS)]
        _print(f"choose all that match: {what}", lambda apps=apps: apps.pop().button(key="choose-all").click().run())
    newest = store.searches.ids(ImageSearch(project.id), take=PAGE)
    tag = store.tags.of_project(project.id)[0].name
    undo: list[Callable[[], str]] = []
    for what, act in {
        "tag all of a page": lambda: changes.tag(store, project, newest, [tag], limits=Limits()),
        "remove the tags of all of a page": lambda: changes.remove_tags(store, project, newest),
        "delete all of a page": lambda: trash.delete_images(store, project, newest),
    }.items():

        def do(act: Callable[[], Change] = act) -> None:
            undo.append(act().undo)
            _open(project, {"show": "untagged"})
            undo.pop()()

        _print(f"{what}, the page again, undo", do)
    _change_whole(store, project, untagged, tag)
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"\nmemory at the most {rss_mb} MB, target {MEMORY_TARGET_MB} MB; load {os.getloadavg()[0]:.1f}")


def _filters(store: Store, project: Project) -> Mapping[str, Mapping[str, str]]:
    """The addresses of the page by what they show."""
    tags = [tag.name for tag in store.tags.of_project(project.id)]
    half = "|".join(tags[: len(tags) // 2])
    return {
        "all images": {},
        "all, next page": {"page": "2"},
        "all, a page in the middle": {"page": f"{store.images.count(project.id) // PAGE // 2}"},
        "untagged": {"show": "untagged"},
        "untagged, a page in the middle": {
            "show": "untagged",
            "page": f"{store.images.count(project.id, 'untagged') // PAGE // 2}",
        },
        "for testing": {"show": "testing"},
        "one tag": {"tags": tags[0]},
        "three tags and untagged": {"tags": "|".join(tags[:3]), "show": "untagged"},
        "half of the tags": {"tags": half},
        "half of the tags, a page in the middle": {
            "tags": half,
            "page": f"{store.images.count(project.id) // PAGE // 5}",
        },
        "metadata site 3": {"key": "site", "value": "site 3"},
        "without a site": {"key": "site"},
        "camera Pixel 7": {"key": "camera", "value": "Pixel 7"},
        "file type PNG, all images": {"key": "file type", "value": "PNG"},
        "sharp": {"key": "sharpness", "value": "sharp (from 70 %)"},
        "untagged of a camera": {"show": "untagged", "key": "camera", "value": "Pixel 7"},
        "half of the tags of a camera": {"tags": half, "key": "camera", "value": "Pixel 7"},
    }


def _selected(store: Store, project: Project, query: Mapping[str, str], search: ImageSearch) -> AppTest:
    """The page with all its images selected, as the browser tells it."""
    app = _open(project, query)
    revision = f"{app.session_state['browser-turn']} 1 {search.or_untagged} {search.is_test} {search.tag_ids}"
    ids = store.searches.ids(search, take=PAGE)
    app.session_state[f"gallery-{project.id}"] = {"selection": {"revision": revision, "ids": ids}}
    return app.run()


def _change_whole(store: Store, project: Project, search: ImageSearch, tag: str) -> None:
    """Print what it takes to tag all that a search finds, and to undo it."""
    used = time.process_time()
    change = changes.tag(store, project, store.searches.ids(search), [tag], limits=Limits())
    tagged, used = time.process_time() - used, time.process_time()
    assert change.undo_long
    undone = change.undo_long(lambda stage, fraction: None)
    print(f"\n{change.message} {tagged:.0f} s of processor. {undone} {time.process_time() - used:.0f} s of processor.")


def _open(project: Project, query: Mapping[str, str]) -> AppTest:
    app = AppTest.from_file(f"{ROOT / 'pages' / 'router.py'}", default_timeout=300)
    for name, value in {"project": project.id, "view": "Images", "images-view": "Images", **query}.items():
        app.query_params[name] = value
    app.switch_page(f"{ROOT / 'pages' / 'images.py'}").run()
    assert not app.exception, [each.message for each in app.exception]
    return app


def _print(what: str, act: Callable[[], Any]) -> None:
    times, processor = [], []
    for _ in range(ROUNDS):
        started, used = time.perf_counter(), time.process_time()
        act()
        times.append(time.perf_counter() - started)
        processor.append(time.process_time() - used)
    slowest = sorted(times)[round(0.95 * (ROUNDS - 1))]
    print(
        f"| {what} | {PAGE_TARGET_S:g} s | {statistics.median(times):.2f} s | {slowest:.2f} s "
        f"| {statistics.median(processor):.2f} s |",
        flush=True,
    )
