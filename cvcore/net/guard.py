"""Connections to public addresses only: a name is looked up once, and all of its addresses must be public.

This prevents server-side request forgery (SSRF): a server that fetches any address can be made to fetch what only it
can reach, such as its other services, the router's page or a cloud's metadata. So the connection goes to exactly the
address that was checked, because a second DNS look-up may return another one. Proxies set by environment variables
are not used, because they would look up the name themselves.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from cvcore.errors import UrlRefused
from cvcore.languages import t

PORTS = {"http": 80, "https": 443}
KEPT_IN_PATH = "/%:@!$&'()*+,;=~?"

# All public IPv6 addresses (RFC 4291), and the prefix of IPv4 addresses that are translated to IPv6 (RFC 6052).
GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Addresses in public ranges that a data centre answers itself: metadata of Oracle and Azure, relays for 6to4.
NEAR_V4 = tuple(ipaddress.IPv4Network(network) for network in ("192.0.0.0/24", "168.63.129.16/32", "192.88.99.0/24"))

# http.client raises the last two for chunks of negative or endless size.
BROKEN = (OSError, http.client.HTTPException, ValueError, OverflowError)

Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True)
class Target:
    """An http or https address in parts: `host` is a name in ASCII or an address, `path` is quoted, with its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port as the Host header gives them.

        >>> Target("http", "::1", 8080, "/").authority
        '[::1]:8080'
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address in full."""
        return f"{self.scheme}://{self.authority}{self.path}"


def look_up(host: str, port: int) -> Sequence[str]:
    """The IP addresses of a host name, from the system's look-up. An IP address, in any notation, is returned as it is.

    >>> look_up("127.0.0.1", 80), look_up("0x7f000001", 80)
    (['127.0.0.1'], ['127.0.0.1'])
    """
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in entries))


@contextlib.contextmanager
def connected(
    target: Target, deadline: float, *, allow_private: bool = False, resolve: Resolve = look_up
) -> Iterator[socket.socket]:
    """A connection to a target, encrypted if its scheme is https, made before `deadline` of `time.monotonic`.

    Raises:
        UrlRefused: the target is in this machine's own network, and `allow_private` is not set.
        OSError: there is no answer, or not in time; or another error of `BROKEN`.
    """
    addresses = _looked_up(target, resolve, deadline)
    if not (allow_private or all(map(is_public, addresses))):
        raise UrlRefused(
            t(
                "an address must be on the internet, {host} is in this machine's own network and cannot be "
                "opened: download the image and upload the file",
                host=target.host,
            )
        )
    with _connected(target, addresses, deadline) as plain, _secured(plain, target, deadline) as connection:
        yield connection


def seconds_left(deadline: float) -> float:
    """The seconds until a moment of `time.monotonic`.

    Raises:
        TimeoutError: no time is left.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def parsed(url: str, base: str = "") -> Target:
    """The parts of an address; a relative one starts from `base`.

    Raises:
        UrlRefused: it is not http or https, has a user name or password in it, or has no valid host or port.

    >>> parsed("https://Bücher.example./a b.jpg?size=2#top").url
    'https://xn--bcher-kva.example/a%20b.jpg?size=2'
    """
    try:
        parts = urlsplit(urljoin(base, url.strip()))
        # A name may end with a dot, which certificates leave out.
        host = (parts.hostname or "").removesuffix(".").encode("idna").decode()
        port = PORTS.get(parts.scheme) if parts.port is None else parts.port
        path = quote(parts.path or "/", KEPT_IN_PATH) + (parts.query and "?" + quote(parts.query, KEPT_IN_PATH))
    except ValueError as error:
        raise UrlRefused(
            t("an address must be like https://example.com/cat.jpg, got {url!r}: correct it", url=url[:80])
        ) from error
    if parts.scheme not in PORTS or port is None:
        raise UrlRefused(
            t(
                "an address must begin with http:// or https://, got {scheme!r}: correct it",
                scheme=(parts.scheme or url)[:80],
            )
        )
    if "@" in parts.netloc:
        raise UrlRefused(
            t("an address must not contain a user name or password: download the image and upload the file")
        )
    if not re.fullmatch("[0-9a-z._:-]+", host):
        raise UrlRefused(t("an address must have a valid host name, {host!r} is not valid: correct it", host=host[:80]))
    return Target(parts.scheme, host, port, path)


def is_public(address: str) -> bool:
    """Whether an IPv4 or IPv6 address is on the internet; an IPv4 address inside an IPv6 address is checked instead.

    Private, loopback, link-local, shared, multicast, reserved and unspecified addresses are not, nor metadata services.

    >>> is_public("93.184.215.14"), is_public("169.254.169.254"), is_public("::ffff:10.0.0.1")
    (True, False, False)
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        translated = ipaddress.IPv4Address(int(ip) % 2**32) if ip in NAT64 else None
        inner = ip.ipv4_mapped or ip.sixtofour or translated
        if inner is None:
            return ip in GLOBAL_V6 and ip.is_global
        ip = inner
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in NEAR_V4)


def _looked_up(target: Target, resolve: Resolve, deadline: float) -> Sequence[str]:
    # The system's look-up has no time limit, so it runs in a daemon thread, which is abandoned when it takes too long.
    addresses: Future[Sequence[str]] = Future()

    def look() -> None:
        try:
            addresses.set_result(resolve(target.host, target.port))
        except Exception as error:
            addresses.set_exception(error)

    threading.Thread(target=look, daemon=True).start()
    return addresses.result(seconds_left(deadline))


def _connected(target: Target, addresses: Sequence[str], deadline: float) -> socket.socket:
    failure: OSError = socket.gaierror()
    for tried, address in enumerate(addresses):
        # Share the remaining time, so that later addresses can still be tried.
        share_s = seconds_left(deadline) / (len(addresses) - tried)
        try:
            return socket.create_connection((address, target.port), share_s)
        except OSError as error:
            failure = error
    raise failure


def _secured(connection: socket.socket, target: Target, deadline: float) -> socket.socket:
    connection.settimeout(seconds_left(deadline))
    if target.scheme == "http":
        return connection
    return ssl.create_default_context().wrap_socket(connection, server_hostname=target.host)
