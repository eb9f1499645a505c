"""Certificates for https on the local network: an authority of this machine's own, and the server's certificate.

Imports `files` and the modules beside the packages.
"""

from cvcore.certificates.authority import CERTIFICATE, Authority, fingerprint
from cvcore.certificates.given import check, over
from cvcore.certificates.machine import addresses
from cvcore.certificates.renewal import keep_renewed, server_contexts
from cvcore.certificates.server import FILE, Served, ensure

__all__ = [
    "CERTIFICATE",
    "FILE",
    "Authority",
    "Served",
    "addresses",
    "check",
    "ensure",
    "fingerprint",
    "keep_renewed",
    "over",
    "server_contexts",
]
