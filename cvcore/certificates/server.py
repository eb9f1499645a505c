"""The server's certificate, which follows this machine's names and addresses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from cvcore.certificates import authority, machine
from cvcore.certificates.authority import Authority
from cvcore.certificates.machine import Address
from cvcore.files import blobs

# The private key and the certificate in one file, so that the server never reads one without the other.
FILE = "https.pem"
RENEWED_BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class Served:
    """The certificate's file, whether it was made just now, and what it is for.

    `authority` signed it, and devices need the file at `authority_path`. `left_out` are names and addresses of this
    machine that the authority may not vouch for.
    """

    path: Path
    is_new: bool
    names: tuple[str, ...]
    addresses: tuple[Address, ...]
    left_out: tuple[str, ...]
    authority: Authority
    authority_path: Path


def ensure(home: Path, hosts: Iterable[str] = ()) -> Served:
    """The home folder's certificate for this machine; made anew if it is not for all its names and addresses.

    Also if it is damaged, signed by another authority, or ends within 30 days. `hosts` are further names of this
    machine, `TAGWISE_HOSTS`.

    Raises:
        HomeUnusable, StorageFull: as `authority.ensure`, or it cannot be written.
    """
    names, addresses = machine.names(hosts), machine.addresses()
    signer = authority.ensure(home, names, addresses)
    left_out = tuple(str(each) for each in (*names, *addresses) if not signer.covers(each))
    names = tuple(name for name in names if signer.covers(name))
    addresses = tuple(address for address in addresses if signer.covers(address))
    path = home / FILE
    is_new = not serves(path, signer, {*names, *addresses}, datetime.now(UTC))
    if is_new:
        blobs.write(path, signer.issue(names, addresses), is_secret=True)
    return Served(path, is_new, names, addresses, left_out, signer, home / authority.CERTIFICATE)


def serves(path: Path, signer: Authority, wanted: set[str | Address], now: datetime) -> bool:
    """Whether the file holds the authority's certificate for everything that is wanted, valid for 30 days more."""
    try:
        _, certificate = authority.key_and_certificate(path.read_bytes())
        certificate.verify_directly_issued_by(signer.certificate)
        subjects = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, x509.ExtensionNotFound, InvalidSignature):
        return False
    named = {*subjects.get_values_for_type(x509.DNSName), *subjects.get_values_for_type(x509.IPAddress)}
    is_in_time = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc - RENEWED_BEFORE
    return is_in_time and wanted <= named
