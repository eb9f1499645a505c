"""XML as S3 writes and reads it: elements in elements, and text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias, Union
from xml.etree import ElementTree
from xml.sax.saxutils import escape

MEDIA_TYPE = "application/xml"
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

Content: TypeAlias = Union[str, int, "Sequence[tuple[str, Content]]"]

# XML 1.0 has no way to write these, and readers stop at them.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(name: str, content: Content, *, namespace: str = NAMESPACE) -> bytes:
    """A document of one element; a list is several pairs of one name, which attributes may follow.

    >>> document("Tags", [("Tag", "a&b"), ("Tag", 2)], namespace="").decode().splitlines()[1]
    '<Tags><Tag>a&amp;b</Tag><Tag>2</Tag></Tags>'
    """
    attribute = f' xmlns="{namespace}"' if namespace else ""
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}{attribute}>{_inner(content)}</{name}>'
    return text.encode()


def read(body: bytes, root: str) -> ElementTree.Element:
    """The root element of a document that a client sent, its names without their namespaces.

    Raises:
        ValueError: it is not well formed, has a document type or another root.

    >>> read(b"<Delete xmlns='x'><Object><Key>a</Key></Object></Delete>", "Delete").findtext("Object/Key")
    'a'
    """
    text = body.decode()
    # A document type could define entities that grow without limit.
    if "<!DOCTYPE" in text:
        raise ValueError("no document type is allowed")
    try:
        found = ElementTree.fromstring(text)  # noqa: S314 - without a document type there are no entities
    except (ElementTree.ParseError, ValueError) as error:
        raise ValueError(str(error)) from error
    for element in found.iter():
        element.tag = element.tag.rpartition("}")[2]
    if found.tag != root:
        raise ValueError(f"the root must be {root}, got {found.tag[:80]}")
    return found


def _inner(content: Content) -> str:
    if isinstance(content, str | int):
        return escape(_NOT_XML.sub("\ufffd", str(content)), {"\r": "&#13;"})
    return "".join(f"<{name}>{_inner(inner)}</{name.partition(' ')[0]}>" for name, inner in content)
