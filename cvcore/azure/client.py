"""Reads projects, tags and images from Azure Custom Vision's API or a compatible server.

Fields can be missing or null, and names are unchecked text from outside. The operations:
https://learn.microsoft.com/rest/api/customvision/. Each raises the errors of `transport.get_json`, and FetchFailed for
an answer of another shape.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from cvcore.azure import transport
from cvcore.azure.transport import Endpoint
from cvcore.errors import FetchFailed
from cvcore.net import guard, http

TAKE = 256
IMAGE_PAUSES_S = (0.5, 2.0)


@dataclass(frozen=True)
class Domain:
    """A domain of Azure's; models of a compact domain can be exported."""

    id: str
    name: str
    is_detection: bool
    is_compact: bool


@dataclass(frozen=True)
class Project:
    """A project of Azure's; `classification_type` can be empty."""

    id: str
    name: str
    description: str
    domain_id: str
    classification_type: str


@dataclass(frozen=True)
class Tag:
    """A tag of Azure's; `image_count` counts the workspace's images with it."""

    id: str
    name: str
    is_negative: bool
    image_count: int


@dataclass(frozen=True)
class Image:
    """An image of the workspace.

    `uri` is the address of the original or, if `is_copy`, of a smaller copy; empty if Azure gives no address.
    """

    id: str
    uri: str
    is_copy: bool
    metadata: Mapping[str, str]
    tag_ids: tuple[str, ...]


def domains(endpoint: Endpoint) -> list[Domain]:
    """The domains that Azure offers at present."""
    return [
        Domain(
            id=_text(row, "id").casefold(),
            name=_text(row, "name"),
            is_detection=_text(row, "type") == "ObjectDetection",
            is_compact=row.get("exportable") is True,
        )
        for row in _rows(endpoint, "/domains")
    ]


def projects(endpoint: Endpoint) -> list[Project]:
    """All projects of the resource."""
    return [_project(row) for row in _rows(endpoint, "/projects")]


def tags(endpoint: Endpoint, project_id: str) -> list[Tag]:
    """All tags of a project's workspace."""
    return [
        Tag(
            id=_text(row, "id"),
            name=_text(row, "name"),
            is_negative=_text(row, "type") == "Negative",
            image_count=_count(endpoint, row.get("imageCount") or 0),
        )
        for row in _rows(endpoint, f"{_path(project_id)}/tags")
    ]


def image_count(endpoint: Endpoint, project_id: str) -> int:
    """How many images a project's workspace has, tagged or not."""
    return _count(endpoint, transport.get_json(endpoint, f"{_path(project_id)}/images/count?taggingStatus=All"))


def images(endpoint: Endpoint, project_id: str) -> Iterator[list[Image]]:
    """A workspace's images, tagged or not, the oldest first, at most 256 at a time.

    The images' addresses expire, so each page is requested only when it is needed.
    """
    seen: set[str] = set()
    skip = 0
    while True:
        query = f"taggingStatus=All&orderBy=Oldest&take={TAKE}&skip={skip}"
        rows = _rows(endpoint, f"{_path(project_id)}/images?{query}")
        page = {image.id: image for image in map(_image, rows) if image.id not in seen}
        # A short page is not always the last one; a page with nothing new is, even if the server ignores `skip`.
        if not page:
            return
        yield list(page.values())
        seen.update(page)
        skip += len(rows)


def download_image(endpoint: Endpoint, image: Image, *, limit_bytes: int) -> bytes:
    """Download an image without the key, because its address itself grants access.

    Raises:
        UrlRefused: the address is invalid, or is in this machine's own network; only an endpoint on this machine may
            give addresses on this machine.
        FetchFailed: three tries gave no answer, an error or more than `limit_bytes`.
    """
    is_here = transport.is_loopback(endpoint.host) and transport.is_loopback(guard.parsed(image.uri).host)

    def fetch() -> bytes:
        return http.fetch(image.uri, limit_bytes=limit_bytes, timeout_s=transport.TIMEOUT_S, allow_private=is_here)

    for pause_s in IMAGE_PAUSES_S:
        with contextlib.suppress(FetchFailed):
            return fetch()
        endpoint.sleep(pause_s)
    return fetch()


def _project(row: dict[str, Any]) -> Project:
    settings = settings if isinstance(settings := row.get("settings"), dict) else {}
    return Project(
        id=_text(row, "id"),
        name=_text(row, "name"),
        description=_text(row, "description"),
        domain_id=_text(settings, "domainId").casefold(),
        classification_type=_text(settings, "classificationType"),
    )


def _image(row: dict[str, Any]) -> Image:
    tags = row.get("tags")
    original, copy = _text(row, "originalImageUri"), _text(row, "resizedImageUri")
    return Image(
        id=_text(row, "id"),
        uri=original or copy,
        is_copy=bool(copy) and not original,
        metadata={key: _text(known, key) for key in known} if isinstance(known := row.get("metadata"), dict) else {},
        tag_ids=tuple(_text(tag, "tagId") for tag in tags if isinstance(tag, dict)) if isinstance(tags, list) else (),
    )


def _rows(endpoint: Endpoint, path: str) -> list[dict[str, Any]]:
    rows = transport.get_json(endpoint, path)
    if not isinstance(rows, list) or not all(isinstance(row, dict) and _text(row, "id") for row in rows):
        raise transport.not_understood(endpoint)
    return rows


def _count(endpoint: Endpoint, value: Any) -> int:
    if not isinstance(value, int):
        raise transport.not_understood(endpoint)
    return value


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    # JSON can contain lone surrogates, which the database cannot store.
    return value.encode("utf-8", "ignore").decode() if isinstance(value, str) else ""


def _path(project_id: str) -> str:
    return f"/projects/{quote(project_id, safe='')}"
