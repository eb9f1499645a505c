"""Validation results are the files that AWS' guide shows, key by key."""

from __future__ import annotations

import json

from cvcore.rekognition import validation_results
from cvcore.rekognition.validation_results import NO_ANNOTATIONS, CheckedLine

LINE = '{"source-ref": "s3://my-bucket/1.png", "sport": 0}'
INVALID = ("ERROR_INVALID_IMAGE", "The image is invalid. Check S3 path and/or image properties.")


def test_summary_is_the_file() -> None:
    """Counts add up, warnings are ignored and not invalid, and lines are counted from 1."""
    training = [CheckedLine(LINE), CheckedLine(LINE, (INVALID,)), CheckedLine(LINE, (NO_ANNOTATIONS,))]
    assert {
        "statistics": {
            "training": {
                "use_case": "IMAGE_LEVEL_LABELS",
                "total_json_lines": 3,
                "valid_json_lines": 1,
                "invalid_json_lines": 1,
                "ignored_json_lines": 1,
                "error_json_line_indices": [2],
                "errors": [],
            },
            "testing": {
                "use_case": "NOT_DETERMINED",
                "total_json_lines": 0,
                "valid_json_lines": 0,
                "invalid_json_lines": 0,
                "ignored_json_lines": 0,
                "error_json_line_indices": [],
                "errors": [],
            },
        },
        "errors": [],
    } == validation_results.summary(training, [])


def test_a_line_keeps_what_it_has() -> None:
    """Errors are added to the line as it came."""
    line = json.loads(validation_results.with_errors(CheckedLine(LINE, (INVALID,))))
    assert {**json.loads(LINE), "errors": [{"code": INVALID[0], "message": INVALID[1]}]} == line
    assert LINE == validation_results.with_errors(CheckedLine(LINE))


def test_a_line_that_is_no_json() -> None:
    """It becomes an object with its errors alone, so that every line of the file can be read."""
    broken = CheckedLine('{"source-ref":', (("ERROR_INVALID_JSON_LINE", "The JSON Line has an invalid format."),))
    error = {"code": "ERROR_INVALID_JSON_LINE", "message": "The JSON Line has an invalid format."}
    assert {"errors": [error]} == json.loads(validation_results.with_errors(broken))
    assert broken.is_invalid
