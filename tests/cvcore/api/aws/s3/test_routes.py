"""The list of S3's operations against botocore's model."""

from __future__ import annotations

from collections import Counter

import botocore.session
import pytest

from cvcore.api.aws.s3 import routes
from cvcore.api.aws.s3.routes import Operation

MODEL = botocore.session.get_session().get_service_model("s3")


@pytest.mark.parametrize("operation", routes.OPERATIONS, ids=lambda operation: operation.name)
def test_every_operation_is_amazons(operation: Operation) -> None:
    """Name, method and address are those of the model that boto3 is made of."""
    http = MODEL.operation_model(operation.name).http
    path, _, query = http["requestUri"].partition("?")
    assert (operation.method, operation.level) == (
        http["method"],
        {"/": "service", "/{Bucket}": "bucket", "/{Bucket}/{Key+}": "object"}[path],
    )
    assert query.partition("&")[0] in (operation.subresource, "list-type=2", "")


def test_operations_are_listed_once() -> None:
    """No two have one name."""
    assert set(Counter(operation.name for operation in routes.OPERATIONS).values()) == {1}


def test_no_request_is_taken_for_another() -> None:
    """What Amazon tells apart by a parameter without a value is not taken for an operation without it."""
    queries = {MODEL.operation_model(name).http["requestUri"].partition("?")[2] for name in MODEL.operation_names}
    named = {query.partition("&")[0] for query in queries} - {"", "list-type=2"}
    assert named <= routes.SUBRESOURCES
