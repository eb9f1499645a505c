"""A home folder has one authority, which vouches for this machine only; its certificate follows the addresses."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import shutil
import socket
import ssl
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from cvcore import certificates
from cvcore.certificates import authority, machine, renewal, server
from cvcore.certificates.authority import Authority
from cvcore.errors import HomeUnusable
from tests.conftest import awaited

NAMES = ["localhost", "laptop", "laptop.local"]


def addresses(*texts: str) -> list[machine.Address]:
    return [ipaddress.ip_address(text) for text in texts]


@pytest.fixture
def made(tmp_path: Path) -> Authority:
    """The authority of a new home folder, on a machine with a public address."""
    return authority.ensure(tmp_path, NAMES, addresses("192.168.1.20", "203.0.113.7"))


def handshake(context: ssl.SSLContext, trusted: bytes | None, name: str) -> str:
    """Open a connection to a server with this context as a client that trusts a PEM; the error, or an empty text."""
    client = ssl.create_default_context(cadata=trusted.decode() if trusted else None)
    ours, theirs = socket.socketpair()

    def answer() -> None:
        with contextlib.suppress(OSError), context.wrap_socket(theirs, server_side=True) as wrapped:
            wrapped.recv(1)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=name) as wrapped:
            wrapped.send(b"x")
        return ""
    except ssl.SSLError as error:
        return str(error)
    finally:
        ours.close()
        thread.join(10)


def context_of(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def test_a_client_that_trusts_the_authority_is_let_in(tmp_path: Path) -> None:
    """By name and by address; a client that does not trust it refuses, and so does one that asks for another name."""
    served = certificates.ensure(tmp_path)
    context = context_of(served.path)
    trusted = (tmp_path / "ca.pem").read_bytes()
    for subject in (*served.names, *map(str, served.addresses)):
        assert "" == handshake(context, trusted, subject)
    assert "self-signed certificate" in handshake(context, None, "localhost") or "unable to get" in handshake(
        context, None, "localhost"
    )
    assert "doesn't match" in handshake(context, trusted, "elsewhere.local") or "mismatch" in handshake(
        context, trusted, "elsewhere.local"
    )


def test_the_authority_cannot_vouch_for_the_internet(tmp_path: Path, made: Authority) -> None:
    """Even who has its key gets no certificate for another site past a client."""
    forged = tmp_path / "forged.pem"
    forged.write_bytes(made.issue(["bank.example"], addresses("198.51.100.1")))
    for subject in ("bank.example", "198.51.100.1"):
        assert "permitted subtree violation" in handshake(context_of(forged), made.pem, subject)


@pytest.mark.parametrize(
    ("subject", "is_covered"),
    [
        ("laptop", True),
        ("printer.local", True),
        ("notlocal", False),
        ("bank.example", False),
        (ipaddress.ip_address("10.1.2.3"), True),
        (ipaddress.ip_address("203.0.113.7"), True),
        (ipaddress.ip_address("203.0.113.8"), False),
        (ipaddress.ip_address("fd00::2"), True),
        (ipaddress.ip_address("2001:db8::1"), False),
    ],
)
def test_what_the_authority_covers(made: Authority, subject: str | machine.Address, is_covered: bool) -> None:
    """Private addresses, .local, and the machine's own names and addresses of the day it was made."""
    assert is_covered == made.covers(subject)


