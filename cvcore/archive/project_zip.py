"""An open project zip: its tagwise.json, and its members, each checked against the SHA-256 there when it is read."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO, Literal
from zipfile import ZipFile, ZipInfo

from msgspec import Meta

from cvcore.archive import json_reader
from cvcore.errors import ArchiveRefused
from cvcore.files import blobs, zips
from cvcore.settings import MEBIBYTE, Limits
from cvcore.store.project_contents import Sha256

MANIFEST, KIND, VERSION = "tagwise.json", "Tagwise project", 1

ENTRIES, BYTES = 400_000, 65_536 * MEBIBYTE
MANIFEST_BYTES = 64 * MEBIBYTE


@dataclass(frozen=True)
class _Head:
    """The members of a tagwise.json that every version has."""

    kind: Literal["Tagwise project"]
    version: Annotated[int, Meta(ge=1, le=2**31)]
    made_by: Annotated[str, Meta(max_length=40)] = ""


@dataclass(frozen=True)
class _File:
    """A file of the zip, as tagwise.json lists it."""

    sha256: Sha256
    size_bytes: Annotated[int, Meta(ge=0, le=BYTES)]


@dataclass(frozen=True)
class _Manifest:
    """The list of files in a tagwise.json of this version."""

    files: Annotated[dict[Annotated[str, Meta(max_length=200)], _File], Meta(max_length=ENTRIES)]


@dataclass(frozen=True)
class ProjectZip:
    """An open project zip: its members by name, and the SHA-256 and size that tagwise.json lists for each."""

    archive: ZipFile
    infos: dict[str, ZipInfo]
    files: dict[str, _File]

    def read(self, member: str, limit_bytes: int) -> bytes:
        """A member's bytes.

        Raises:
            ArchiveRefused: it is missing, larger than `limit_bytes`, or not what tagwise.json lists.
        """
        if member not in self.files:
            raise ArchiveRefused(
                f"a project zip must be complete, {member} is missing in it: copy or download it again"
            )
        file = self.files[member]
        if file.size_bytes > limit_bytes:
            raise ArchiveRefused(
                f"{member} in a project zip may be {limit_bytes // MEBIBYTE} MB large, this one is larger: see that it "
                "is one of Tagwise's"
            )
        data = zips.read(self.archive, self.infos[member], file.size_bytes + 1)
        if len(data) != file.size_bytes or blobs.sha256(data) != file.sha256:
            raise ArchiveRefused(
                f"{member} in a project zip must be what was packed, its SHA-256 is another: copy or download it again"
            )
        return data

    def check_members(self, needed: set[str], allowed: set[str]) -> None:
        """Check that all needed members are there, and no others but those allowed.

        Raises:
            ArchiveRefused: one is missing, or there is another; the message names it.
        """
        present = self.infos.keys() - {MANIFEST}
        complete = present & self.files.keys()
        if missing := sorted(needed - complete):
            raise ArchiveRefused(
                f"a project zip must be complete, {missing[0]} is missing in it: copy or download it again"
            )
        if others := sorted((present | self.files.keys()) - needed - (allowed & complete)):
            raise ArchiveRefused(
                f"a project zip must hold only files of its project, {others[0][:80]!r} is none: copy or download it "
                "again"
            )


def opened(source: Path | BinaryIO, limits: Limits) -> ZipFile:
    """The zip at a path or in an open file, within the limits of project zips.

    Raises:
        ArchiveRefused: it is no zip, cut short, or too large.
    """
    return zips.opened(source, dataclasses.replace(limits, archive_entries=ENTRIES, archive_bytes=BYTES))


def read(archive: ZipFile) -> ProjectZip:
    """A project zip, with its tagwise.json read.

    Raises:
        ArchiveRefused: it is no project zip, or of a newer Tagwise.
    """
    infos = {zips.path_of(info): info for info in archive.infolist()}
    # In a zip that was cut short, zipfile may find the end of another zip inside it, such as an npz.
    if min((info.header_offset for info in archive.infolist()), default=0) > 0:
        raise ArchiveRefused("a zip must be complete, this one lacks its end: copy or download it again")
    if MANIFEST not in infos:
        raise ArchiveRefused(
            f"a project zip holds {MANIFEST}, this one does not: upload a zip of images on the Images page"
        )
    if len(infos) != len(archive.infolist()) or any(map(zips.refusal, infos.values())):
        raise ArchiveRefused("a project zip must be as Tagwise writes it, this one is not: copy or download it again")
    manifest = zips.read(archive, infos[MANIFEST], MANIFEST_BYTES)
    head = json_reader.read(manifest, _Head, MANIFEST)
    # The list of files is read only in a version that is known here.
    if head.version > VERSION:
        raise ArchiveRefused(
            f"this project zip is of a newer Tagwise ({head.made_by}), its version {head.version} is not known "
            f"here, only up to {VERSION}: update Tagwise"
        )
    return ProjectZip(archive, infos, json_reader.read(manifest, _Manifest, MANIFEST).files)
