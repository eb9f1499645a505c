"""Why a signed request is refused; each service has its own names for the reasons."""

from __future__ import annotations

from typing import Literal

from cvcore.errors import TagwiseError

Reason = Literal[
    "missing",  # there is no signature
    "malformed",  # the header Authorization or a parameter of the query cannot be read
    "algorithm",  # a kind of signature that is not served
    "service",  # signed for a service that is not served
    "path",  # an address that is not UTF-8
    "payload",  # what the header x-amz-content-sha256 says of the body cannot be
    "unknown",  # no key has that id
    "wrong",  # the signature is another
    "skewed",  # the clocks are too far apart
    "expired",  # the address was signed for a time that is over
    "unsigned",  # a header that had to be signed is not
    "body",  # the body is not the one that was signed
    "large",  # the body is longer than the service takes
    "length",  # the body is shorter or longer than stated
    "chunks",  # the body is not divided into chunks as stated
]


class SignatureRefused(TagwiseError):
    """A request whose signature, or whose signed body, is not accepted; `reason` says in one word why."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
