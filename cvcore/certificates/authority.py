"""The certificate authority that this machine makes once, and that other devices may trust.

It can vouch for private addresses, for `.local` names and for this machine's own names and addresses only, which is
written in its certificate: whoever stole its key could not pretend to be another site (RFC 5280, 4.2.1.10).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cvcore.certificates.machine import Address
from cvcore.errors import HomeUnusable
from cvcore.files import blobs
from cvcore.languages import t

# The key with its certificate, so that one is never there without the other; and the certificate, to hand out.
KEY, CERTIFICATE = "ca.key", "ca.pem"
YEARS, SERVER_DAYS = 10, 397  # no browser takes a server's certificate that is valid for longer
BEFORE = timedelta(days=2)  # devices' clocks differ

_NETWORKS = (
    *("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
    *("::1/128", "fc00::/7", "fe80::/10"),
)
_SIGNS_CERTIFICATES = x509.KeyUsage(
    key_cert_sign=True,
    crl_sign=True,
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True, eq=False)
class Authority:
    """The authority's private key and certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def fingerprint(self) -> str:
        """The certificate's `fingerprint`."""
        return fingerprint(self.pem)

    @property
    def pem(self) -> bytes:
        """The certificate as a PEM file, to hand out."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def covers(self, subject: str | Address) -> bool:
        """Whether the authority may vouch for a name or an address."""
        permitted = self.certificate.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
        return any(_holds(each, subject) for each in permitted or ())

    def issue(self, names: Sequence[str], addresses: Sequence[Address]) -> bytes:
        """A server's private key and certificate for these names and addresses, as one PEM file."""
        key = ec.generate_private_key(ec.SECP256R1())
        subjects = [*map(x509.DNSName, names), *map(x509.IPAddress, addresses)]
        issuer = self.certificate.subject
        certificate = (
            _certificate(_named("Tagwise"), issuer, key, SERVER_DAYS)
            .add_extension(x509.SubjectAlternativeName(subjects), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return _as_pem(key, certificate)


def fingerprint(pem: bytes) -> str:
    """The SHA-256 of a certificate in a PEM file as devices show it, to compare: 32 pairs of hexadecimal digits."""
    return x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256()).hex(":").upper()


def ensure(home: Path, names: Sequence[str], addresses: Sequence[Address]) -> Authority:
    """The home folder's authority; made the first time, for private networks, `.local`, these names and addresses.

    `ca.pem` is written again if it is missing or was changed.

    Raises:
        HomeUnusable: its file is damaged, or cannot be written.
        StorageFull: the disk is full.
    """
    path = home / KEY
    if not path.exists():
        blobs.write_first(path, _new(names, addresses))
    with blobs.storage_errors(path):
        data = path.read_bytes()
    try:
        authority = Authority(*key_and_certificate(data))
    except ValueError as error:
        raise HomeUnusable(
            t(
                "{path} must hold the authority's key and certificate, it does not ({error}): restore it from a "
                "backup, or delete it to have a new authority made, which every device must then trust anew",
                path=path,
                error=error,
            )
        ) from error
    public = home / CERTIFICATE
    with blobs.storage_errors(public):
        if not public.exists() or public.read_bytes() != authority.pem:
            blobs.write(public, authority.pem)
    return authority


def key_and_certificate(data: bytes) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """The private key and the certificate in a PEM file of ours.

    Raises:
        ValueError: it does not hold both, or they do not fit together.
    """
    key, certificate = serialization.load_pem_private_key(data, None), x509.load_pem_x509_certificate(data)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise ValueError("the key is not the certificate's")
    return key, certificate


def _new(names: Sequence[str], addresses: Sequence[Address]) -> bytes:
    """A new authority's key and certificate, as one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    # Devices list authorities by name: which machine's, made when. A common name has at most 64 letters.
    machine = next((name for name in names if name != "localhost"), "localhost")
    name = _named(f"Tagwise on {machine[:40]} {datetime.now(UTC):%Y-%m-%d}")
    networks = dict.fromkeys(map(ipaddress.ip_network, (*_NETWORKS, *map(str, addresses))))
    permitted = [*map(x509.DNSName, dict.fromkeys(["local", *names])), *map(x509.IPAddress, networks)]
    certificate = (
        _certificate(name, name, key, 365 * YEARS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(_SIGNS_CERTIFICATES, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _as_pem(key, certificate)


def _holds(permitted: x509.GeneralName, subject: str | Address) -> bool:
    if isinstance(permitted, x509.DNSName):
        return isinstance(subject, str) and f".{subject}".endswith(f".{permitted.value}")
    network = permitted.value
    if isinstance(subject, str) or not isinstance(network, IPv4Network | IPv6Network):
        return False
    return subject.version == network.version and subject in network


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    """A certificate to be extended and signed, valid from two days ago."""
    now = datetime.now(UTC)
    return x509.CertificateBuilder(
        issuer, subject, key.public_key(), x509.random_serial_number(), now - BEFORE, now - BEFORE + timedelta(days)
    )


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _as_pem(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> bytes:
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return secret + certificate.public_bytes(serialization.Encoding.PEM)
