"""A home folder of an older Tagwise, whose opening is killed while it is brought up to date."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

from killed_site import drawn
from running import App

from cvcore import imaging
from cvcore.files import blobs
from cvcore.store import Store, migrations
from cvcore.store.backups import inspection

AT = "2026-01-02T03:04:05+00:00"
IMAGES, EMBEDDINGS = 30, 4000
LOCK_S, MIGRATION_S = 60.0, 1.0
# The first steps make the tables that every home has rows in.
FIRST = 3


def make(home: Path, step: int, rng: random.Random) -> dict[str, str]:
    """A home that has had the first steps only, with images, and so many embeddings that its copy takes a while.

    Returns the images' SHA-256 by their ids.
    """
    home.mkdir(parents=True)
    images = {f"i{number}": drawn(rng) for number in range(IMAGES)}
    with closing(sqlite3.connect(home / "tagwise.db")) as connection:
        migrations.apply(connection, migrations.STEPS[:step])
        add(connection, "projects", ("p", "Old", "", "Multiclass", "d", AT, AT))
        for image_id, data in images.items():
            digest = blobs.sha256(data)
            add(connection, "images", (image_id, "p", digest, f"{image_id}.png", 32, 32, len(data), b"", 1, AT))
            blobs.write(blobs.original_path(home, digest), data, durable=False)
            blobs.write(blobs.thumbnail_path(home, digest), imaging.rendition(data, 200), durable=False)
        for number in range(EMBEDDINGS):
            embedding = ("f", f"{number:064x}", rng.randbytes(4096))
            connection.execute("insert into embeddings values (?, ?, ?)", embedding)
        connection.commit()
    return {image_id: blobs.sha256(data) for image_id, data in images.items()}


def add(connection: sqlite3.Connection, table: str, row: tuple[object, ...]) -> None:
    """Add a row as it was at first; columns that later steps added have defaults."""
    names = [name for (name,) in connection.execute("select name from pragma_table_info(?)", [table])]
    columns, marks = ", ".join(names[: len(row)]), ", ".join("?" * len(row))
    connection.execute(f"insert into {table} ({columns}) values ({marks})", row)


def kill_while_migrating(app: App, rng: random.Random, *, is_both: bool) -> tuple[int, list[str]]:
    """Open an old home, kill it while it migrates, and open it again.

    With `is_both` a command opens it at the same time as the app, and both are killed. Returns the step that the home
    stood at, and what was lost, as sentences.
    """
    step = rng.randint(FIRST, len(migrations.STEPS) - 1)
    images = make(app.home, step, rng)
    opening = [app.command("serve", "--port", f"{app.port}")] + [app.command("projects", "--json")] * is_both
    wait_for(app.home / "tagwise.lock")
    time.sleep(rng.uniform(0, MIGRATION_S))
    for process in opening:
        kill(process)
    lost = broken_copies(app.home)
    store = Store(app.home)
    here = {image.id: image.sha256 for image in store.images.page("p", take=1000)}
    with closing(sqlite3.connect(app.home / "tagwise.db")) as connection:
        (embeddings,) = connection.execute("select count(*) from embeddings").fetchone()
    store.close()
    if here != images:
        lost.append(f"of {len(images)} images of step {step} {len(here)} are there")
    if embeddings != EMBEDDINGS:
        lost.append(f"of {EMBEDDINGS} embeddings of step {step} {embeddings} are there")
    return step, lost + inspection.problems(app.home / "tagwise.db") + broken_copies(app.home)


def broken_copies(home: Path) -> list[str]:
    """The way back: every copy that has its final name must be a whole database."""
    return [
        f"{path.name} is half-written: {problem}"
        for path in (home / "backups").glob("before-*.db")
        for problem in inspection.problems(path) or ([] if inspection.steps(path) else ["it has no steps"])
    ]


def wait_for(path: Path) -> None:
    """Wait until a file is there."""
    deadline = time.monotonic() + LOCK_S
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.005)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill -9 of one process."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    process.wait()
