"""The app whose processes are killed: its home with projects in it, what it promised, and the commands that run."""

from __future__ import annotations

import io
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image as Pillow
from promises import Promises
from running import App

from cvcore import projects
from cvcore.files import blobs
from cvcore.projects import tagging, uploads
from cvcore.settings import Limits
from cvcore.store import Store

# Their names, types and numbers of images.
PROJECTS = (("Uploaded", "Multiclass", 0), ("Trained", "Multiclass", 12), ("Tagged", "Multilabel", 40))
PAUSE_S = 0.05
COMMAND_S = 300.0


class Refused(Exception):
    """An answer that nobody expects."""


@dataclass
class Site:
    """The app, a home with projects in it, what was promised, and the commands that run.

    `azure` is the address of a Custom Vision to move in from, and its key.
    """

    app: App
    promises: Promises
    random: random.Random
    over: threading.Event = field(default_factory=threading.Event)
    commands: list[subprocess.Popen[bytes]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    tags: dict[str, list[str]] = field(default_factory=dict)
    images: list[str] = field(default_factory=list)
    azure: tuple[str, str] = ("", "")

    def until_over(self) -> Iterator[int]:
        """Numbers of rounds, until the activities are over."""
        for number in range(100_000):
            if self.over.is_set():
                return
            yield number
            time.sleep(PAUSE_S)

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """An answer of the API that must be a success.

        Raises:
            Refused: it is none.
        """
        status, answer = self.app.ask(method, path, body, **query)
        if not 200 <= status < 300:
            raise Refused(f"{method} {path} was answered with {status}: {answer}")
        return answer

    def run(self, *arguments: str) -> str | None:
        """What a command wrote; None if it was killed.

        Raises:
            Refused: it failed by itself.
        """
        output = self.app.folder / f"{arguments[0]}-{self.random.getrandbits(48):012x}.json"
        process = self.app.command(*arguments, output=output)
        self.commands.append(process)
        status = process.wait(COMMAND_S)
        written = output.read_text("utf-8")
        output.unlink()
        if status > 0:
            raise Refused(f"{' '.join(arguments)[:80]} exited {status}: {self.app.log()[-500:]}")
        return written if status == 0 else None


def drawn(rng: random.Random, side: int = 32) -> bytes:
    """A PNG of noise, like no other."""
    noise = np.frombuffer(rng.randbytes(108), np.uint8).reshape(6, 6, 3)
    file = io.BytesIO()
    Pillow.fromarray(noise).resize((side, side), Pillow.Resampling.NEAREST).save(file, "PNG")
    return file.getvalue()


def furnish(site: Site) -> None:
    """Projects for every activity, made before the app starts."""
    store = Store(site.app.home)
    for name, kind, count in PROJECTS:
        project = projects.create(store, name, classification_type=kind, domain="Built-in")
        tags = tagging.ensure(store, project, ["rose", "tulip"], limits=Limits())
        site.ids[name], site.tags[name] = project.id, [tag.id for tag in tags]
        for number in range(count):
            data, tag_id = drawn(site.random), tags[number % 2].id
            image = uploads.add(store, project, f"{number}.png", data, tag_ids=[tag_id], limits=Limits())
            assert image.image_id
            site.promises.images[project.id, image.image_id] = blobs.sha256(data)
            if name == "Tagged":
                site.images.append(image.image_id)
    store.close()
