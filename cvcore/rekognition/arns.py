"""ARNs: Amazon's names for projects, datasets and versions. One is made when a project or iteration is first seen.

The number at the end, milliseconds since 1970, is unique for its kind: by it an ARN is found again, whatever region
it is asked for, and also when its project was renamed meanwhile. An ARN that Amazon made, of an account of its own, is
found by its names if no number is: scripts have such ARNs written in them.

https://docs.aws.amazon.com/rekognition/latest/customlabels-dg/security_iam_service-with-iam.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast

from cvcore.errors import InvalidInput, IterationNotFound, NotFound, ProjectNotFound
from cvcore.records import Iteration, Project
from cvcore.store import ArnKind, ArnRow, Purpose, Store

ACCOUNT = "000000000000"
REGION = "us-east-1"
NAME_LETTERS = 255

_ARN = re.compile(
    r"arn:[a-z\d-]+:rekognition:[a-z\d-]+:(?P<account>\d{12}):project/(?P<project>[a-zA-Z0-9_.\-]{1,255})"
    r"(?:/(?:dataset/(?P<purpose>train|test)|version/(?P<version>[a-zA-Z0-9_.\-]{1,255})))?/(?P<ms>[0-9]{1,18})"
)


@dataclass(frozen=True)
class Arn:
    """What an ARN says."""

    kind: ArnKind
    created_ms: int


def parse(text: str) -> Arn:
    """What an ARN says.

    Raises:
        InvalidInput: it is no ARN of a project, a dataset or a version.

    >>> parse("arn:aws:rekognition:eu-west-1:123456789012:project/dogs/dataset/train/1700000000000")
    Arn(kind='dataset', created_ms=1700000000000)
    """
    found = _ARN.fullmatch(text)
    if not found:
        raise InvalidInput(
            "an ARN must be arn:aws:rekognition:REGION:ACCOUNT:project/NAME/NUMBER, or that of a dataset or version, "
            f"got {text[:200]!r}: ask DescribeProjects for it"
        )
    kind: ArnKind = "dataset" if found["purpose"] else "version" if found["version"] else "project"
    return Arn(kind, int(found["ms"]))


def name(text: str) -> str:
    """A name as it stands in an ARN: what Amazon does not allow there becomes `_`.

    >>> name("Roses & tulips")
    'Roses___tulips'
    """
    return re.sub(r"[^a-zA-Z0-9_.\-]", "_", text)[:NAME_LETTERS]


def of_project(store: Store, project: Project, region: str = REGION) -> str:
    """A project's ARN."""
    with store.transaction():
        known = store.rekognition_arns.of_project(project.id)
        return known.arn if known else _add(store, project, "", _new("project", project, project.created_at), region)


def keep(store: Store, project: Project, arn: str, purpose: Purpose | None = None) -> None:
    """Give a project, or one of its datasets, the ARN that it had elsewhere, unless its number is taken here.

    Raises:
        InvalidInput: it is no ARN.
    """
    read = parse(arn)
    with store.transaction():
        if store.rekognition_arns.find(read.kind, read.created_ms) is None:
            store.rekognition_arns.add(ArnRow(arn, read.kind, read.created_ms, project.id, purpose=purpose))


def of_dataset(store: Store, project: Project, purpose: Purpose, region: str = REGION) -> str:
    """The ARN of one of a project's datasets."""
    with store.transaction():
        if known := store.rekognition_arns.of_dataset(project.id, purpose):
            return known.arn
        row = replace(_new("dataset", project, datetime.now(UTC)), purpose=purpose)
        return _add(store, project, f"/dataset/{purpose.lower()}", row, region)


def of_iteration(
    store: Store, project: Project, iteration: Iteration, region: str = REGION, *, version_name: str = ""
) -> str:
    """The ARN of an iteration as a version of its project; without a name for the version it has the iteration's."""
    with store.transaction():
        if known := store.rekognition_arns.of_iteration(iteration.id):
            return known.arn
        row = replace(_new("version", project, iteration.created_at), iteration_id=iteration.id)
        return _add(store, project, f"/version/{name(version_name or iteration.name)}", row, region)


def project(store: Store, arn: str) -> Project:
    """The project that an ARN names.

    Raises:
        InvalidInput: it is no ARN.
        ProjectNotFound: it names no project, or one that was deleted.
    """
    found = _find(store, arn, "project")
    if not found:
        raise ProjectNotFound(f"there is no project {arn[:200]!r}: it may have been deleted")
    return store.projects.get(found.project_id)


def dataset(store: Store, arn: str) -> tuple[Project, Purpose]:
    """The project of the dataset that an ARN names, and the dataset's purpose.

    Raises:
        InvalidInput: it is no ARN.
        NotFound: it names no dataset, or one that was deleted.
    """
    found = _find(store, arn, "dataset")
    if not found:
        raise NotFound(f"there is no dataset {arn[:200]!r}: it may have been deleted")
    return store.projects.get(found.project_id), cast("Purpose", found.purpose)


def version(store: Store, arn: str) -> tuple[Project, Iteration]:
    """The project and the iteration of the version that an ARN names.

    Raises:
        InvalidInput: it is no ARN.
        IterationNotFound: it names no version, or one that was deleted.
    """
    found = _find(store, arn, "version")
    if not found:
        raise IterationNotFound(f"there is no version {arn[:200]!r}: it may have been deleted")
    return store.projects.get(found.project_id), store.iterations.get(str(found.iteration_id))


def resource(store: Store, arn: str) -> str:
    """The ARN as it is stored, of whatever kind; its region may be another than in the text.

    Raises:
        InvalidInput: it is no ARN.
        NotFound: it names nothing, or what was deleted.
    """
    found = _find(store, arn, parse(arn).kind)
    if not found:
        raise NotFound(f"there is nothing with the ARN {arn[:200]!r}: it may have been deleted")
    return found.arn


def _find(store: Store, text: str, kind: ArnKind) -> ArnRow | None:
    read = parse(text)
    if read.kind != kind:
        return None
    return store.rekognition_arns.find(kind, read.created_ms) or _find_by_names(store, text)


def _find_by_names(store: Store, text: str) -> ArnRow | None:
    """The ARN here of what has the names in an ARN of another account, or None."""
    found = _ARN.fullmatch(text)
    named = [each for each in store.projects.all() if found and name(each.name) == found["project"]]
    if not found or not named or found["account"] == ACCOUNT:
        return None
    if found["purpose"]:
        return store.rekognition_arns.of_dataset(named[0].id, cast("Purpose", found["purpose"].upper()))
    if not found["version"]:
        return store.rekognition_arns.find("project", parse(of_project(store, named[0])).created_ms)
    for iteration in store.iterations.of_project(named[0].id):
        arn = of_iteration(store, named[0], iteration)
        if arn.split("/")[3] == found["version"]:
            return store.rekognition_arns.find("version", parse(arn).created_ms)
    return None


def _new(kind: ArnKind, project: Project, created_at: datetime) -> ArnRow:
    return ArnRow("", kind, int(created_at.timestamp() * 1000), project.id)


def _add(store: Store, project: Project, path: str, row: ArnRow, region: str) -> str:
    created_ms = store.rekognition_arns.free_ms(row.kind, row.created_ms)
    # A dataset's and a version's ARN begin as their project's, with its name when that was made.
    whole = store.rekognition_arns.of_project(project.id)
    project_name = whole.arn.split("/")[1] if whole else name(project.name)
    arn = f"arn:aws:rekognition:{region}:{ACCOUNT}:project/{project_name}{path}/{created_ms}"
    store.rekognition_arns.add(replace(row, arn=arn, created_ms=created_ms))
    return arn
