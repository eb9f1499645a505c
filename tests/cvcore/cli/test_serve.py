"""`tagwise serve` hands its options to Streamlit, and refuses what it could not serve with."""

from __future__ import annotations

import argparse
import re
import shutil
import socket
import ssl
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cvcore import certificates
from cvcore.cli.serve import about, check_port, flags_of, notes
from cvcore.errors import InvalidInput, Unavailable
from cvcore.files import disks
from cvcore.net import ports
from cvcore.store import Store
from cvcore.training import worker


def options(**given: object) -> argparse.Namespace:
    """The command's options, with these in place of the defaults."""
    return argparse.Namespace(
        **{"port": 8501, "address": "127.0.0.1", "certificate": None, "key": None, "https": False, **given}
    )


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate and its key, made for this test; skips without openssl."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("needs openssl to make a certificate, which this machine does not have")
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command = [openssl, "req", "-x509", *curve, "-nodes", "-subj", "/CN=localhost", "-out", certificate, "-keyout", key]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def test_by_http_unless_asked() -> None:
    """Without a certificate there is no flag for one."""
    assert ["--server.port=8501", "--server.address=127.0.0.1"] == flags_of(options())


def test_by_https(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate and its key are handed on with full paths: the app starts in another folder."""
    certificate, key = files
    monkeypatch.chdir(certificate.parent)
    flags = flags_of(options(certificate=Path("c.pem"), key=Path("k.pem")))
    assert [f"--server.sslCertFile={certificate}", f"--server.sslKeyFile={key}"] == flags[2:]


@pytest.mark.parametrize("name", ["certificate", "key"])
def test_one_without_the_other(name: str) -> None:
    """A certificate without its key, or a key alone, is refused before anything starts."""
    with pytest.raises(InvalidInput) as refusal:
        flags_of(options(**{name: Path("x.pem")}))
    assert "--certificate and --key must be given together: add the other" == str(refusal.value)


def test_files_that_do_not_fit(files: tuple[Path, Path], tmp_path: Path) -> None:
    """Whatever is wrong with them is told with its name, and what to do."""
    certificate, key = files
    (tmp_path / "der").write_bytes(ssl.PEM_cert_to_DER_cert(certificate.read_text()))
    (tmp_path / "folder").mkdir()
    (tmp_path / "locked.pem").write_text(key.read_text().replace("BEGIN PRIVATE", "BEGIN ENCRYPTED PRIVATE"))
    for first, second, reason in (
        (tmp_path / "none.pem", key, r"none.pem cannot be read \(No such file"),
        (tmp_path / "folder", key, r"folder cannot be read \("),
        (key, certificate, r"there is no certificate in \S+k.pem"),
        (certificate, certificate, r"there is no private key in \S+c.pem"),
        (tmp_path / "der", key, r"der is no PEM file; openssl x509"),
        (certificate, tmp_path / "locked.pem", r"the key has a password, .*openssl pkey -in \S+locked.pem"),
    ):
        expected = f"--certificate and --key must be PEM files that fit together, got {first} and {second}: "
        with pytest.raises(InvalidInput, match=f"{re.escape(expected)}.*{reason}"):
            flags_of(options(certificate=first, key=second))


def test_a_certificate_whose_time_is_over(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """It is served, since the clock may be wrong, but told; one that holds is not spoken of."""
    certificate, key = files
    flags_of(options(certificate=certificate, key=key))
    assert "" == capsys.readouterr().out
    for year in (2020, 2120):
        told = certificates.over(certificate, datetime(year, 1, 1, tzinfo=UTC))
        assert re.fullmatch(rf"The certificate .*c.pem holds from .* to .*, and today is {year}-01-01: .*", told)


def test_what_is_printed_for_https(tmp_path: Path) -> None:
    """The addresses that others can open, what they must trust, its fingerprint; and who is let in."""
    served = certificates.ensure(tmp_path)
    lines = about(served, options(https=True, address="0.0.0.0", port=9000))
    hosts = [str(each) for each in (*served.addresses, *served.names) if str(each) not in ("localhost", "127.0.0.1")]
    assert f"https://{hosts[-1]}:9000/" in lines
    assert not any("localhost" in line or "127.0.0.1" in line for line in lines)
    assert served.authority.fingerprint == lines[-1]
    lines = about(served, options(https=True))
    assert ["https://127.0.0.1:8501/", "Only this computer can open it: --address 0.0.0.0 lets others in."] == lines[:2]


def test_names_that_the_authority_does_not_cover_are_told(tmp_path: Path) -> None:
    """A name that this machine got after its authority was made is named, with what to do."""
    certificates.ensure(tmp_path)
    served = certificates.ensure(tmp_path, ["lab.school.example"])
    assert "may not vouch for lab.school.example" in about(served, options(https=True))[-1]


def test_what_is_said_of_the_home(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of an ordinary home; a sentence each while another Tagwise works on it, and on a network share."""
    Store(home).close()
    assert [] == notes(home)
    with worker.worker_lock(home):
        (second,) = notes(home)
    assert "both show the same projects, and one trains at a time." in second
    (tmp_path / "mounts").write_text("server:/ / nfs4 rw 0 0\n", encoding="utf-8")
    monkeypatch.setattr(disks, "MOUNTS", tmp_path / "mounts")
    (share,) = notes(home)
    assert f"The home folder {home} is on a network share (nfs4)" in share


def test_a_port_of_another_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named with a port that is free, or with what the system says if nobody can listen there."""
    monkeypatch.setattr(ports, "PATIENCE_S", 0.1)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        listener.listen()
        with pytest.raises(Unavailable) as taken:
            check_port("127.0.0.1", port)
    told = f"port {port} is taken by another program: end that program, or add --port (\\d+) to use another one"
    other = re.fullmatch(told, str(taken.value))
    assert other, taken.value
    check_port("127.0.0.1", int(other[1]))
    with pytest.raises(InvalidInput, match="--address and --port must be ones at which this computer can listen, got"):
        check_port("127.0.0.1", 2**16)
