"""A request as handlers receive it, and readers of its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from cvcore.api.aws.s3.protocol import xml
from cvcore.api.aws.s3.protocol.errors import Refusal
from cvcore.api.aws.signed.request import SignedRequest
from cvcore.buckets import addresses
from cvcore.buckets.incoming import Incoming
from cvcore.settings import Settings

NUMBER_MOST = 2**31 - 1
# An object's version where buckets keep none.
VERSION = "null"


@dataclass(frozen=True)
class Call:
    """A request to an operation; `bucket` and `key` are empty where it names none.

    `parameters` are the query's. An operation gets its body either whole or, as `incoming`, in a file that is complete
    and whose checksums are as stated.
    """

    settings: Settings
    request: SignedRequest
    bucket: str
    key: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    incoming: Incoming | None = None

    @property
    def home(self) -> Path:
        """The home folder."""
        return self.settings.home

    @property
    def file(self) -> Incoming:
        """The body in a file."""
        assert self.incoming, "the operation asks for its body in a file"
        return self.incoming

    def parameter(self, name: str) -> str:
        """A parameter of the query; empty if it is missing."""
        return self.parameters.get(name, "")

    def header(self, name: str) -> str:
        """A header; empty if it is missing."""
        return self.request.headers.get(name, "")


def number(call: Call, name: str, default: int, *, least: int = 0, most: int = NUMBER_MOST) -> int:
    """A parameter that is a whole number; the default if it is missing.

    Raises:
        Refusal: the text is not such a number.
    """
    digits = call.parameter(name) or str(default)
    # Ten digits are enough, and int() is slow on thousands of them.
    value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 10 else -1
    if not least <= value <= most:
        raise Refusal("InvalidArgument", f"{name} must be a whole number in {least}..{most}, got {digits[:80]!r}")
    return value


def document(call: Call, root: str) -> ElementTree.Element:
    """The body, an XML document with that root.

    Raises:
        Refusal: it is none.
    """
    try:
        return xml.read(call.body, root)
    except ValueError as error:
        raise Refusal("MalformedXML", f"the body must be XML with the root {root}: {str(error)[:200]}") from error


def check_version(version: str) -> None:
    """Check that an object's version is the only one there is.

    Raises:
        Refusal: it is another.
    """
    if version not in ("", VERSION):
        raise Refusal("NoSuchVersion", f"buckets keep no versions here, got {version[:80]!r}: leave the version out")


def check_writable(call: Call) -> None:
    """Check that the bucket's objects can be written and deleted.

    Raises:
        Refusal: it is the bucket of the stored images.
    """
    if call.bucket == addresses.IMAGES:
        raise Refusal("AccessDenied", f"the bucket {addresses.IMAGES} has the stored images, and is read only")
