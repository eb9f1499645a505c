"""Rekognition's validation results: manifests with the errors of each line, and the summary of both manifests. Pure.

https://docs.aws.amazon.com/rekognition/latest/customlabels-dg/tm-debugging-summary.html
https://docs.aws.amazon.com/rekognition/latest/customlabels-dg/tm-debugging-scope-json-line.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cvcore.annotations.parsing import json_lines

WARNING = "WARNING_"
NO_ANNOTATIONS = ("WARNING_NO_ANNOTATIONS", "No annotations found.")


@dataclass(frozen=True)
class CheckedLine:
    """A line of a manifest, and the codes and messages of what is wrong with it."""

    line: str
    errors: tuple[tuple[str, str], ...] = ()

    @property
    def is_invalid(self) -> bool:
        """Whether it has an error; warnings are none."""
        return any(not code.startswith(WARNING) for code, _ in self.errors)

    @property
    def is_ignored(self) -> bool:
        """Whether it has a warning only: it is not used."""
        return bool(self.errors) and not self.is_invalid


def with_errors(checked: CheckedLine) -> str:
    """The line with its errors in `errors`; a line that is no object is left out, its errors are not.

    >>> with_errors(CheckedLine('{"source-ref": "s3://b/1.txt"}', (("ERROR_INVALID_IMAGE", "The image is invalid."),)))
    '{"source-ref": "s3://b/1.txt", "errors": [{"code": "ERROR_INVALID_IMAGE", "message": "The image is invalid."}]}'
    >>> with_errors(CheckedLine('{"source-ref": "s3://b/1.png", "sport": 0}'))
    '{"source-ref": "s3://b/1.png", "sport": 0}'
    """
    if not checked.errors:
        return checked.line
    record = json_lines.record(checked.line)
    errors = [_error(*error) for error in checked.errors]
    return json.dumps({**(record if isinstance(record, dict) else {}), "errors": errors}, ensure_ascii=False)


def summary(training: Sequence[CheckedLine], testing: Sequence[CheckedLine]) -> dict[str, Any]:
    """The content of the manifest summary; lines are counted from 1."""
    return {"statistics": {"training": _statistics(training), "testing": _statistics(testing)}, "errors": []}


def _statistics(lines: Sequence[CheckedLine]) -> dict[str, Any]:
    invalid = [number for number, line in enumerate(lines, 1) if line.is_invalid]
    ignored = sum(line.is_ignored for line in lines)
    valid = len(lines) - len(invalid) - ignored
    return {
        "use_case": "IMAGE_LEVEL_LABELS" if valid else "NOT_DETERMINED",
        "total_json_lines": len(lines),
        "valid_json_lines": valid,
        "invalid_json_lines": len(invalid),
        "ignored_json_lines": ignored,
        "error_json_line_indices": invalid,
        "errors": [],
    }


def _error(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}
