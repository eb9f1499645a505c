"""What labelling tools write beside CSV and JSON: CVAT's XML, lists of images in text files, and boxes: refused.

https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/, https://docs.ultralytics.com/datasets/detect/
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from cvcore.annotations import cells, image_tables, splits
from cvcore.annotations.documents import Document, Row, parts, shown, suffix
from cvcore.annotations.matches import SUFFIXES
from cvcore.annotations.parsing import tables
from cvcore.errors import ArchiveRefused
from cvcore.languages import marked, t
from cvcore.settings import MEBIBYTE

XML_BYTES = 64 * MEBIBYTE
# A class and the four numbers of a box, or more of an outline.
BOX_NUMBERS = 5
_COMMA = re.compile(r"[^\s,;|]+\.(?:jpe?g|png|webp|bmp|gif|tiff?)\s*[,;|]", re.IGNORECASE)
_TABLE = marked("write a table with the columns file,labels, or put the images of each tag in a folder of its own")


def read_text(data: bytes, name: str) -> Document | None:
    """A list of images and their tags, a line each, as `cats/1.jpg 0`; None if the text is none.

    Raises:
        ArchiveRefused: it has the boxes of YOLO.
    """
    lines = [line.strip() for line in tables.decoded(data, name).splitlines()]
    filled = [line for line in lines if line]
    if filled and all(map(_is_box, filled)):
        rule = t("labels must be for entire images, {name} has the boxes of YOLO: {cure}", name=name, cure=t(_TABLE))
        raise ArchiveRefused(rule)
    if filled and _COMMA.match(filled[0]):
        return image_tables.read_csv(data, name)
    rows = []
    for number, line in enumerate(lines, 1):
        path, _, label = line.rpartition(" ") if " " in line else line.rpartition("\t")
        if line and suffix(path.strip()) not in SUFFIXES:
            return None
        if line:
            rows.append(Row(number, parts(path.strip()), cells.tags(label) or ()))
    return Document(name, tuple(rows), notes=tuple(image_tables.of_tags(rows))) if rows else None


def _is_box(line: str) -> bool:
    words = line.split()
    try:
        return len(words) >= BOX_NUMBERS and all(-1 <= float(word) <= 2 for word in words[1:]) and words[0].isdecimal()
    except ValueError:
        return False


def read_xml(data: bytes, name: str) -> Document | None:
    """CVAT's export of tagged images; None if the XML is another.

    Raises:
        ArchiveRefused: it has the boxes of Pascal VOC, or declares entities.
    """
    if len(data) > XML_BYTES or b"<!" in data.replace(b"\0", b"").replace(b"<!--", b""):
        return None
    try:
        root = ElementTree.fromstring(data)  # noqa: S314 (without a DOCTYPE there are no entities)
    except (ElementTree.ParseError, ValueError, LookupError):
        return None
    if root.tag == "annotation" and root.find("object") is not None:
        rule = t(
            "labels must be for entire images, {name} has the boxes of Pascal VOC: {cure}", name=name, cure=t(_TABLE)
        )
        raise ArchiveRefused(rule)
    images = root.findall("image")
    if root.tag != "annotations" or not images:
        return None
    rows, has_shapes = [], False
    for number, image in enumerate(images, 1):
        tags = [cells.name(tag.get("label")) for tag in image.findall("tag")]
        has_shapes |= any(child.tag != "tag" for child in image)
        if path := parts(image.get("name") or ""):
            split = splits.of(image.get("subset") or "")
            rows.append(Row(number, path, tuple(dict.fromkeys(filter(None, tags))), split))
    notes = (t("Boxes and other shapes are not kept: only tags of entire images are."),) if has_shapes else ()
    return Document(t("CVAT export {name}", name=shown(name)), tuple(rows), (), notes)
