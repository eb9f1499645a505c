"""The page on which pupils join and the teacher signs in; plain HTML, since a stranger gets nothing else of the app."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import time
from collections import Counter
from collections.abc import Callable
from html import escape
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from cvcore import classroom, languages, urls
from cvcore.errors import InvalidInput, TagwiseError
from cvcore.languages import t
from cvcore.store import Store

log = logging.getLogger("tagwise.class")

DAYS = 180
ATTEMPTS_PER_MINUTE = 20
# A whole class may be behind one address and mistype the code, of which there are a billion.
JOINING_PER_MINUTE = 200
FORM_BYTES = 10_000

_PAGE = """<!doctype html><html lang="{language}" dir="{direction}"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
:root {{ color-scheme: light dark }}
body {{ font: 18px system-ui, sans-serif; display: grid; place-items: center; min-height: 90vh; margin: 1rem }}
main {{ width: min(20rem, 100%) }} form {{ display: grid; gap: .75rem; margin-bottom: 1rem }}
input, button {{ font: inherit; padding: .6rem; box-sizing: border-box; width: 100% }}
summary {{ padding: .6rem 0; cursor: pointer }} [role=alert] {{ font-weight: 600 }}
</style><main><h1>Tagwise</h1><p role="alert">{message}</p>{forms}</main>
<script>document.addEventListener("submit", (event) => {{
  for (const button of event.target.querySelectorAll("button")) button.disabled = true;
}})</script></html>"""
_JOINING = """<form method="post"><input type="hidden" name="do" value="join">
<label for="code">{code_label}</label>
<input id="code" name="code" value="{code}" autocapitalize="characters" autocomplete="off" required>
<label for="nickname">{nickname_label}</label>
<input id="nickname" name="nickname" value="{nickname}" autocomplete="off" maxlength="32" required>
<button>{join}</button></form>
<details{is_back}><summary>{back_title}</summary>
<form method="post"><input type="hidden" name="do" value="return">
<label for="same-code">{code_label}</label>
<input id="same-code" name="code" value="{code}" autocapitalize="characters" autocomplete="off" required>
<label for="return">{digits_label}</label>
<input id="return" name="return" inputmode="numeric" autocomplete="off" required>
<button>{come_back}</button></form></details>"""
_SIGNING_IN = """<details{is_teacher}><summary>{teacher_title}</summary>
<form method="post"><input type="hidden" name="do" value="sign-in">
<label for="password">{password_label}</label>
<input id="password" type="password" name="password" autocomplete="current-password" required>
<button>{sign_in}</button></form></details>"""

Fields = dict[str, str]


class Forms:
    """Answers `GET` and `POST /join`, with `?ticket=…` for the browser that opened the class, `?leave=…` to sign out.

    Attempts that fail are limited per device and way to come in: no code can be guessed, and who mistypes one locks
    nobody out who comes in another way. Those under way could all fail, too: one too many waits until it is known. A
    ticket is taken once: `taken_tickets` are those that would still be good, with the time of each.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._failed: list[tuple[str, float]] = []
        self._trying: Counter[str] = Counter()
        self._is_known = asyncio.Condition()
        self.taken_tickets: list[tuple[str, float]] = []
        self._actions: dict[str, Callable[[Fields], str]] = {
            "join": lambda given: classroom.join(store, given.get("code", ""), given.get("nickname", ""))[1],
            "return": lambda given: classroom.come_back(store, given.get("code", ""), given.get("return", ""))[1],
            "sign-in": lambda given: classroom.sign_in(store, given.get("password", "")),
            "ticket": lambda given: classroom.take_ticket(store, given.get("ticket", "")),
            # With a ticket of the teacher's: no link that somebody sends can sign anybody out.
            "leave": lambda given: classroom.take_ticket(store, given.get("leave", "")) and "",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Show the forms, or do what one of them asks for."""
        request = Request(scope, receive)
        with languages.using(languages.of_request(request.cookies, request.headers)):
            answer = await self._answer_of(request)
        await answer(scope, receive, send)

    async def _answer_of(self, request: Request) -> Response:
        given = dict(request.query_params)
        if request.method == "POST":
            return await self._answer(request, await _fields(request))
        if way := next((each for each in ("ticket", "leave") if each in given), ""):
            return await self._answer(request, {"do": way, way: given[way]})
        return await self._page(given)

    async def _answer(self, request: Request, given: Fields) -> Response:
        act = self._actions.get(given.get("do", ""))
        if act is None:
            return await self._page(given, t("Choose one of the three ways to come in."), 400)
        attempt = f"{given['do']} from {_device(request)}"
        if not await self._may_try(attempt, JOINING_PER_MINUTE if given["do"] == "join" else ATTEMPTS_PER_MINUTE):
            return await self._page(given, t("Too many attempts. Wait a minute."), 429)
        try:
            self._take_once(given)
            # A password takes 50 ms to check, and a new pupil's folder some more.
            cookie = await asyncio.to_thread(act, given)
        except TagwiseError as error:
            self._failed.append((attempt, time.monotonic()))
            log.warning("a request to %s was refused, from %s", given["do"], _device(request))
            return await self._page(given, f"{str(error)[:1].upper()}{str(error)[1:]}.", 401)
        finally:
            await self._tried(attempt)
        response: Response = RedirectResponse(urls.below("/class" if act is self._actions["ticket"] else "/"), 303)
        if not cookie:
            response = RedirectResponse(urls.below(urls.JOIN), 303)
            response.delete_cookie(classroom.COOKIE)
            return response
        is_https = request.scope["scheme"] == "https"
        response.set_cookie(
            classroom.COOKIE, cookie, max_age=DAYS * 86400, httponly=True, samesite="lax", secure=is_https
        )
        return response

    async def _may_try(self, attempt: str, most: int) -> bool:
        """Whether it may be tried now: fewer than so many of its kind failed within a minute. It is under way then."""
        async with self._is_known:
            await self._is_known.wait_for(
                lambda: (failed := self._failures(attempt)) >= most or failed + self._trying[attempt] < most
            )
            if self._failures(attempt) >= most:
                return False
            self._trying[attempt] += 1
            return True

    async def _tried(self, attempt: str) -> None:
        async with self._is_known:
            self._trying -= Counter([attempt])
            self._is_known.notify_all()

    def _failures(self, attempt: str) -> int:
        self._failed = recent(self._failed, 60, time.monotonic())
        return sum(other == attempt for other, _ in self._failed)

    def _take_once(self, given: Fields) -> None:
        """Refuse a ticket that was taken before; those that are too old by now need not be remembered."""
        ticket = given.get(given["do"], "") if given["do"] in ("ticket", "leave") else ""
        self.taken_tickets = recent(self.taken_tickets, 2 * classroom.TICKET_S, time.monotonic())
        if any(other == ticket for other, _ in self.taken_tickets):
            raise InvalidInput(t("this link was used already: sign in with the teacher's password"))
        if ticket:
            self.taken_tickets.append((ticket, time.monotonic()))

    async def _page(self, given: Fields, message: str = "", status: int = 200) -> Response:
        return _page(given, message, status, is_joinable=await asyncio.to_thread(self._is_joinable))

    def _is_joinable(self) -> bool:
        """Whether there may be something to join: after the last class there is only the teacher's password."""
        return self._store.classes.is_any() or self._store.classes.password() is None


def recent(noted: list[tuple[str, float]], seconds: float, now: float) -> list[tuple[str, float]]:
    """Of texts, each with the time at which it was noted, those of the last seconds.

    >>> recent([("long ago", 5.0), ("just now", 99.0)], 60, now=100.0)
    [('just now', 99.0)]
    """
    return [(text, at) for text, at in noted if at > now - seconds]


def _device(request: Request) -> str:
    return device(request.client.host if request.client else "")


def device(address: str) -> str:
    """What attempts are counted by: an address or, of IPv6, where a device can have any number, its network.

    >>> device("192.168.1.20"), device("2001:db8:1:2:a:b:c:d"), device("fe80::1"), device("")
    ('192.168.1.20', '2001:db8:1:2::/64', 'fe80::1', '')
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    # Link-local addresses of all devices are in one network.
    if parsed.version == 4 or parsed.is_link_local:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _page(given: Fields, message: str, status: int, *, is_joinable: bool) -> HTMLResponse:
    """The page with what was typed, but for passwords; the ways of pupils only if there may be a class to join."""
    did = given.get("do", "")
    filled = {name: escape(given.get(name, "")[:64]) for name in ("code", "nickname")}
    opened = {"is_back": " open" * (did == "return"), "is_teacher": " open" * (did == "sign-in" or not is_joinable)}
    page = _PAGE.format(
        language=languages.current(),
        direction=languages.direction(),
        title=escape(t("Tagwise: join the class") if is_joinable else t("Tagwise: sign in")),
        message=escape(message),
        forms=f"{_JOINING if is_joinable else ''}{_SIGNING_IN}".format(**filled, **opened, **_labels()),
    )
    headers = {"Cache-Control": "no-store", "X-Frame-Options": "DENY", "Vary": "Accept-Language, Cookie"}
    return HTMLResponse(page, status, headers=headers)


def _labels() -> dict[str, str]:
    labels = {
        "code_label": t("Class code"),
        "nickname_label": t("Your nickname"),
        "join": t("Join"),
        "back_title": t("I was here before"),
        "digits_label": t("The six digits from your teacher"),
        "come_back": t("Come back"),
        "teacher_title": t("I am the teacher"),
        "password_label": t("The teacher's password"),
        "sign_in": t("Sign in"),
    }
    return {name: escape(label) for name, label in labels.items()}


async def _fields(request: Request) -> Fields:
    """The form's fields; none if the body is longer than the form can be, or is no text."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES:
            return {}
    try:
        return {name: values[0] for name, values in parse_qs(body.decode("ascii"), max_num_fields=20).items()}
    except ValueError:
        return {}
