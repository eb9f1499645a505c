"""A certificate of the user's own, such as a school's: what is wrong with its files, and whether its time is over."""

from __future__ import annotations

import ssl
from datetime import datetime
from pathlib import Path

from cryptography import x509

from cvcore.errors import InvalidInput

_BEGIN, _CERTIFICATE, _KEY = b"-----BEGIN ", b" CERTIFICATE-----", b"PRIVATE KEY-----"


def check(certificate: Path, key: Path) -> None:
    """Do nothing, if a server can serve with these files.

    Raises:
        InvalidInput: one cannot be read or is of another kind, they do not fit together, or the key has a password.
    """
    try:
        # An encrypted key would be asked for at the terminal; the server cannot read it either.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (OSError, ssl.SSLError) as error:
        raise InvalidInput(
            f"--certificate and --key must be PEM files that fit together, got {certificate} and {key}: "
            f"{_reason(certificate, key, error)}"
        ) from error


def over(certificate: Path, now: datetime) -> str:
    """A sentence, if a certificate holds no longer or not yet; empty if it holds."""
    first = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    begin, end = first.not_valid_before_utc, first.not_valid_after_utc
    if begin <= now <= end:
        return ""
    return (
        f"The certificate {certificate} holds from {begin:%Y-%m-%d} to {end:%Y-%m-%d}, and today is {now:%Y-%m-%d}: "
        "browsers warn of it; renew it, or set this computer's clock."
    )


def _reason(certificate: Path, key: Path, error: Exception) -> str:
    """What is wrong with the files, in words; else what the system says, which names a kind of error at most."""
    try:
        contents = {path: path.read_bytes() for path in (certificate, key)}
    except OSError as unread:
        return f"{unread.filename} cannot be read ({unread.strerror})"
    for path, content in contents.items():
        if _BEGIN not in content:
            return f"{path} is no PEM file; openssl x509 and openssl pkey write one"
    if _CERTIFICATE not in contents[certificate]:
        return f"there is no certificate in {certificate}"
    if _KEY not in contents[key]:
        return f"there is no private key in {key}"
    if b"ENCRYPTED" in contents[key]:
        return f"the key has a password, which a server cannot type; openssl pkey -in {key} -out NEW writes it without"
    return str(error)
