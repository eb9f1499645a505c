"""Whether a file is worth reading as annotations, and what it says: by its name and its content."""

from __future__ import annotations

from cvcore.annotations import ground_truth, image_tables, json_exports, text_exports
from cvcore.annotations.documents import Document, Parts
from cvcore.annotations.parsing import json_lines

CSV, JSON, TEXT, XML = (".csv", ".tsv"), (".json", ".jsonl", ".ndjson", ".manifest"), (".txt",), (".xml",)


def can_be(path: Parts) -> bool:
    """Whether a file is worth reading as annotations, by its name.

    >>> can_be(("fruit", "Labels.CSV")), can_be(("output.manifest",)), can_be(("1.jpg",)), can_be(("manifest",))
    (True, True, False, True)
    """
    name = path[-1].casefold()
    return name.endswith((*CSV, *JSON, *TEXT, *XML)) or ("manifest" in name and "." not in name)


def read(name: str, data: bytes) -> Document | None:
    """What a file says about images, by its name and content; None if it says nothing about images.

    Raises:
        ArchiveRefused: it is too large or cannot be read, or its labels are not for entire images; the message says
            which kind it is and what to do.

    >>> read("train.json", b'[{"image": "1.jpg", "label": "cat"}]').rows
    (Row(line=1, path=('1.jpg',), tags=('cat',), split=None, metadata=()),)
    """
    plain = name.casefold()
    if plain.endswith(CSV):
        return image_tables.read_csv(data, name)
    if plain.endswith(XML):
        return text_exports.read_xml(data, name)
    if plain.endswith(TEXT) and ground_truth.SOURCE.encode() not in data.replace(b"\0", b""):
        return text_exports.read_text(data, name)
    value = json_lines.document(data, name)
    if value is not None:
        return json_exports.read(value, name)
    return json_exports.read_lines(json_lines.read(data, name), name)
