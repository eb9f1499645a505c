"""One request, and what its handler may ask of it.

Names of parameters and of JSON fields are matched in any case, as clients write them differently. Lists come joined
by commas in one parameter. A body may be empty though its type says JSON: the SDK sends that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cvcore.api.customvision.protocol import multipart
from cvcore.api.customvision.protocol.errors import Refusal
from cvcore.errors import IterationNotFound
from cvcore.records import Iteration, Project
from cvcore.settings import Settings
from cvcore.store import Store

BATCH = 64
TAGS = 20
IDS = 256
TAKE = 50
NUMBER_MAX = 2**31 - 1

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """`path` and `query` hold parameters, the query's names in lower case; `server` is how the client reached us.

    `secret` signs tokens.
    """

    store: Store
    told: Settings
    server: str = ""
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    content_type: str = ""
    body: bytes = b""
    secret: str = ""


@dataclass(frozen=True)
class Answer:
    """A status other than 200, or 204 for nothing, and what becomes the JSON body; None for no body."""

    status: int
    body: Any = None


def text(call: Call, name: str) -> str:
    """A parameter, or empty."""
    return call.query.get(name.casefold(), "")


def required(call: Call, name: str) -> str:
    """A parameter that must be there.

    Raises:
        Refusal: it is not.
    """
    if name.casefold() not in call.query:
        raise Refusal("BadRequestRequiredParamIsNull", f"the parameter {name} is required: add it")
    return text(call, name)


def flag(call: Call, name: str, *, default: bool = False) -> bool:
    """A parameter that is true or false.

    Raises:
        Refusal: it is neither.
    """
    given = text(call, name).casefold()
    if given not in ("", "true", "false"):
        raise Refusal("BadRequestInvalid", f"{name} must be true or false, got {given[:80]!r}")
    return default if not given else given == "true"


def number(call: Call, name: str, default: int, most: int = NUMBER_MAX) -> int:
    """A whole number from 0 to `most`.

    Raises:
        Refusal: it is none.
    """
    given = text(call, name) or str(default)
    # So many digits are enough, and int() is slow on thousands of them.
    value = int(given) if given.isascii() and given.isdigit() and len(given) <= 10 else -1
    if not 0 <= value <= most:
        raise Refusal("BadRequestInvalid", f"{name} must be a whole number in 0..{most}, got {given[:80]!r}")
    return value


def fraction(call: Call, name: str, default: float) -> float:
    """A number; its range is for others to check.

    Raises:
        Refusal: it is none.
    """
    try:
        return float(text(call, name) or default)
    except ValueError:
        raise Refusal("BadRequestInvalid", f"{name} must be a number in 0..1, got {text(call, name)[:80]!r}") from None


def ids(call: Call, name: str, most: int) -> list[str]:
    """A list of ids, each once, in lower case.

    Raises:
        Refusal: there are more than `most`.
    """
    given = [each.strip().casefold() for each in text(call, name).split(",")]
    return limited(list(dict.fromkeys(filter(None, given))), name, most)


def choice(given: str, name: str, choices: tuple[str, ...], code: str = "BadRequestInvalid") -> str:
    """One of the choices as it is spelt there, the first where none is given.

    Raises:
        Refusal: it is none of them.
    """
    for each in choices:
        if given.casefold() in ("", each.casefold()):
            return each
    raise Refusal(code, f"{name} must be {' or '.join(choices)}, got {given[:80]!r}")


def limited(values: list[Any], name: str, most: int) -> list[Any]:
    """The values, if they are not too many.

    Raises:
        Refusal: they are.
    """
    if len(values) > most:
        raise Refusal(
            "BadRequestExceededBatchSize", f"{name} may hold {most} at a time, got {len(values)}: send several requests"
        )
    return values


def fields(call: Call) -> Fields:
    """The JSON object in the body, its names in lower case; empty where there is no body.

    Raises:
        Refusal: the body is not JSON, or no object.
    """
    return as_fields(json_body(call), "the body")


def json_body(call: Call) -> Any:
    """The JSON in the body; an empty object where there is no body.

    Raises:
        Refusal: the body is not JSON.
    """
    if not call.body.strip():
        return {}
    try:
        return json.loads(call.body)
    except (ValueError, RecursionError) as error:
        raise Refusal("BadRequestInvalid", f"the body must be JSON, and is not: {str(error)[:200]}") from error


def as_fields(value: Any, name: str) -> Fields:
    """A JSON object with its names in lower case; null is an empty one.

    Raises:
        Refusal: it is no object.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refusal("BadRequestInvalid", f"{name} must be a JSON object, got {_kind(value)}")
    return {key.casefold(): each for key, each in value.items()}


