"""What a class and a program beside it do with the app all day, without pauses: for tests/bench/long_run.py."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from killed_site import drawn
from running import App
from tab import Failed, Tab

from cvcore import projects
from cvcore.prediction import history
from cvcore.projects import tagging, trash, uploads
from cvcore.settings import Limits
from cvcore.store import Store

PROJECTS = (("Small", 12), ("Larger", 24), ("Growing", 40))
PUBLISHED = "live"
ITERATIONS_KEPT, UPLOADED_KEPT, SENT = 6, 200, 200
PREDICTION_PAUSE_S, UPLOAD_PAUSE_S, PAGE_PAUSE_S = 0.06, 1.0, 1.0
PURGE_EVERY_S, EXPORT_EVERY_S = 140.0, 120.0
PAGES = ("", "images", "train", "performance", "quick_test", "predictions", "publish")
TRAINING_S = 120.0
SOON_S = 0.1


@dataclass
class Load:
    """The app, what was done so far by kind, and what failed."""

    app: App
    random: random.Random
    done: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    ids: dict[str, str] = field(default_factory=dict)
    tags: dict[str, list[str]] = field(default_factory=dict)
    images: list[bytes] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """An answer of the API; one that is no success is an error of the run."""
        status, answer = self.app.ask(method, path, body, **query)
        if not 200 <= status < 300:
            self.errors.append(f"{method} {path}: {status} {str(answer)[:200]}")
        return answer

    def path(self, name: str) -> str:
        """The address of a project."""
        return f"training/projects/{self.ids[name]}"

    def begin(self) -> list[threading.Thread]:
        """Begin everything, each in a thread of its own."""
        threads = [threading.Thread(target=self._run, args=(act,), name=act.__name__, daemon=True) for act in LOAD]
        for thread in threads:
            thread.start()
        return threads

    def _run(self, act: Callable[[Load], None]) -> None:
        while not self.over.is_set():
            try:
                act(self)
            except (OSError, http.client.HTTPException, Failed, KeyError, TypeError) as error:
                self.errors.append(f"{act.__name__}: {error!r}")
                self.over.wait(1)


def furnish(load: Load) -> None:
    """Projects with tagged images, before the app starts."""
    store = Store(load.app.home)
    load.images = [drawn(load.random, 64) for _ in range(SENT)]
    for name, count in PROJECTS:
        project = projects.create(store, name, classification_type="Multiclass", domain="Built-in")
        tags = tagging.ensure(store, project, ["rose", "tulip"], limits=Limits())
        load.ids[name], load.tags[name] = project.id, [tag.id for tag in tags]
        for number in range(count):
            data, tag_id = drawn(load.random), tags[number % 2].id
            uploads.add(store, project, f"{number}.png", data, tag_ids=[tag_id], limits=Limits())
    store.close()


def train(load: Load) -> None:
    """One training of each project in turn, published; the oldest iteration goes."""
    name = PROJECTS[load.done["trainings"] % len(PROJECTS)][0]
    iteration = load.ask("POST", f"{load.path(name)}/train", forceTrain="true")["id"]
    path, deadline = f"{load.path(name)}/iterations", time.monotonic() + TRAINING_S
    while (status := load.ask("GET", f"{path}/{iteration}")["status"]) == "Training":
        if time.monotonic() > deadline or load.over.wait(SOON_S):
            return
    if status != "Completed":
        load.errors.append(f"a training ended as {status}")
        return
    load.done["trainings"] += 1
    query = {"publishName": PUBLISHED, "predictionId": "tagwise", "overwrite": "true"}
    load.ask("POST", f"{path}/{iteration}/publish", **query)
    found = [each for each in load.ask("GET", path) if each["status"] == "Completed"]
    for old in found[ITERATIONS_KEPT:]:
        load.ask("DELETE", f"{path}/{old['id']}")
        load.done["iterations deleted"] += 1


def predict(load: Load) -> None:
    """One prediction, which is kept two times of three."""
    name = load.random.choice(PROJECTS)[0]
    if not any(each["publishName"] for each in load.ask("GET", f"{load.path(name)}/iterations")):
        load.over.wait(SOON_S)
        return
    for _ in range(20):
        kind = "image" if load.random.random() < 2 / 3 else "image/nostore"
        sent = load.random.choice(load.images) if load.random.random() < 0.5 else drawn(load.random, 64)
        load.ask("POST", f"prediction/{load.ids[name]}/classify/iterations/{PUBLISHED}/{kind}", sent)
        load.done["predictions"] += 1
        if load.over.wait(PREDICTION_PAUSE_S):
            return


def upload(load: Load) -> None:
    """Some images more, and the oldest go."""
    path, tags = load.path("Growing"), load.tags["Growing"]
    for _ in range(4):
        load.ask("POST", f"{path}/images", drawn(load.random), tagIds=load.random.choice(tags))
        load.done["uploads"] += 1
    oldest = load.ask("GET", f"{path}/images", take="256", orderBy="Oldest")
    if surplus := [each["id"] for each in oldest][: max(0, len(oldest) - UPLOADED_KEPT)]:
        load.ask("DELETE", f"{path}/images", imageIds=",".join(surplus))
        load.done["images deleted"] += len(surplus)
    load.over.wait(UPLOAD_PAUSE_S)


def export(load: Load) -> None:
    """An export, now and then."""
    if load.over.wait(EXPORT_EVERY_S):
        return
    path = f"{load.path('Small')}/iterations"
    newest = load.ask("GET", path)[1]["id"]
    load.ask("POST", f"{path}/{newest}/export", platform="TensorFlow", flavor="TensorFlowLite")
    load.done["exports"] += 1


def purge(load: Load) -> None:
    """What the worker does every hour, as if kept predictions and deleted images were old."""
    if load.over.wait(PURGE_EVERY_S):
        return
    purge_now(load)


def purge_now(load: Load) -> None:
    """Delete everything that is kept for a while only, and make the database smaller, as the worker does."""
    store, later = Store(load.app.home), datetime.now(UTC) + timedelta(days=history.DAYS + 1)
    history.purge(store, later)
    trash.empty(store, later)
    load.done["bytes reclaimed"] += store.reclaim()
    load.done["purges"] += 1
    store.close()


def look(load: Load) -> None:
    """Every page of a project, each in a new tab."""

    async def open_pages() -> None:
        address = f"http://127.0.0.1:{load.app.port}"
        async with httpx2.AsyncClient(base_url=address, timeout=60, trust_env=False) as client:
            tab = Tab(client, lambda *_: None, load.errors.append)
            name = load.random.choice(PROJECTS)[0]
            for page in PAGES:
                if load.over.is_set():
                    break
                await tab.open(f"{page}?project={load.ids[name]}")
                load.done["pages"] += 1
                await asyncio.sleep(PAGE_PAUSE_S)
            await tab.close()

    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(open_pages())


LOAD = (train, predict, upload, export, purge, look)
