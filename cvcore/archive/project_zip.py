"""An open project zip: its tagwise.json, and its members, which are checked when they are read.

A member must have the SHA-256 and the size that tagwise.json lists for it.
"""

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
from cvcore.languages import t
from cvcore.settings import MEBIBYTE, Limits
from cvcore.store.project_contents import Sha256

MANIFEST, KIND = "tagwise.json", "Tagwise project"

# A Tagwise that knows only the oldest version refuses zips with files of analyses: those have the newer one, so that it
# says why.
OLDEST_VERSION, VERSION = 1, 2

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
            ArchiveRefused: it is missing, larger than `limit_bytes`, or not as tagwise.json lists it.
        """
        if member not in self.files:
            raise ArchiveRefused(
                t("a project zip must be complete, {member} is missing: copy or download it again", member=member)
            )
        file = self.files[member]
        if file.size_bytes > limit_bytes:
            raise ArchiveRefused(
                t(
                    "{member} in a project zip must be at most {most} MB, this one is larger: check that "
                    "Tagwise made the zip",
                    member=member,
                    most=limit_bytes // MEBIBYTE,
                )
            )
        data = zips.read(self.archive, self.infos[member], file.size_bytes + 1)
        if len(data) != file.size_bytes or blobs.sha256(data) != file.sha256:
            raise ArchiveRefused(
                t(
                    "a project zip must be unchanged, {member} has another SHA-256: copy or download it again",
                    member=member,
                )
            )
        return data

    def check_members(self, needed: set[str], allowed: set[str]) -> None:
        """Check that all `needed` members are there, and no other members except `allowed` ones.

        Raises:
            ArchiveRefused: a needed member is missing, or another one is there; the message names it.
        """
        present = self.infos.keys() - {MANIFEST}
        complete = present & self.files.keys()
        if missing := sorted(needed - complete):
            raise ArchiveRefused(
                t("a project zip must be complete, {member} is missing: copy or download it again", member=missing[0])
            )
        if others := sorted((present | self.files.keys()) - needed - (allowed & complete)):
            raise ArchiveRefused(
                t(
                    "a project zip must hold only files of its project, {file!r} is not one: copy or download it again",
                    file=others[0][:80],
                )
            )


def opened(source: Path | BinaryIO, limits: Limits) -> ZipFile:
    """The zip at a path or in an open file, within the limits of project zips.

    Raises:
        ArchiveRefused: it is not a zip, is cut short, or is too large.
    """
    return zips.opened(source, dataclasses.replace(limits, archive_entries=ENTRIES, archive_bytes=BYTES))


def read(archive: ZipFile) -> ProjectZip:
    """Read the tagwise.json of an open project zip.

    Raises:
        ArchiveRefused: it is not a project zip, or a newer Tagwise made it.
    """
    infos = {zips.path_of(info): info for info in archive.infolist()}
    # In a zip that was cut short, zipfile can find the end of another zip inside it, such as an npz.
    if min((info.header_offset for info in archive.infolist()), default=0) > 0:
        raise ArchiveRefused(t("a zip must be complete, the end of this one is missing: copy or download it again"))
    if MANIFEST not in infos:
        raise ArchiveRefused(
            t(
                "a project zip must contain {manifest}, this one does not: upload a zip of images on the Images page",
                manifest=MANIFEST,
            )
        )
    if len(infos) != len(archive.infolist()) or any(map(zips.refusal, infos.values())):
        raise ArchiveRefused(t("a project zip must be unchanged, this one is not: copy or download it again"))
    manifest = zips.read(archive, infos[MANIFEST], MANIFEST_BYTES)
    head = json_reader.read(manifest, _Head, MANIFEST)
    # The list of files is read only if this Tagwise knows the version.
    if head.version > VERSION:
        raise ArchiveRefused(
            t(
                "this project zip was made by a newer Tagwise ({made_by}): it has version {version}, and this "
                "Tagwise knows versions up to {newest}: update Tagwise",
                made_by=head.made_by,
                version=head.version,
                newest=VERSION,
            )
        )
    return ProjectZip(archive, infos, json_reader.read(manifest, _Manifest, MANIFEST).files)
