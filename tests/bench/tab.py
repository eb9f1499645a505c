"""A browser's tab without the browser: Streamlit's protocol over its websocket, as Streamlit's own client speaks it.

It holds what a page shows, sends the state of widgets, uploads files to the addresses that the server gives, polls
where the page asks it to, and after a lost connection comes back with the session's id. It draws nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

RETRY_S = 0.5
PATIENCE_S = 90.0
TICK_S = 0.05
XSRF = "_streamlit_xsrf"
TRIGGERS = ("trigger_value", "string_trigger_value")
TEXTS = ("markdown", "heading", "text", "alert", "html")

Values = Mapping[str, Mapping[str, Any]]


class Failed(Exception):
    """A step that a pupil could not do."""


@dataclass
class Shown:
    """An element on the page, the run that drew it and the fragment that it belongs to."""

    element: Any
    run: int
    fragment: str

    @property
    def kind(self) -> str:
        """The name of its message, such as `button`."""
        return str(self.element.WhichOneof("type"))

    @property
    def content(self) -> Any:
        """The message itself."""
        return getattr(self.element, self.kind)


@dataclass
class Tab:
    """One tab; `http` has the browser's cookies. `polled` and `failed` are told of what happens by itself."""

    http: httpx2.AsyncClient
    polled: Callable[[float, bool], None]
    failed: Callable[[str], None]
    cuts: int = 0
    shown: dict[tuple[int, ...], Shown] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    query: str = ""
    page: str = ""

    def __post_init__(self) -> None:
        self._values: dict[str, WidgetState] = {}
        self._polls: dict[str, tuple[float, float]] = {}
        self._addresses: dict[str, asyncio.Future[Any]] = {}
        self._numbers = itertools.count(1)
        self._session, self._name, self._run = "", "", 0
        self._touched: set[str] = set()
        self._socket: ClientConnection | None = None
        self._busy = asyncio.Lock()
        self._online, self._idle = asyncio.Event(), asyncio.Event()
        self._pending: BackMsg | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, path: str) -> None:
        """Load the page at a path, as a new tab or a reload does; a session of its own begins."""
        await self.close()
        self._session, self._values, self._polls, self.shown, self.page = "", {}, {}, {}, ""
        self._name, _, self.query = path.partition("?")
        await self.get("/" + path, accept="text/html")
        await self.get("/_stcore/health")
        await self.get("/_stcore/host-config")
        self._tasks = [asyncio.create_task(self._connection()), asyncio.create_task(self._polling())]
        await self._send(self._rerun())

    async def close(self) -> None:
        """Close the tab."""
        # Before Python 3.12 `wait_for` loses a cancellation that comes when what it waits for has just come.
        while tasks := [task for task in self._tasks if not task.done()]:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=1)
        self._tasks = []

    async def get(self, path: str, accept: str = "*/*") -> httpx2.Response:
        """Fetch something, again and again while there is no connection."""
        return await steadily(lambda: self.http.get(path, headers={"Accept": accept}))

    async def go(self, name: str, query: str) -> None:
        """Open another page of the app, as its links do."""
        self.page, self.query, self._values, self._name = self.pages[name], query, {}, ""
        await self._send(self._rerun())

    async def set(self, values: Values, *, of: Shown | None = None, times: int = 1) -> None:
        """Give widgets values, by their ids, and run the page, or the fragment of `of`; triggers count once.

        times: how often it is sent, as a double click sends it twice.
        """
        triggers = []
        for widget_id, value in values.items():
            state = WidgetState(id=widget_id, **value)
            if state.WhichOneof("value") in TRIGGERS:
                triggers.append(state)
            else:
                self._values[widget_id] = state
        await self._send(self._rerun(of.fragment if of else "", triggers), times)

    async def press(self, label: str, values: Values | None = None, *, times: int = 1) -> None:
        """Press the button with that label; in a form, with its fields' values."""
        button = self.find("button", label)
        await self.set({**(values or {}), button.content.id: {"trigger_value": True}}, of=button, times=times)

    async def upload(self, uploader: Shown, files: Mapping[str, bytes]) -> None:
        """Choose files for an uploader: they go to the server, and the page runs."""
        number = f"{next(self._numbers)}"
        answer = self._addresses[number] = asyncio.get_running_loop().create_future()
        asked = BackMsg()
        asked.file_urls_request.request_id = number
        asked.file_urls_request.file_names.extend(files)
        asked.file_urls_request.session_id = self._session
        await self._write(asked)
        cuts, deadline = self.cuts, time.monotonic() + PATIENCE_S
        while not answer.done():
            if self.cuts != cuts or time.monotonic() > deadline:
                raise Failed("the addresses for the files did not come: they must be chosen again")
            await asyncio.sleep(TICK_S)
        urls = answer.result().file_urls
        # All at once: `http` has as many connections as a browser.
        sent = [self._put(url.upload_url, *file) for url, file in zip(urls, files.items(), strict=True)]
        await asyncio.gather(*sent)
        chosen = [
            {"name": name, "size": len(data), "file_id": url.file_id, "file_urls": url}
            for url, (name, data) in zip(urls, files.items(), strict=True)
        ]
        await self.set(
            {uploader.content.id: {"file_uploader_state_value": {"uploaded_file_info": chosen}}}, of=uploader
        )

    async def _put(self, url: str, name: str, data: bytes) -> None:
        token = self.http.cookies.get(XSRF, "")

        def put() -> Awaitable[httpx2.Response]:
            return self.http.put(url, files={"file": (name, data, "image/jpeg")}, headers={"X-Xsrftoken": token})

        answer = await steadily(put)
        if answer.status_code != 204:
            raise Failed(f"the upload of a file was answered with {answer.status_code}: {answer.text[:200]}")

    def find(self, kind: str, label: str = "") -> Shown:
        """The first element of that kind whose label begins so."""
        found = next((each for each in self.all(kind) if each.content.label.startswith(label)), None)
        if found is None:
            raise Failed(f"no {kind} {label!r} on the page {self.query[:80]}: {self.text()[:300]}")
        return found

    def all(self, kind: str) -> list[Shown]:
        """All elements of a kind, in the order of the page."""
        return [self.shown[path] for path in sorted(self.shown) if self.shown[path].kind == kind]

    def text(self) -> str:
        """What is written on the page."""
        elements = [each for _, each in sorted(self.shown.items()) if each.kind in TEXTS]
        return " | ".join(str(each.content.body) for each in elements if hasattr(each.content, "body"))

    async def until(self, words: str, patience_s: float = PATIENCE_S) -> None:
        """Wait until the page says these words."""
        deadline = time.monotonic() + patience_s
        while words not in self.text():
            if time.monotonic() > deadline:
                raise Failed(f"{words!r} was not shown within {patience_s:g} s: {self.text()[:300]}")
            await asyncio.sleep(TICK_S)

    def _rerun(self, fragment: str = "", triggers: Iterable[WidgetState] = (), *, is_poll: bool = False) -> BackMsg:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash, state.page_name = self.query, self.page, self._name
        state.fragment_id, state.is_auto_rerun = fragment, is_poll
        state.widget_states.widgets.extend([*self._values.values(), *triggers])
        state.context_info.timezone, state.context_info.locale = "Europe/Berlin", "en-GB"
        return message

    async def _send(self, message: BackMsg, times: int = 1) -> None:
        """Send a run and wait until the page has run."""
        async with self._busy:
            self._idle.clear()
            self._pending = message
            for _ in range(times):
                await self._write(message)
            try:
                await asyncio.wait_for(self._idle.wait(), PATIENCE_S)
            except TimeoutError:
                raise Failed(f"the page {self.query[:80]} did not run within {PATIENCE_S:g} s") from None
            finally:
                self._pending = None

    async def _write(self, message: BackMsg) -> None:
        while True:
            try:
                await asyncio.wait_for(self._online.wait(), PATIENCE_S)
            except TimeoutError:
                raise Failed(f"no connection within {PATIENCE_S:g} s") from None
            with contextlib.suppress(OSError, WebSocketException):
                if self._socket is not None:
                    await self._socket.send(message.SerializeToString())
                    return
            await asyncio.sleep(TICK_S)

    async def _connection(self) -> None:
        """Stay connected; a run that the loss interrupted is asked for again, without what was pressed."""
        while True:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                try:
                    async with connect(self._address(), **self._handshake()) as self._socket:
                        self._online.set()
                        if self._session and not self._idle.is_set():
                            await self._socket.send(self._rerun().SerializeToString())
                        async for data in self._socket:
                            if isinstance(data, bytes):
                                self._take(ForwardMsg.FromString(data))
                except InvalidStatus as error:
                    self.failed(f"the websocket was refused: {error}")
            self._online.clear()
            self._socket = None
            self.cuts += 1
            await asyncio.sleep(RETRY_S)

    def _address(self) -> str:
        return str(self.http.base_url.copy_with(scheme="ws", path="/_stcore/stream"))

    def _handshake(self) -> dict[str, Any]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        token = self.http.cookies.get(XSRF) or "PLACEHOLDER_AUTH_TOKEN"
        protocols = ["streamlit", token, *([self._session] if self._session else [])]
        host = str(self.http.base_url).rstrip("/")
        headers = {"Cookie": cookies, "Origin": host}
        return {
            "subprotocols": protocols, "additional_headers": headers, "max_size": None, "compression": None,
            "ping_interval": None, "close_timeout": 1, "open_timeout": PATIENCE_S, "proxy": None,
        }  # fmt: skip

    async def _polling(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            due = [fragment for fragment, (interval, last) in self._polls.items() if now - last >= interval]
            if due and self._idle.is_set() and self._online.is_set() and not self._busy.locked():
                self._polls[due[0]] = (self._polls[due[0]][0], now)
                cuts = self.cuts
                try:
                    await self._send(self._rerun(due[0], is_poll=True))
                except (Failed, TimeoutError) as error:
                    self.failed(f"a poll: {error}")
                self.polled(time.monotonic() - now, cuts != self.cuts)

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._run += 1
            self._session = message.new_session.initialize.session_id or self._session
            self.page = message.new_session.page_script_hash
            self._touched = set(message.metadata.run.fragment_ids)
            if not self._touched:
                self._polls = {}
        elif kind == "navigation":
            self.page = message.navigation.page_script_hash
            self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "file_urls_response":
            self._answer_addresses(message.file_urls_response)
        elif kind == "auto_rerun":
            self._polls[message.auto_rerun.fragment_id] = (message.auto_rerun.interval, time.monotonic())
        elif kind == "delta":
            self._draw(message)
        elif kind == "script_finished":
            self._finish(message)

    def _answer_addresses(self, response: Any) -> None:
        waiting = self._addresses.pop(response.response_id, None)
        if waiting and not waiting.done():
            waiting.set_result(response)

    def _draw(self, message: ForwardMsg) -> None:
        path, delta = tuple(message.metadata.delta_path), message.delta
        if delta.WhichOneof("type") != "new_element":
            return
        shown = self.shown[path] = Shown(delta.new_element, self._run, delta.fragment_id)
        if shown.kind == "exception" or (shown.kind == "alert" and shown.content.format == Alert.ERROR):
            self.failed(f"{self.query[:60]}: {getattr(shown.content, 'body', '') or shown.content.message}")

    def _finish(self, message: ForwardMsg) -> None:
        status = message.script_finished
        if status == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
        if status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.failed(f"{self.query[:60]}: the page did not compile")
        self.shown = {
            path: each
            for path, each in self.shown.items()
            if each.run == self._run or (self._touched and each.fragment not in self._touched)
        }
        self._idle.set()


async def steadily(ask: Callable[[], Awaitable[httpx2.Response]]) -> httpx2.Response:
    """The answer to a request, which is sent again while there is no connection."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await ask()
        except httpx2.TransportError as error:
            if time.monotonic() > deadline:
                raise Failed(f"no answer: {error!r}") from None
            await asyncio.sleep(RETRY_S)