def test_files_are_made_once(tmp_path: Path) -> None:
    """A second start finds the same; the keys are their owner's alone; a lost ca.pem is written again."""
    first = certificates.ensure(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert first.is_new
    assert {"ca.key", "ca.pem", "https.pem"} == set(before)
    assert [0o600, 0o600] == [(tmp_path / name).stat().st_mode & 0o777 for name in ("ca.key", "https.pem")]
    assert b"PRIVATE" not in before["ca.pem"]
    (tmp_path / "ca.pem").unlink()
    assert not certificates.ensure(tmp_path).is_new
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_further_names_renew_it(tmp_path: Path) -> None:
    """A name of TAGWISE_HOSTS that the authority covers gets in; one that it does not cover is told."""
    certificates.ensure(tmp_path)
    renewed = certificates.ensure(tmp_path, ["Lab.local", "lab.school.example", "not a name"])
    assert renewed.is_new
    assert "lab.local" in renewed.names
    assert ("lab.school.example",) == renewed.left_out


@pytest.mark.parametrize("data", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"])
def test_a_damaged_certificate_is_made_anew(tmp_path: Path, data: bytes) -> None:
    """Whatever its file holds, the next start serves with a good one of the same authority."""
    known = certificates.ensure(tmp_path).authority.fingerprint
    (tmp_path / "https.pem").write_bytes(data)
    again = certificates.ensure(tmp_path)
    assert again.is_new
    assert known == again.authority.fingerprint


@pytest.mark.parametrize("name", [authority.CERTIFICATE, authority.KEY, server.FILE])
def test_a_folder_in_a_files_place_is_told(tmp_path: Path, name: str) -> None:
    """In one sentence, which the app that renews certificates can log."""
    (tmp_path / name).mkdir()
    with pytest.raises(HomeUnusable, match=name):
        certificates.ensure(tmp_path)


def test_another_authority_s_certificate_is_made_anew(tmp_path: Path) -> None:
    """After its authority was deleted, the certificate of the old one is not served."""
    before = certificates.ensure(tmp_path).authority.fingerprint
    (tmp_path / "ca.key").unlink()
    again = certificates.ensure(tmp_path)
    assert again.is_new
    assert before != again.authority.fingerprint
    assert again.authority.pem == (tmp_path / "ca.pem").read_bytes()


def test_a_damaged_authority_is_told(tmp_path: Path) -> None:
    """It is not replaced in silence, because every device would have to trust the new one."""
    certificates.ensure(tmp_path)
    (tmp_path / "ca.key").write_text("nonsense")
    with pytest.raises(HomeUnusable, match="restore it from a backup, or delete it to have a new authority made"):
        certificates.ensure(tmp_path)


def test_a_key_of_another_authority_is_told(tmp_path: Path) -> None:
    """A key and a certificate that do not fit together are refused."""
    certificates.ensure(tmp_path / "a")
    certificates.ensure(tmp_path / "b")
    key = (tmp_path / "a" / "ca.key").read_text().partition("-----BEGIN CERT")[0]
    (tmp_path / "b" / "ca.key").write_text(key + (tmp_path / "b" / "ca.pem").read_text())
    with pytest.raises(HomeUnusable, match="the key is not the certificate's"):
        certificates.ensure(tmp_path / "b")


def test_it_is_renewed_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate ends after 397 days, and is renewed a month before, at the next look."""
    served = certificates.ensure(tmp_path)
    _, certificate = authority.key_and_certificate(served.path.read_bytes())
    assert timedelta(397) == certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert not server.serves(served.path, served.authority, set(), certificate.not_valid_after_utc - timedelta(29))
    assert server.serves(served.path, served.authority, set(), certificate.not_valid_after_utc - timedelta(31))
    assert not server.serves(served.path, served.authority, set(), datetime.now(UTC) - timedelta(3))


def test_a_running_server_gets_the_new_one(tmp_path: Path) -> None:
    """When the machine's names change, connections that are opened afterwards see them."""
    context = context_of(certificates.ensure(tmp_path).path)
    trusted = (tmp_path / "ca.pem").read_bytes()
    assert "" != handshake(context, trusted, "lab.local")

    async def renewed() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(renewal.keep_renewed(tmp_path, ["lab.local"], [context], every_s=0.01), 1)

    awaited(renewed())
    assert "" == handshake(context, trusted, "lab.local")


def test_the_server_s_context_is_found() -> None:
    """A context that a library made and keeps to itself is among those found; clients' contexts are not."""
    hidden = {"server": ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), "client": ssl.create_default_context()}
    found = renewal.server_contexts()
    assert any(each is hidden["server"] for each in found)
    assert not any(each is hidden["client"] for each in found)


def test_openssl_accepts_it(tmp_path: Path) -> None:
    """openssl, strictly, verifies the certificate by the authority."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("needs openssl, which this machine does not have")
    served = certificates.ensure(tmp_path)
    command = [openssl, "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", tmp_path / "ca.pem", served.path]
    subprocess.run(command, check=True, capture_output=True)


def test_the_fingerprint_is_what_devices_show(tmp_path: Path, made: Authority) -> None:
    """32 pairs of hexadecimal digits, in capitals, of the certificate's SHA-256."""
    shown = x509.load_pem_x509_certificate((tmp_path / "ca.pem").read_bytes())
    assert made.fingerprint.replace(":", "").lower() == shown.fingerprint(shown.signature_hash_algorithm).hex()
    assert 32 == len(made.fingerprint.split(":"))


def test_names_and_addresses_of_this_machine() -> None:
    """Localhost is always there; further names are in lower case, each once; localhost's addresses come last."""
    assert "localhost" == machine.names(["LAB.local", "lab.local", "", "-x"])[0]
    assert 1 == machine.names(["LAB.local", "lab.local"]).count("lab.local")
    assert {"127.0.0.1", "::1"} == set(map(str, machine.addresses()[-2:]))
