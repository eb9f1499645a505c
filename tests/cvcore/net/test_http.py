"""Images come from the internet whole or not at all, and the machine's own network stays out of reach."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cvcore.errors import FetchFailed, UrlRefused
from cvcore.net import guard, http

PICTURE = b"\xff\xd8\xff" + bytes(5000)
PUBLIC = "93.184.215.14"
TRICKLE_S = 0.02


class Site(BaseHTTPRequestHandler):
    """A small web site, most of whose pages misbehave as their name says."""

    def do_GET(self) -> None:
        page, _, rest = self.path[1:].partition("/")
        with contextlib.suppress(OSError):  # the other side has had enough, as it should
            getattr(self, page.replace(".", "_"))(rest)

    def cat_jpg(self, _: str) -> None:
        self.answer(200, PICTURE)

    def missing(self, _: str) -> None:
        self.answer(404, b"<html>")

    def again(self, times: str) -> None:
        self.answer(302, b"", Location=f"/again/{int(times) - 1}" if int(times) > 1 else "/cat.jpg")

    def elsewhere(self, url: str) -> None:
        self.answer(307, b"", Location=url)

    def heard(self, _: str) -> None:
        self.answer(200, f"{self.path}\n{self.headers}".encode())

    def packed(self, _: str) -> None:
        self.answer(200, PICTURE, **{"Content-Encoding": "gzip"})

    def cut_short(self, _: str) -> None:
        self.answer(200, PICTURE, **{"Content-Length": str(len(PICTURE) + 1)})

    def claims_much(self, _: str) -> None:
        self.answer(200, b"", **{"Content-Length": "9999999999"})

    def sends_much(self, _: str) -> None:
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(bytes(65536))

    def slow_body(self, _: str) -> None:
        self.send_response(200)
        self.end_headers()
        self.trickle()

    def slow_headers(self, _: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        self.trickle()

    def mute(self, _: str) -> None:
        time.sleep(2)

    def negative(self, _: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n")

    def nonsense(self, _: str) -> None:
        self.wfile.write(b"220 mail.example ready\r\n")

    def trickle(self) -> None:
        for _ in range(int(2 / TRICKLE_S)):
            self.wfile.write(b"x")
            time.sleep(TRICKLE_S)

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def serve(server: ThreadingHTTPServer) -> Iterator[int]:
    """The port of a server that runs until the test is over."""
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    yield from serve(ThreadingHTTPServer(("127.0.0.1", 0), Site))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate, with its key in the same file, that proves the name images.test to whoever trusts it."""
    if not shutil.which("openssl"):
        pytest.skip("needs the openssl command to make a certificate, which this machine does not have")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=pictures.test"
    extra = ["-addext", "subjectAltName=DNS:pictures.test", "-keyout", str(path), "-out", str(path.with_suffix(".crt"))]
    subprocess.run([*command.split(), *extra], check=True, capture_output=True)
    path.write_text(path.read_text() + path.with_suffix(".crt").read_text())
    return path


