"""Live cameras of a class: frames a second for one pupil and for thirty, and what a page takes beside.

    python tests/bench/live.py [--pupils 30] [--seconds 10]

Each pupil has a home folder, an iteration and a cookie of their own, and sends a frame when the last was answered, at
most 25 a second, as the page does. A page is run again over Streamlit's own connection, as a click does, half a second
after it was run last. Server, cameras and page share two cores. What else runs on them is told by the load before.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from browser import fill, wait_for
from PIL import Image as Pillow
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from cvcore import classroom, urls
from cvcore.store import Store

ROOT = Path(__file__).resolve().parents[2]
PORT = 8766
IMAGES = 100
SIZE = (284, 160)  # of a wide camera's frames, for the built-in network
EVERY_S = 0.04
PAGE_EVERY_S = 0.5
PAGES = ("images", "quick_test")

# A pupil's cookie, the address of an iteration of theirs, and a project.
Camera = tuple[str, str, str]


def main() -> None:
    """Print a line for each number of cameras."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pupils", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:2]))
    with tempfile.TemporaryDirectory() as home:
        cameras = school_class(Store(Path(home)), options.pupils)
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={PORT}", "--server.headless=true"],
            cwd=ROOT,
            env=os.environ | {"TAGWISE_HOME": home},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(f"http://127.0.0.1:{PORT}/_stcore/health")
            watch(cameras, options.seconds, pid=server.pid)
        finally:
            server.terminate()
            server.wait()


def school_class(store: Store, pupils: int) -> list[Camera]:
    """A class in which everybody has a copy of a project with a trained iteration of 20 tags."""
    project = fill(store, IMAGES)
    classroom.set_password(store, "chalk and sponge")
    code = classroom.open_class(store, "4b").code
    joined = [classroom.join(store, code, f"pupil {number}") for number in range(pupils)]
    handed = classroom.hand_out(store, project, [pupil for pupil, _ in joined])
    assert not handed.refused, handed.refused
    cameras = []
    for pupil, cookie in joined:
        own = classroom.store_of(store, pupil)
        (copy,) = own.projects.all()
        (iteration,) = own.iterations.trained(copy.id)
        cameras.append((cookie, urls.live(iteration.id), copy.id))
    return cameras


def watch(cameras: list[Camera], seconds: float, *, pid: int) -> None:
    """Open a window, and compare numbers of cameras."""
    print(f"load before: {os.getloadavg()[0]:.1f}; cores: {len(os.sched_getaffinity(0))}")
    cookie, _, project_id = cameras[-1]
    with connect(
        f"ws://127.0.0.1:{PORT}/_stcore/stream",
        subprotocols=["streamlit"],  # type: ignore[list-item]
        additional_headers={"Cookie": f"{classroom.COOKIE}={cookie}"},
        max_size=None,
    ) as socket:
        compare(cameras, Pages(socket, project_id), seconds, pid=pid)


def compare(cameras: list[Camera], pages: Pages, seconds: float, *, pid: int) -> None:
    """Run one camera, none, one and all, and print what each got, and what the pages took."""
    for turned_on in (cameras[:1], [], cameras[:1], cameras):
        asyncio.run(followed(turned_on, 2))  # networks are loaded
        before = cpu_s(pid)
        pages.begin()
        times = asyncio.run(followed(turned_on, seconds))
        taken = sorted(pages.end())
        used = cpu_s(pid) - before
        rates = sorted(len(each) / seconds for each in times)
        answers = sorted(one for each in times for one in each) or [0.0]
        print(
            f"cameras: {len(turned_on):2}  frames/s each: least {rates[0] if rates else 0:.1f}, "
            f"median {statistics.median(rates or [0]):.1f}, all {sum(rates):.0f}  "
            f"answer: median {1000 * statistics.median(answers):.0f} ms, 95th {1000 * at(answers, 0.95):.0f} ms  "
            f"page: median {1000 * statistics.median(taken):.0f} ms, 95th {1000 * at(taken, 0.95):.0f} ms of "
            f"{len(taken)}  server: {100 * used / seconds:.0f} % of a core"
        )


async def followed(cameras: list[Camera], seconds: float) -> list[list[float]]:
    """What each camera waited for its answers, in seconds, while all were on."""
    until = time.perf_counter() + seconds
    if not cameras:
        await asyncio.sleep(seconds)
    return await asyncio.gather(*(follow(number, *each[:2], until) for number, each in enumerate(cameras)))


async def follow(number: int, cookie: str, address: str, until: float) -> list[float]:
    """Send frames one after another over one connection, and await each answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    requests = [asked(cookie, address, frame(10 * number + turn)) for turn in range(3)]
    times: list[float] = []
    while (start := time.perf_counter()) < until:
        writer.write(requests[len(times) % len(requests)])
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        body = await reader.readexactly(int(head.lower().partition("content-length: ")[2].split()[0]))
        assert head.startswith("HTTP/1.1 200"), (head, body)
        times.append(time.perf_counter() - start)
        await asyncio.sleep(max(0.0, EVERY_S - times[-1]))
    writer.close()
    return times


def asked(cookie: str, address: str, body: bytes) -> bytes:
    """The request for a frame, as a browser sends it."""
    head = (
        f"POST {address}?threshold=0.5 HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nCookie: {classroom.COOKIE}={cookie}\r\n"
        f"tagwise-live: camera\r\nSec-Fetch-Site: same-origin\r\nContent-Type: image/jpeg\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def frame(number: int) -> bytes:
    """A frame as large as a photo's of its size."""
    noise = np.random.default_rng(number).integers(0, 256, (24, 42, 3), np.uint8)
    file = io.BytesIO()
    Pillow.fromarray(noise).resize(SIZE, Pillow.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()


class Pages:
    """A pupil's window in a thread of its own: pages in turns, each from the click to the end of its run."""

    def __init__(self, socket: ClientConnection, project_id: str) -> None:
        self._socket = socket
        self._query = f"project={project_id}"
        for page in PAGES:
            self._opened(page)

    def begin(self) -> None:
        """Begin to open pages."""
        self._times: list[float] = []
        self._is_on = True
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def end(self) -> list[float]:
        """How many seconds each page took."""
        self._is_on = False
        self._thread.join()
        return self._times

    def _work(self) -> None:
        while self._is_on:
            self._times.append(self._opened(PAGES[len(self._times) % len(PAGES)]))
            time.sleep(PAGE_EVERY_S)

    def _opened(self, page: str) -> float:
        start = time.perf_counter()
        message = BackMsg()
        message.rerun_script.query_string = self._query
        message.rerun_script.page_name = page
        self._socket.send(message.SerializeToString())
        while True:
            received = ForwardMsg()
            received.ParseFromString(bytes(self._socket.recv()))  # type: ignore[arg-type]
            if received.WhichOneof("type") == "script_finished":
                return time.perf_counter() - start


def cpu_s(pid: int) -> float:
    """How long a process has computed, in seconds; 0 where the system does not tell."""
    stat = Path(f"/proc/{pid}/stat")
    fields = stat.read_text().rpartition(")")[2].split() if stat.exists() else ["0"] * 13
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def at(values: list[float], share: float) -> float:
    """The value below which a share of the sorted values lies."""
    return values[min(len(values) - 1, int(share * len(values)))]


if __name__ == "__main__":
    main()
