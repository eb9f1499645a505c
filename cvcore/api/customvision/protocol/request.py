"""A request as handlers receive it, and readers of its parameters and files.

Names of parameters match in upper and lower case, because clients write them differently. A list is one parameter with
commas.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cvcore.api.customvision.protocol import multipart
from cvcore.api.customvision.protocol.errors import Refusal
from cvcore.errors import IterationNotFound
from cvcore.records import Iteration, Project
from cvcore.settings import Settings
from cvcore.store import Store

# Custom Vision's limits: images and tags per upload, ids per request; and the default number of images per page.
BATCH = 64
TAGS = 20
IDS = 256
TAKE = 50
NUMBER_MAX = 2**31 - 1


@dataclass(frozen=True)
class Call:
    """A request to an operation.

    `path` and `query` hold parameters, the query's names in lower case. `server` is the address that the client used,
    for example `http://localhost:8501`; `version` is the API's in that address. `secret` signs tokens.
    """

    store: Store
    settings: Settings
    server: str = ""
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    content_type: str = ""
    body: bytes = b""
    secret: str = ""
    version: tuple[int, int] = (3, 4)


@dataclass(frozen=True)
class Answer:
    """A response with a status other than 200; `body` becomes its JSON, None for no body."""

    status: int
    body: Any = None


def multi_status(call: Call, body: dict[str, Any]) -> Answer:
    """The response to a batch: 207 if not all of it succeeded, 200 otherwise, and always before version 3.3.

    Older clients take 207 for an error of the whole batch and hide the body.
    """
    return Answer(207 if not body["isBatchSuccessful"] and call.version >= (3, 3) else 200, body)


def text(call: Call, name: str) -> str:
    """A parameter; empty if it is missing."""
    return call.query.get(name.casefold(), "")


def required(call: Call, name: str) -> str:
    """A parameter that must be present.

    Raises:
        Refusal: it is missing.
    """
    if name.casefold() not in call.query:
        raise Refusal("BadRequestRequiredParamIsNull", f"the parameter {name} is required: add it")
    return text(call, name)


def flag(call: Call, name: str, *, default: bool = False) -> bool:
    """A parameter that is true or false; the default if it is missing.

    Raises:
        Refusal: it is neither.
    """
    value = text(call, name).casefold()
    if value not in ("", "true", "false"):
        raise Refusal("BadRequestInvalid", f"{name} must be true or false, got {value[:80]!r}")
    return default if not value else value == "true"


def number(call: Call, name: str, default: int, most: int = NUMBER_MAX) -> int:
    """A whole number from 0 to `most`; the default if it is missing.

    Raises:
        Refusal: the text is not such a number.
    """
    digits = text(call, name) or str(default)
    # Ten digits are enough, and int() is slow on thousands of them.
    value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 10 else -1
    if not 0 <= value <= most:
        raise Refusal("BadRequestInvalid", f"{name} must be a whole number in 0..{most}, got {digits[:80]!r}")
    return value


def fraction(call: Call, name: str, default: float) -> float:
    """A number; the default if it is missing. The caller checks its range.

    Raises:
        Refusal: the text is not a number.
    """
    try:
        return float(text(call, name) or default)
    except ValueError:
        raise Refusal("BadRequestInvalid", f"{name} must be a number in 0..1, got {text(call, name)[:80]!r}") from None


def ids(call: Call, name: str, most: int) -> list[str]:
    """A list of ids in lower case, without duplicates.

    Raises:
        Refusal: there are more than `most`.
    """
    values = [value.strip().casefold() for value in text(call, name).split(",")]
    return limited(list(dict.fromkeys(filter(None, values))), name, most)


def choice(value: str, name: str, choices: tuple[str, ...], code: str = "BadRequestInvalid") -> str:
    """The choice that equals the value in upper or lower case; the first choice if the value is empty.

    Raises:
        Refusal: the value is not a choice.
    """
    for known in choices:
        if value.casefold() in ("", known.casefold()):
            return known
    raise Refusal(code, f"{name} must be {' or '.join(choices)}, got {value[:80]!r}")


def limited(values: list[Any], name: str, most: int) -> list[Any]:
    """Check the number of values; returns them unchanged.

    Raises:
        Refusal: there are more than `most`.
    """
    if len(values) > most:
        raise Refusal(
            "BadRequestExceededBatchSize",
            f"{name} must have at most {most} items, got {len(values)}: send several requests",
        )
    return values


def uploaded_files(call: Call) -> list[multipart.Part]:
    """The image files in a request: the parts of a form, or the whole body.

    Raises:
        Refusal: there is none, or more than 64.
    """
    boundary = multipart.boundary(call.content_type)
    if boundary is None:
        if call.content_type.casefold().startswith(("multipart/", "application/json")):
            raise Refusal(
                "UnsupportedMediaType",
                "an image must be sent as multipart/form-data or application/octet-stream: change the Content-Type",
            )
        files = [multipart.Part("imageData", "", call.body)] if call.body else []
    else:
        files = [part for part in multipart.parts(call.body, boundary) if part.data]
    if not files:
        raise Refusal(
            "BadRequestImageStream", "the request must have an image, as a part named imageData or as its body: add one"
        )
    return limited(files, "imageData", BATCH)


def project(call: Call) -> Project:
    """The project with the id in the path.

    Raises:
        ProjectNotFound: there is no such project.
    """
    return call.store.projects.get(call.path["projectId"].casefold())


def iteration(call: Call, project: Project, iteration_id: str | None = None) -> Iteration:
    """The project's iteration with an id, by default the one in the path.

    Raises:
        IterationNotFound: the project has no such iteration.
    """
    wanted = (call.path["iterationId"] if iteration_id is None else iteration_id).strip().casefold()
    iteration = call.store.iterations.get(wanted)
    if iteration.project_id != project.id:
        raise IterationNotFound(f"there is no iteration {wanted[:80]!r} in {project.name!r}")
    return iteration


def snapshot(call: Call, project: Project) -> Iteration | None:
    """The iteration in the parameter iterationId; None, which means the workspace, without the parameter.

    Raises:
        IterationNotFound: the project has no such iteration.
    """
    iteration_id = text(call, "iterationId")
    return iteration(call, project, iteration_id) if iteration_id else None
