"""Requests of Amazon's clients reach their service when they are signed; all others reach the pages."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cvcore.files.api_keys import AwsKeys
from tests.cvcore.api.aws.conftest import KEYS, Server

Boto = Callable[..., Any]
OTHER_ID = AwsKeys("AKIAOTHER", KEYS.secret_access_key)
OTHER_SECRET = AwsKeys(KEYS.access_key_id, "another")


def code_of(call: Callable[[], object]) -> str:
    """The code of the error that a call raises."""
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.parametrize(
    ("keys", "expected"),
    [(OTHER_ID, "UnrecognizedClientException"), (OTHER_SECRET, "InvalidSignatureException")],
)
def test_rekognition_needs_our_keys(boto: Boto, keys: AwsKeys, expected: str) -> None:
    """With another id or another secret nothing is answered, and the error has Amazon's name."""
    assert expected == code_of(boto("rekognition", keys=keys).describe_projects)


def test_other_operations_of_rekognition_are_unknown(rekognition: Any) -> None:
    """An operation that is none of Custom Labels' is refused by name."""
    assert "UnknownOperationException" == code_of(rekognition.list_collections)


def test_other_requests_reach_the_pages(amazon: Server) -> None:
    """A request without a signature is not Amazon's clients'."""
    with urllib.request.urlopen(f"{amazon.url}/bucket/key?Signature=1") as response:
        assert b"a page" == response.read()