@pytest.fixture(scope="module")
def tls_port(certificate: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a handshake broken off is no news here
    server.socket = context.wrap_socket(server.socket, server_side=True)
    yield from serve(server)


def at_home(*names: str) -> guard.Resolve:
    """A name service that knows these names alone, each once, and puts them on this machine."""
    unasked = list(names)

    def resolve(host: str, _port: int) -> Sequence[str]:
        unasked.remove(host)
        return ["127.0.0.1"]

    return resolve


def fetch(url: str, *, limit_bytes: int = 10_000, timeout_s: float = 5, **options: guard.Resolve) -> bytes:
    return http.fetch(url, limit_bytes=limit_bytes, timeout_s=timeout_s, allow_private=True, **options)


def refused(url: str) -> str:
    """The sentence with which an address is refused before anyone is asked."""
    with pytest.raises(UrlRefused) as refusal:
        http.fetch(url, limit_bytes=1)
    return str(refusal.value)


def failed(url: str, **options: float) -> str:
    """The sentence that says why nothing came."""
    with pytest.raises(FetchFailed) as failure:
        http.fetch(url, **{"limit_bytes": 10_000, "timeout_s": 5, "allow_private": True} | options)  # type: ignore[arg-type]
    return str(failure.value)


def test_fetch_gives_the_bytes(port: int) -> None:
    """An image comes as it lies there."""
    assert fetch(f"http://127.0.0.1:{port}/cat.jpg") == PICTURE


def test_fetch_exactly_at_the_limit(port: int) -> None:
    """An image of exactly the bytes allowed still comes."""
    assert fetch(f"http://127.0.0.1:{port}/cat.jpg", limit_bytes=len(PICTURE)) == PICTURE


def test_fetch_connects_to_the_address_it_checked(port: int) -> None:
    """A name is looked up once, and the server at that address is asked for it by that name."""
    heard = fetch(f"http://pictures.test:{port}/heard", resolve=at_home("pictures.test")).decode()
    assert f"Host: pictures.test:{port}\n" in heard


def test_fetch_gives_nothing_away(port: int) -> None:
    """The request carries no cookie, no referrer, nothing but what it needs."""
    heard = fetch(f"http://127.0.0.1:{port}/heard").decode()
    names = [line.split(":")[0] for line in heard.splitlines()[1:] if line]
    assert names == ["Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"]


def test_fetch_quotes_what_people_type(port: int) -> None:
    """Spaces, letters beyond ASCII and line breaks cannot leave the request line; what is quoted stays so."""
    heard = fetch(f"http://127.0.0.1:{port}/heard/a b/é%20\r\nX: 1?q=ü|#top").decode()
    assert heard.splitlines()[0] == "/heard/a%20b/%C3%A9%20X:%201?q=%C3%BC%7C"


def test_fetch_ignores_proxies(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment, which would look names up itself, is passed by."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert fetch(f"http://127.0.0.1:{port}/cat.jpg") == PICTURE


def test_fetch_tries_every_address(port: int) -> None:
    """Where a name has several addresses, one that nobody answers at does not stand in the way."""
    assert fetch(f"http://two.test:{port}/cat.jpg", resolve=lambda *_: ["::1", "127.0.0.1"]) == PICTURE


def test_fetch_follows_three_redirects(port: int) -> None:
    """Three redirects are followed, relative ones too."""
    assert fetch(f"http://127.0.0.1:{port}/again/3") == PICTURE


def test_fetch_refuses_a_fourth_redirect(port: int) -> None:
    """A fourth redirect ends it."""
    expected = "an address must redirect at most 3 times, this one goes on to 127.0.0.1: use the last address"
    assert failed(f"http://127.0.0.1:{port}/again/4") == expected


def test_fetch_looks_up_where_a_redirect_leads(port: int) -> None:
    """The host that a redirect names is looked up and asked like the first."""
    url = f"http://one.test:{port}/elsewhere/http://two.test:{port}/cat.jpg"
    assert fetch(url, resolve=at_home("one.test", "two.test")) == PICTURE


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a.test/1.jpg", "http://me:pw@a.test/", "http://[::1/"])
def test_fetch_checks_redirects(port: int, url: str) -> None:
    """A redirect may lead nowhere that could not have been typed."""
    with pytest.raises(UrlRefused):
        fetch(f"http://127.0.0.1:{port}/elsewhere/{url}")


@pytest.mark.parametrize("name", ["claims_much", "sends_much"])
def test_fetch_stops_at_the_limit(port: int, name: str) -> None:
    """Too many bytes are refused, whether the server says so before or just sends them."""
    expected = "an image must be at most 0.00954 MB, the one at 127.0.0.1 is larger: make it smaller first"
    assert failed(f"http://127.0.0.1:{port}/{name}") == expected


@pytest.mark.parametrize("name", ["slow_body", "slow_headers", "mute"])
def test_fetch_limits_the_whole_time(port: int, name: str) -> None:
    """The time limit counts from the start to the last byte, so that a trickle does not renew it."""
    started = time.monotonic()
    message = failed(f"http://127.0.0.1:{port}/{name}", timeout_s=0.3)
    assert message == "an address must answer within 0.3 s, 127.0.0.1 did not: try again or upload the file"
    assert 0.3 <= time.monotonic() - started < 1.5


def test_fetch_limits_the_handshake() -> None:
    """A server that takes the call and then says nothing, before the connection is even secure, is left in time."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert "must answer within 0.1 s" in failed(f"https://127.0.0.1:{mute.getsockname()[1]}/", timeout_s=0.1)


def test_fetch_limits_the_look_up() -> None:
    """A name service that hangs does not hold the fetch up."""
    is_over = threading.Event()

    def resolve(_host: str, _port: int) -> Sequence[str]:
        is_over.wait()
        return []

    with pytest.raises(FetchFailed, match=r"must answer within 0\.1 s"):
        fetch("http://pictures.test/", timeout_s=0.1, resolve=resolve)
    is_over.set()


def test_fetch_reports_a_status(port: int) -> None:
    """An answer that is no image is told by its status."""
    expected = "an address must answer with an image, 127.0.0.1 answered with status 404: open it in a browser"
    assert failed(f"http://127.0.0.1:{port}/missing") == expected


def test_fetch_refuses_packed_bodies(port: int) -> None:
    """A body packed against the request is refused, as unpacking could burst the limit."""
    expected = "an image must be sent uncompressed, 127.0.0.1 sends it compressed: download it and upload the file"
    assert failed(f"http://127.0.0.1:{port}/packed") == expected


@pytest.mark.parametrize("name", ["cut_short", "negative", "nonsense"])
def test_fetch_refuses_broken_answers(port: int, name: str) -> None:
    """Half an image is none, and what does not speak HTTP, or not well, is no web server."""
    message = failed(f"http://127.0.0.1:{port}/{name}")
    start = "an address must be a web server's, 127.0.0.1 did not answer like one: "
    assert message == start + "check it or upload the file"


def test_fetch_reports_a_closed_port() -> None:
    """Where nobody listens, a sentence says so."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed_port = taken.getsockname()[1]
    assert "must be a web server's" in failed(f"http://127.0.0.1:{closed_port}/")


def test_fetch_reports_an_unknown_name() -> None:
    """A name that the name service does not know is told."""

    def resolve(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror

    with pytest.raises(FetchFailed) as failure:
        fetch("http://nowhere.test/", resolve=resolve)
    assert (
        str(failure.value)
        == "an address must have a known host name, nowhere.test is unknown: check the address and the network"
    )


def test_fetch_over_tls(tls_port: int, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over https the server at the checked address proves the name that was typed, be there a dot at its end or not."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert fetch(f"https://pictures.test.:{tls_port}/cat.jpg", resolve=at_home("pictures.test")) == PICTURE


def test_fetch_over_tls_needs_the_right_name(tls_port: int, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate for another name is not taken."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(FetchFailed) as failure:
        fetch(f"https://other.test:{tls_port}/cat.jpg", resolve=at_home("other.test"))
    expected = "an https address must have a valid certificate, other.test has none: download the image in a browser"
    assert str(failure.value) == expected


def test_fetch_over_tls_needs_a_trusted_certificate(tls_port: int) -> None:
    """A certificate that nobody vouches for is not taken."""
    with pytest.raises(FetchFailed, match="must have a valid certificate"):
        fetch(f"https://pictures.test:{tls_port}/cat.jpg", resolve=at_home("pictures.test"))


def test_get_takes_its_time(port: int) -> None:
    """A body that goes on coming is read to its end, however long it takes; a server that says nothing is left."""
    answer = http.get(guard.parsed(f"http://127.0.0.1:{port}/slow_body"), {}, timeout_s=0.5, limit_bytes=1000)
    assert (200, b"x" * 100) == (answer.status, answer.body)
    with pytest.raises(TimeoutError):
        http.get(guard.parsed(f"http://127.0.0.1:{port}/mute"), {}, timeout_s=0.1, limit_bytes=1000)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "１２７.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "localhost",
        "[::1]",
        "[::]",
        "[::ffff:10.0.0.1]",
        "[fe80::1]",
        "[fd00:ec2::254]",
    ],
)
def test_fetch_refuses_its_own_network(host: str) -> None:
    """However an address of this machine or its network is written, it is refused, without asking anyone."""
    assert "is in this machine's own network and cannot be opened" in refused(f"http://{host}/")


def test_fetch_refuses_names_of_its_own_network() -> None:
    """One private address among those of a name is enough to refuse it."""
    with pytest.raises(UrlRefused) as refusal:
        http.fetch("http://sly.test/", limit_bytes=1, resolve=lambda *_: [PUBLIC, "10.0.0.1"])
    start = "an address must be on the internet, sly.test is in this machine's own network and cannot be opened: "
    assert str(refusal.value) == start + "download the image and upload the file"


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "168.63.129.16", "169.254.169.254"),
        *("172.16.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "203.0.113.1"),
        *("224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::10.0.0.1", "100::1"),
        *("2001::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "fc00::1", "fe80::1", "fe80::1%eth0"),
        *("fec0::1", "ff02::1", "ff0e::1"),
    ],
)
def test_is_public_refuses(address: str) -> None:
    """Whatever is not of the internet, or wraps what is not, is not public."""
    assert guard.is_public(address) is False


@pytest.mark.parametrize(
    "address", ["8.8.8.8", PUBLIC, "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"]
)
def test_is_public_admits(address: str) -> None:
    """What is of the internet is public, also by way of a translator."""
    assert guard.is_public(address) is True


@pytest.mark.parametrize(
    "url", ["ftp://a.test/1.jpg", "file:///etc/passwd", "javascript:1", "data:image/png,", "a.test"]
)
def test_parsed_wants_http(url: str) -> None:
    """Addresses of other kinds, and those of no kind, are refused."""
    assert re.fullmatch(r"an address must begin with http:// or https://, got '[\w.]+': correct it", refused(url))


def test_parsed_wants_no_password() -> None:
    """User names and passwords are refused, and not repeated."""
    expected = "an address must not contain a user name or password: download the image and upload the file"
    assert refused("http://me:secret@a.test/") == expected


@pytest.mark.parametrize(
    "url", ["http://", "http:///1.jpg", "http://a_%41.test/", "http://a b.test/", "http://a\\b.test"]
)
def test_parsed_wants_a_host(url: str) -> None:
    """An address without a host, or with one that cannot be, is refused."""
    assert re.fullmatch(r"an address must have a valid host name, '.*' is not valid: correct it", refused(url))


@pytest.mark.parametrize(
    "url", ["http://[::1/", "http://a.test:99999/", "http://a.test:x/", "http://a..test/", "http://\udcff/"]
)
def test_parsed_wants_an_address(url: str) -> None:
    """What cannot be read as an address is refused."""
    start = "an address must be like https://example.com/cat.jpg, got "
    assert refused(url) == f"{start}{url!r}: correct it"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("  HTTP://A.Test  ", "http://a.test/"),
        ("https://a.test:443/1.jpg", "https://a.test/1.jpg"),
        ("http://a.test:8080?size=1", "http://a.test:8080/?size=1"),
        ("http://müller.test/ü.jpg", "http://xn--mller-kva.test/%C3%BC.jpg"),
        ("http://[2606:4700::1111]:80/", "http://[2606:4700::1111]/"),
    ],
)
def test_parsed_writes_an_address_in_one_way(url: str, expected: str) -> None:
    """Case, spaces around, usual ports and letters beyond ASCII come out in one form."""
    assert guard.parsed(url).url == expected