def text_field(given: Fields, name: str, default: str = "") -> str:
    """A text in a JSON object; the default where it is missing or null.

    Raises:
        Refusal: it is no text.
    """
    value = given.get(name.casefold())
    if value is None:
        return default
    if not isinstance(value, str):
        raise Refusal("BadRequestInvalid", f"{name} must be a text, got {_kind(value)}")
    # JSON may hold halves of letters, which no database takes.
    return value.encode("utf-8", "ignore").decode()


def list_field(given: Fields, name: str, most: int) -> list[Any]:
    """A list in a JSON object; empty where it is missing or null.

    Raises:
        Refusal: it is no list, or longer than `most`.
    """
    value = given.get(name.casefold())
    if value is None:
        return []
    if not isinstance(value, list):
        raise Refusal("BadRequestInvalid", f"{name} must be a list, got {_kind(value)}")
    return limited(value, name, most)


def id_list_field(given: Fields, name: str, most: int) -> list[str]:
    """A list of ids in a JSON object, each once, in lower case.

    Raises:
        Refusal: it is none, or longer than `most`.
    """
    values = [text_field({"id": each}, "id") for each in list_field(given, name, most)]
    return list(dict.fromkeys(value.strip().casefold() for value in values if value.strip()))


def uploaded_files(call: Call) -> list[multipart.Part]:
    """The pictures sent: the parts of a form, or the body as it is.

    Raises:
        Refusal: there is none, or more than 64.
    """
    mark = multipart.boundary(call.content_type)
    if mark is None:
        if call.content_type.casefold().startswith(("multipart/", "application/json")):
            raise Refusal("UnsupportedMediaType", "a picture comes as multipart/form-data or application/octet-stream")
        found = [multipart.Part("imageData", "", call.body)] if call.body else []
    else:
        found = [part for part in multipart.parts(call.body, mark) if part.data]
    if not found:
        raise Refusal("BadRequestImageStream", "the request must hold a picture, in a part named imageData or as body")
    return limited(found, "imageData", BATCH)


def project(call: Call) -> Project:
    """The project that the path names.

    Raises:
        ProjectNotFound: there is none.
    """
    return call.store.projects.get(call.path["projectId"].casefold())


def iteration(call: Call, project: Project, iteration_id: str | None = None) -> Iteration:
    """The project's iteration that the path names, or the one of that id.

    Raises:
        IterationNotFound: the project has none.
    """
    wanted = (call.path["iterationId"] if iteration_id is None else iteration_id).strip().casefold()
    found = call.store.iterations.get(wanted)
    if found.project_id != project.id:
        raise IterationNotFound(f"there is no iteration {wanted[:80]!r} in {project.name!r}")
    return found


def snapshot(call: Call, project: Project) -> Iteration | None:
    """The iteration that the parameter iterationId names; without one the workspace is meant.

    Raises:
        IterationNotFound: the project has none of that id.
    """
    given = text(call, "iterationId")
    return iteration(call, project, given) if given else None


def _kind(value: Any) -> str:
    kinds = {
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "an object",
    }
    return kinds.get(type(value), "null")
