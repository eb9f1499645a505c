"""Eight hours of a mixed load in ten minutes: does memory, do file handles grow, does the database get smaller again.

    python tests/bench/long_run.py [--minutes 10] [--seed 1] [--samples FILE.csv]

The real app (`tagwise serve`, with its worker) has three small projects. Without pauses they are trained, predict
images, get more images and lose others, are exported now and then, and are looked at on every page in new tabs
(`mixed_load.py`, `tab.py`); what is kept for days is purged four times. Eight hours of a class, with a training
every two minutes and a prediction every six seconds, are 240 trainings and 4,800 predictions.

Every 15 s the web process and the worker are sampled: resident memory, open file handles, threads; and the sizes of the
database and of its write-ahead log. The rule, written before anything was measured: over the second half of the run,
the slope (Theil and Sen: the median of the slopes between all pairs of samples) times its length must be

- memory: at most 5 % of the median, or 10 MB if that is more, of either process;
- file handles and threads: at most 5;
- write-ahead log: never above 80 MB (it is cut to 64 MB);
- database: after a last purge less than a quarter of it, or less than 4 MB, is free.

No request may fail. Slopes are also printed per 1,000 trainings (worker) and per 1,000 predictions (web process).
"""

from __future__ import annotations

import argparse
import csv
import itertools
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from mixed_load import Load, furnish, purge_now
from running import App, resident_bytes

SAMPLE_S = 15.0
SHARE, LEAST_BYTES, HANDLES = 0.05, 10e6, 5
LOG_BYTES, FREE_BYTES, FREE_SHARE = 80e6, 4 * 2**20, 0.25
JOIN_S = 180.0
SHOWN_ERRORS = 20
PER = {"web": "predictions", "worker": "trainings"}


@dataclass(frozen=True)
class Sample:
    """One look: seconds since the start, bytes, numbers, and what was done until then."""

    seconds: float
    web_bytes: int
    web_handles: int
    web_threads: int
    worker_bytes: int
    worker_handles: int
    worker_threads: int
    database_bytes: int
    log_bytes: int
    trainings: int
    predictions: int


def main() -> None:
    """Run the load, and print what grew; the exit code is 1 unless all is flat."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--samples", type=Path, help="write the samples to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        load = Load(App(Path(folder)), random.Random(options.seed))
        furnish(load)
        load.app.start()
        try:
            samples = run(load, 60 * options.minutes)
            purge_now(load)
            free = free_bytes(load.app.home / "tagwise.db")
        finally:
            load.app.stop()
    if options.samples:
        write(samples, options.samples)
    sys.exit(report(load, samples, free))


def run(load: Load, seconds: float) -> list[Sample]:
    """Load the app for so long; returns the samples."""
    started, threads, samples = time.monotonic(), load.begin(), []
    while (passed := time.monotonic() - started) < seconds and load.app.is_well():
        samples.append(sample(load, passed))
        time.sleep(SAMPLE_S)
    load.over.set()
    for thread in threads:
        thread.join(JOIN_S)
    load.errors += [f"{thread.name} hangs" for thread in threads if thread.is_alive()]
    return samples


def sample(load: Load, seconds: float) -> Sample:
    """A look at both processes and the database."""
    web, worker, database = load.app.pid(), load.app.worker() or 0, load.app.home / "tagwise.db"
    log = Path(f"{database}-wal")
    return Sample(
        seconds,
        *(resident_bytes(web), handles(web), threads_of(web)),
        *(resident_bytes(worker), handles(worker), threads_of(worker)),
        *(database.stat().st_size, log.stat().st_size if log.exists() else 0),
        *(load.done["trainings"], load.done["predictions"]),
    )


def handles(pid: int) -> int:
    """How many files and connections a process has open."""
    return _entries(f"/proc/{pid}/fd")


def threads_of(pid: int) -> int:
    """How many threads a process has."""
    return _entries(f"/proc/{pid}/task")


def _entries(folder: str) -> int:
    try:
        return sum(1 for _ in Path(folder).iterdir())
    except OSError:
        return 0


def free_bytes(database: Path) -> tuple[int, int]:
    """The bytes of a database that no row needs, and all of them."""
    with closing(sqlite3.connect(database)) as connection:
        free, pages, size = (
            connection.execute(f"pragma {name}").fetchone()[0] for name in ("freelist_count", "page_count", "page_size")
        )
    return free * size, pages * size


def slope(xs: list[float], ys: list[float]) -> float:
    """Theil and Sen's slope: the median of the slopes between all pairs; one stray value in four changes it little.

    >>> slope([0, 1, 2, 3], [5, 7, 9, 100])
    2.0
    """
    points = list(zip(xs, ys, strict=True))
    found = [(d - b) / (c - a) for (a, b), (c, d) in itertools.combinations(points, 2) if c > a]
    return statistics.median(found) if found else 0.0


def report(load: Load, samples: list[Sample], free: tuple[int, int]) -> int:
    """Print the figures; returns the exit code."""
    half = samples[len(samples) // 2 :]
    print(f"{samples[-1].seconds:.0f} s, {len(samples)} samples, load {os.getloadavg()[0]:.1f}")
    print("done: " + ", ".join(f"{number:,} {kind}" for kind, number in sorted(load.done.items())))
    failed = [line for process in PER for line in growth(process, half)]
    log = max(each.log_bytes for each in samples)
    print(f"database at most {max(each.database_bytes for each in samples) / 1e6:.1f} MB, log {log / 1e6:.1f} MB")
    print(f"after the last purge {free[0] / 1e6:.1f} of {free[1] / 1e6:.1f} MB of the database are free")
    if log > LOG_BYTES:
        failed.append("the write-ahead log is too large")
    if free[0] >= max(FREE_BYTES, FREE_SHARE * free[1]):
        failed.append("the database did not get smaller")
    if load.errors:
        failed.append(f"{len(load.errors)} requests failed: " + "\n  ".join(load.errors[:SHOWN_ERRORS]))
    print(*(f"FAIL: {each}" for each in failed), sep="\n")
    print("FAIL" if failed else "PASS")
    return 1 if failed else 0


def growth(process: str, half: list[Sample]) -> list[str]:
    """Print what of a process grows; returns what grows too much, as sentences."""
    failed = []
    seconds = [each.seconds for each in half]
    length = seconds[-1] - seconds[0]
    work = [float(getattr(each, PER[process])) for each in half]
    for kind, unit, scale in (("bytes", "MB", 1e6), ("handles", "", 1.0), ("threads", "", 1.0)):
        values = [float(getattr(each, f"{process}_{kind}")) for each in half]
        middle, grown, per = statistics.median(values), slope(seconds, values) * length, 1000 * slope(work, values)
        most = max(SHARE * middle, LEAST_BYTES) if kind == "bytes" else HANDLES
        print(
            f"{process:>7} {kind:8} {values[0] / scale:8.1f} to {values[-1] / scale:8.1f} {unit}, grown by "
            f"{grown / scale:6.1f} in {length:.0f} s, at most {most / scale:.1f}; "
            f"{per / scale:.1f} per 1,000 {PER[process]}"
        )
        if grown > most:
            failed.append(f"{kind} of the {process} grow")
    return failed


def write(samples: list[Sample], path: Path) -> None:
    """Write the samples as a table."""
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(field.name for field in fields(Sample))
        table.writerows(map(astuple, samples))


if __name__ == "__main__":
    main()
