"""A request as it was received, without its body: what a signature is computed from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_plus

from starlette.types import Scope

_PRESIGNED = re.compile("(^|&)(X-Amz-Algorithm|X-Amz-Signature|AWSAccessKeyId)=")


@dataclass(frozen=True)
class Head:
    """Method, headers with names in lower case, and path and query as they were sent, not decoded."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str:
        """A header's value, its values joined by commas if it was sent several times; empty without it.

        >>> Head("GET", "/", "", (("x-amz-meta-a", "  1  2 "), ("x-amz-meta-a", "3"))).header("x-amz-meta-a")
        '1 2,3'
        """
        # Other bytes that Python takes for a space are parts of letters in UTF-8.
        return ",".join(re.sub("[ \t]+", " ", value.strip(" \t")) for known, value in self.headers if known == name)

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """The query's names and values, decoded, in their order; a name without `=` has an empty value.

        >>> Head("GET", "/b", "uploads&prefix=a%2Fb+c", ()).parameters
        (('uploads', ''), ('prefix', 'a/b c'))
        """
        return tuple((unquote_plus(name), unquote_plus(value)) for name, value in self.pairs)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The query's names and values as they were sent."""
        parts = [part.partition("=") for part in self.query.split("&") if part]
        return tuple((name, value) for name, _, value in parts)

    @property
    def is_presigned(self) -> bool:
        """Whether the query has a signature, of version 4 or 2."""
        return bool(_PRESIGNED.search(self.query))

    def parameter(self, name: str) -> str:
        """The value of a parameter of the query; empty without it."""
        return dict(self.parameters).get(name, "")


def received(scope: Scope) -> Head:
    """The head of a request that an ASGI server received."""
    headers = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"])
    raw = scope.get("raw_path") or b"/"
    # Some servers leave the query in it.
    path = raw.partition(b"?")[0].decode("latin-1")
    return Head(scope["method"], path, scope["query_string"].decode("latin-1"), headers)
