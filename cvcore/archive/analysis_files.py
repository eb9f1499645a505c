"""The results of analyses in a project zip, and in a copy of a project.

iterations/NUMBER/learning-curve-1.npz     and so on, each only if the iteration has that result

Results are made again where they are missing, so that only whole ones are packed. A zip of a newer Tagwise can have
files of analyses that are unknown here: they are left out.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from cvcore import analyses, image_maps, learning_curves, next_steps, robustness, slices
from cvcore.analyses import KeptFile, Size
from cvcore.archive.project_zip import ProjectZip
from cvcore.errors import ArchiveRefused, ArraysDamaged
from cvcore.files import blobs, zip_writer
from cvcore.languages import t
from cvcore.records import Iteration
from cvcore.store import Store
from cvcore.store.project_contents import IterationContents

# A line for each analysis whose results are kept.
FILES: tuple[KeptFile[Any], ...] = (
    image_maps.FILE,
    learning_curves.FILE,
    next_steps.FILE,
    robustness.FILE,
    slices.KEPT_TOGETHER,
)

_MEMBER = re.compile(r"iterations/([1-9][0-9]{0,8})/[a-z][a-z-]{0,60}-[1-9][0-9]{0,3}\.[a-z]{1,8}")


def members(number: int) -> dict[str, KeptFile[Any]]:
    """The member names of the results that the iteration of that number can have."""
    return {f"iterations/{number}/{file.name}": file for file in FILES}


def add(archive: zipfile.ZipFile, files: dict[str, tuple[str, int]], store: Store, iteration: Iteration) -> bool:
    """Pack the iteration's results that are whole; whether there were any."""
    whole = [
        (member, data)
        for member, file in members(iteration.number).items()
        if analyses.load(store, iteration, file) is not None and (data := analyses.read(store, iteration, file))
    ]
    for member, data in whole:
        files[member] = zip_writer.add_bytes(archive, member, data)
    return bool(whole)


def copy(store: Store, iteration: Iteration, folder: Path) -> None:
    """Write the iteration's results into the folder of a copy of it."""
    for file in FILES:
        if data := analyses.read(store, iteration, file):
            blobs.write(folder / file.name, data)


def allowed(archive: ProjectZip, numbers: Collection[int]) -> set[str]:
    """The members of a zip that are results of these iterations, of known and of unknown analyses."""
    matches = (_MEMBER.fullmatch(member) for member in archive.infos)
    return {match[0] for match in matches if match and int(match[1]) in numbers}


def read(archive: ProjectZip, iteration: IterationContents) -> Iterator[tuple[str, bytes]]:
    """The names and bytes of an iteration's results in a zip, each checked.

    Raises:
        ArchiveRefused: a result is damaged, or of other images or tags.
    """
    size = Size(len(iteration.images), iteration.columns)
    for member, file in members(iteration.number).items():
        if member not in archive.files:
            continue
        data = archive.read(member, analyses.LIMIT_BYTES)
        try:
            file.from_bytes(data, size)
        except ArraysDamaged as error:
            raise ArchiveRefused(
                t(
                    "a project zip's {member} must match the project, it does not ({error}): copy or download it again",
                    member=member,
                    error=error,
                )
            ) from error
        yield file.name, data
