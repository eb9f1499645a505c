"""Thirty tabs that double-click the same button at once: is it done once, and is everybody told in a sentence.

    python tests/bench/double_clicks.py [--tabs 30]

`tagwise serve` runs on a home with two projects. All tabs, clients of Streamlit's protocol (tab.py), press Train of one
project twice each, at the same moment; then Create project, all with the same name; then they delete the other project.
PASS is: one training more, one project more, one project less, no image lost, and no page that shows an exception.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from running import App
from tab import Failed, Tab

from cvcore.records import Project
from cvcore.store import Store
from tests.conftest import fill_in

IMAGES, NAME = 6, "Fruit"
TRAINED_S = 300.0


@dataclass
class Crowd:
    """Tabs on an app, and what their pages said that they should not, by how often."""

    store: Store
    tabs: list[Tab] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)

    async def each(self, act: Callable[[Tab], Awaitable[None]]) -> None:
        """Let all tabs do the same at once."""

        async def do(tab: Tab) -> None:
            try:
                await act(tab)
            except Failed as error:
                self.said[f"{error}"] += 1

        await asyncio.gather(*map(do, self.tabs))


def main() -> None:
    """Let a crowd press, and print what came of it; the exit code is 1 unless all was done once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tabs", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        app = App(Path(folder))
        store = Store(app.home)
        kept, doomed = (fill_in(store, name, rose=IMAGES, tulip=IMAGES) for name in ("Flowers", "Doomed"))
        app.start()
        try:
            wrong = asyncio.run(pressed(app, Crowd(store), options.tabs, kept, doomed))
        finally:
            app.stop()
    print(*wrong or ["PASS"], sep="\n")
    sys.exit(bool(wrong))


async def pressed(app: App, crowd: Crowd, tabs: int, kept: Project, doomed: Project) -> list[str]:
    """Open the tabs and let them press; returns what is not as it should be."""
    async with AsyncExitStack() as stack:
        for _ in range(tabs):
            client = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{app.port}", timeout=300, trust_env=False)
            http = await stack.enter_async_context(client)
            tab = Tab(http, lambda *_: None, lambda words: crowd.said.update([words]))
            stack.push_async_callback(tab.close)
            crowd.tabs.append(tab)
        return [*await train(crowd, kept), *await create(crowd), *await delete(crowd, doomed), *left(crowd, kept)]


async def train(crowd: Crowd, project: Project) -> list[str]:
    """All double-click Train."""
    await crowd.each(lambda tab: tab.open(""))
    await crowd.each(lambda tab: tab.go("train", f"project={project.id}"))
    await crowd.each(lambda tab: tab.press("Train", times=2))
    await crowd.each(lambda tab: tab.until("Iteration 1 was trained in", TRAINED_S))
    found = crowd.store.iterations.of_project(project.id)
    return told(crowd, "Train") + [f"{len(found)} iterations"] * (len(found) != 1)


async def create(crowd: Crowd) -> list[str]:
    """All double-click Create project, with one name."""

    async def press(tab: Tab) -> None:
        name = {tab.find("text_input", "Name").content.id: {"string_value": NAME}}
        await tab.press("Create project", name, times=2)

    before = len(crowd.store.projects.all())
    await crowd.each(lambda tab: tab.open(""))
    await crowd.each(lambda tab: tab.press("New project"))
    await crowd.each(press)
    await settle(crowd)
    more = len(crowd.store.projects.all()) - before
    return told(crowd, "Create project", "taken") + [f"{more} projects more"] * (more != 1)


async def delete(crowd: Crowd, project: Project) -> list[str]:
    """All double-click Delete for good, of one project."""

    async def ask(tab: Tab) -> None:
        menu = next(each for each in tab.all("menu_button") if f"more-{project.id}" in each.content.id)
        await tab.set({menu.content.id: {"string_trigger_value": {"data": "Delete"}}}, of=menu)
        confirm = tab.find("text_input", "Type the project")
        await tab.set({confirm.content.id: {"string_value": project.name}}, of=confirm)

    before = len(crowd.store.projects.all())
    await crowd.each(lambda tab: tab.open(""))
    await crowd.each(ask)
    await crowd.each(lambda tab: tab.press("Delete for good", times=2))
    await settle(crowd)
    less = before - len(crowd.store.projects.all())
    return told(crowd, "Delete for good", "no project") + [f"{less} projects less"] * (less != 1)


async def settle(crowd: Crowd) -> None:
    """Let the second of two clicks be answered too: load a page after it."""
    await crowd.each(lambda tab: tab.open(""))


def told(crowd: Crowd, what: str, *expected: str) -> list[str]:
    """Print what pages said, and return what they should not have said."""
    said, crowd.said = crowd.said, Counter()
    print(f"{what}, double-clicked in {len(crowd.tabs)} tabs", *(f"  {said[each]} x {each}" for each in said), sep="\n")
    return [f"{what}: {words}" for words in said if not any(each in words for each in expected)]


def left(crowd: Crowd, project: Project) -> list[str]:
    """What of the other project is not there any more."""
    images = crowd.store.images.count(project.id)
    return [f"{images} of {2 * IMAGES} images are left"] * (images != 2 * IMAGES)


if __name__ == "__main__":
    main()
