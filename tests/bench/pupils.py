"""Simulated pupils for tests/bench/classroom.py: what each does with a device, over a Wi-Fi that goes now and then."""

from __future__ import annotations

import asyncio
import contextlib
import io
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

import httpx2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw
from tab import Failed, Tab, steadily

from cvcore import classroom
from cvcore.files import blobs
from cvcore.store import Store

TAGS = ("leaf", "pen")
PHOTOS, MORE = 30, 40
OUTAGE_EVERY_S, OUTAGE_S = 60.0, 1.0
# Between two clicks; those who hurry pause between two doings only.
PAUSE_S = (1.0, 4.0)
TRAINING_S = 240.0
LIVE_S = 8.0
SLIDES = 5
PAGE = "page: "
VIEWS = (
    ("images", ""),
    ("performance", "view=Numbers"),
    ("performance", "view=Mistakes"),
    ("quick_test", ""),
    ("predictions", ""),
    ("class", ""),
    ("", ""),
)


@dataclass
class Log:
    """Seconds by kind, apart those in which the Wi-Fi went; what failed; and what was promised."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    during_outages: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    stored: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    trainings: Counter[str] = field(default_factory=Counter)
    refused_frames: Counter[int] = field(default_factory=Counter)

    def add(self, kind: str, seconds: float, was_cut: bool) -> None:
        """Add one measurement."""
        (self.during_outages if was_cut else self.seconds)[kind].append(seconds)


class Wifi:
    """A proxy from one port to another, all of whose connections go once a minute."""

    def __init__(self, port: int, to: int) -> None:
        self.port, self.outages = port, 0
        self._to, self._is_away = to, False
        self._writers: set[asyncio.StreamWriter] = set()

    async def serve(self) -> None:
        """Pass on what comes."""
        async with await asyncio.start_server(self._pass_on, "127.0.0.1", self.port) as server:
            await server.serve_forever()

    async def go_each_minute(self) -> None:
        """Cut every connection, and refuse new ones for a second."""
        while True:
            await asyncio.sleep(OUTAGE_EVERY_S)
            self._is_away, self.outages = True, self.outages + 1
            for writer in list(self._writers):
                writer.transport.abort()
            await asyncio.sleep(OUTAGE_S)
            self._is_away = False

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_away:
            writer.transport.abort()
            return
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers |= {writer, inner_writer}
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))
        self._writers -= {writer, inner_writer}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


class Pupil:
    """One pupil; everything is promised by what their pages say, nothing by what was sent."""

    def __init__(self, number: int, wifi: Wifi, log: Log, seed: int, *, hurries: bool = False) -> None:
        self.name, self.wifi, self.log, self.hurries = f"Pupil {number}", wifi, log, hurries
        self.random = random.Random(seed * 1000 + number)
        drawn = [(TAGS[each % 2], photo((seed, number, each), TAGS[each % 2])) for each in range(PHOTOS + MORE)]
        self.first, self.more = drawn[:PHOTOS], drawn[PHOTOS:]
        self.frame = photo((seed, number, PHOTOS + MORE), TAGS[0], side=224)
        self.project = ""

    async def learn(self, store: Store, code: str, seconds: float, *, is_live: bool) -> None:
        """A lesson, until the time is up."""
        end = time.monotonic() + seconds
        limits = httpx2.Limits(max_connections=6)
        address = f"http://127.0.0.1:{self.wifi.port}"
        async with httpx2.AsyncClient(base_url=address, timeout=60, limits=limits, trust_env=False) as http:
            tab = self.tab = Tab(http, partial(self.log.add, "poll"), self._fail)
            acts: list[Callable[[], Awaitable[None]]] = [self._look, self._look, self._slide, self._test, self._add]
            acts += [partial(self._hold_camera, store)] if is_live else []
            try:
                await asyncio.sleep(self.random.uniform(0, min(15.0, seconds / 4)))
                await self._join(code)
                await self._begin()
                while time.monotonic() < end:
                    await self._attempt(self.random.choice(acts))
                    await asyncio.sleep(self.random.uniform(*PAUSE_S))
            except Failed as error:
                self._fail(f"could not begin: {error}")
            finally:
                await tab.close()

    def _fail(self, words: str) -> None:
        self.log.errors.append(f"{self.name}: {words}")

    async def _pause(self) -> None:
        """Look at what came, and move the hand to the next thing."""
        if not self.hurries:
            await asyncio.sleep(self.random.uniform(*PAUSE_S))

    @contextlib.asynccontextmanager
    async def _timed(self, kind: str) -> AsyncIterator[None]:
        start, outages = time.monotonic(), self.wifi.outages
        yield
        self.log.add(kind, time.monotonic() - start, self.wifi.outages != outages)

    async def _attempt(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do something; what was pressed just when the Wi-Fi went is pressed again, as people do."""
        for is_last in (False, True):
            outages = self.wifi.outages
            try:
                await act()
                return
            except Failed as error:
                if is_last or self.wifi.outages == outages:
                    self._fail(f"{getattr(act, '__name__', 'the camera')}: {error}")
                    return

    async def _join(self, code: str) -> None:
        given = {"do": "join", "code": code, "nickname": self.name}
        async with self._timed("join"):
            answer = await steadily(lambda: self.tab.http.post("/join", data=given))
        if answer.status_code != 303:
            raise Failed(f"/join answered {answer.status_code}: {answer.text[-200:]}")
        async with self._timed("first page"):
            await self.tab.open("")

    async def _begin(self) -> None:
        await self._attempt(self._create)
        if not self.project:
            raise Failed("no project")
        for tag in TAGS:
            files = [data for each, data in self.first if each == tag]
            await self._attempt(partial(self._upload, tag, files))
        await self._attempt(self._train)

    async def _create(self) -> None:
        """Create a project; after an outage it may be there already."""
        tab = self.tab
        await tab.go("", "")
        if any(self.name in each.content.body for each in tab.all("heading")):
            await tab.press("Open")
        else:
            await tab.press("New project")
            await self._pause()
            name = tab.find("text_input", "Name").content.id
            async with self._timed("create a project"):
                await tab.press("Create project", {name: {"string_value": f"Things of {self.name}"}})
        await self._until_address("project=")
        self.project = tab.query.split("project=")[1].split("&")[0]

    async def _until_address(self, part: str) -> None:
        for _ in range(100):
            if part in self.tab.query:
                return
            await asyncio.sleep(0.1)
        raise Failed(f"no {part} in the address {self.tab.query!r}")

    async def _upload(self, tag: str, files: list[bytes]) -> None:
        """Upload photos under a tag; they count as stored once the page says so."""
        tab, names = self.tab, {f"{tag}-{each}.jpg": data for each, data in enumerate(files)}
        await self._page("images", "images-view=Upload")
        if not tab.all("file_uploader"):
            await tab.press("Next tag")
        await self._pause()
        await tab.set({tab.find("selectbox", "Tag for all of them").content.id: {"string_value": tag}})
        await self._pause()
        async with self._timed(f"choose {len(files)} photos"):
            await tab.upload(tab.all("file_uploader")[0], names)
        await self._pause()
        async with self._timed(f"upload {len(files)} photos"):
            await tab.press("Upload")
            await tab.until(f"tagged {tag}")
        self.log.stored[self.name].update({blobs.sha256(data): tag for data in files})

    async def _train(self) -> None:
        """Press Train and wait until the page shows the new iteration; nothing changed if an earlier press counted."""
        await self._page("train", "")
        await self._pause()
        known = self._newest()
        deadline = time.monotonic() + TRAINING_S
        async with self._timed("train, with the queue"):
            async with self._timed("press Train"):
                await self.tab.press("Train")
            while self._newest() == known and "Nothing changed" not in self.tab.text():
                if time.monotonic() > deadline:
                    raise Failed(f"no iteration within {TRAINING_S:g} s: {self.tab.text()[-300:]}")
                await asyncio.sleep(0.1)
        self.log.trainings[self.name] += 1

    def _newest(self) -> int:
        """The number of the iteration that the Train page shows as the last, 0 if none."""
        return max(map(int, re.findall(r"Iteration (\d+) was trained in", self.tab.text())), default=0)

    async def _page(self, name: str, query: str) -> None:
        address = "&".join(part for part in (f"project={self.project}", query) if part)
        async with self._timed(f"{PAGE}{name or 'projects'}{' ' + query.split('=')[1] if query else ''}"):
            await self.tab.go(name, address if name not in ("", "class") else "")

    async def _look(self) -> None:
        await self._page(*self.random.choice(VIEWS))

    async def _slide(self) -> None:
        await self._page("performance", "view=Mistakes")
        for _ in range(SLIDES):
            await self._pause()
            slider = self.tab.find("slider", "Probability threshold")
            value = {"double_array_value": {"data": [float(self.random.randrange(101))]}}
            async with self._timed("move the threshold"):
                await self.tab.set({slider.content.id: value}, of=slider)

    async def _test(self) -> None:
        await self._page("quick_test", "")
        await self._pause()
        if not (uploaders := self.tab.all("file_uploader")):
            raise Failed(f"no place for a file on Quick Test: {self.tab.text()[:200]}")
        async with self._timed("quick test of a photo"):
            await self.tab.upload(uploaders[0], {"new.jpg": self.random.choice(self.first)[1]})
            if not any("tagwise-bars" in each.content.body for each in self.tab.all("html")):
                raise Failed(f"no answer on Quick Test: {self.tab.text()[:200]}")

    async def _add(self) -> None:
        """Upload two more photos of a tag, and train again."""
        tag = self.random.choice(TAGS)
        files = [data for each, data in self.more if each == tag][:2]
        self.more = [each for each in self.more if each[1] not in files]
        if len(files) == 2:
            await self._upload(tag, files)
            await self._train()

    async def _hold_camera(self, store: Store) -> None:
        """Send frames, each once the last was answered; the address is that of the pupil's newest iteration."""
        iteration_id = await asyncio.to_thread(self._iteration_id, store)
        end = time.monotonic() + LIVE_S
        while time.monotonic() < end:
            async with self._timed("live frame"):
                answer = await steadily(partial(self._frame, iteration_id))
            if answer.status_code != 200:
                self.log.refused_frames[answer.status_code] += 1
                if answer.status_code != 429:
                    raise Failed(f"a frame was answered with {answer.status_code}: {answer.text[:200]}")
                await asyncio.sleep(1)

    def _iteration_id(self, store: Store) -> str:
        (pupil,) = (each for each in store.pupils.all() if each.nickname == self.name)
        return classroom.store_of(store, pupil).iterations.trained(self.project)[0].id

    def _frame(self, iteration_id: str) -> Awaitable[httpx2.Response]:
        headers = {"tagwise-live": self.name, "Content-Type": "image/jpeg"}
        return self.tab.http.post(f"/live/{iteration_id}", content=self.frame, headers=headers)


def photo(seed: tuple[int, ...], tag: str, side: int = 1000) -> bytes:
    """A drawn photo, of about 200 kB: a green leaf or a blue pen on a table with some texture."""
    rng = np.random.default_rng(seed)
    grain = Pillow.fromarray(rng.integers(120, 200, (side // 8, side // 8, 3), np.uint8))
    image = grain.resize((side, side * 3 // 4), Pillow.Resampling.BICUBIC)
    draw, (x, y) = ImageDraw.Draw(image), rng.uniform(0.2, 0.5, 2) * side
    if tag == TAGS[0]:
        draw.ellipse((x, y, x + side * 0.3, y + side * 0.15), fill=(40, int(rng.integers(90, 180)), 50))
    else:
        draw.line((x, y, x + side * 0.4, y + side * 0.1), fill=(30, 50, int(rng.integers(120, 220))), width=side // 30)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90)
    return file.getvalue()
