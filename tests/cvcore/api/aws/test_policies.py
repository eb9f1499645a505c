"""Policies and tags by boto3: they are kept, told page by page, and deleted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cvcore.records import Project
from cvcore.rekognition import arns
from cvcore.store import Store

STATEMENT = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "rekognition:CopyProjectVersion"}
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})


@pytest.fixture
def arn(store: Store, project: Project) -> str:
    """The ARN of an empty project."""
    return arns.of_project(store, project)


def policy(arn: str, name: str = "copies", **others: str) -> dict[str, str]:
    return {"ProjectArn": arn, "PolicyName": name, "PolicyDocument": DOCUMENT, **others}


def test_policies_are_told_page_by_page(rekognition: Any, arn: str) -> None:
    """All policies come, in order of their names, however small the pages, with the document as it was given."""
    for name in ("b", "c", "a"):
        rekognition.put_project_policy(**policy(arn, name))
    pages = rekognition.get_paginator("list_project_policies").paginate(
        ProjectArn=arn, PaginationConfig={"PageSize": 2}
    )
    found = [each for page in pages for each in page["ProjectPolicies"]]
    assert [("a", DOCUMENT), ("b", DOCUMENT), ("c", DOCUMENT)] == [
        (each["PolicyName"], each["PolicyDocument"]) for each in found
    ]


def test_a_policy_is_replaced_by_its_last_revision_only(rekognition: Any, arn: str) -> None:
    """Without a revision a name is taken; with the last one the policy is replaced, with an older one refused."""
    first = rekognition.put_project_policy(**policy(arn))["PolicyRevisionId"]
    with pytest.raises(rekognition.exceptions.ResourceAlreadyExistsException, match="give its PolicyRevisionId"):
        rekognition.put_project_policy(**policy(arn))
    second = rekognition.put_project_policy(**policy(arn, PolicyRevisionId=first))["PolicyRevisionId"]
    assert first != second
    with pytest.raises(rekognition.exceptions.InvalidPolicyRevisionIdException, match="must be the policy's last one"):
        rekognition.put_project_policy(**policy(arn, PolicyRevisionId=first))
    with pytest.raises(rekognition.exceptions.InvalidPolicyRevisionIdException, match="must be the policy's last one"):
        rekognition.delete_project_policy(ProjectArn=arn, PolicyName="copies", PolicyRevisionId=first)
    rekognition.delete_project_policy(ProjectArn=arn, PolicyName="copies", PolicyRevisionId=second)
    assert [] == rekognition.list_project_policies(ProjectArn=arn)["ProjectPolicies"]
    with pytest.raises(rekognition.exceptions.ResourceNotFoundException, match="no policy 'copies'"):
        rekognition.delete_project_policy(ProjectArn=arn, PolicyName="copies")


@pytest.mark.parametrize("document", ["{", "[]", "{}", '{"Statement": []}', '{"Statement": [1]}', '{"Statement": {}}'])
def test_a_policy_must_be_one(rekognition: Any, arn: str, document: str) -> None:
    """What is not JSON with statements is malformed."""
    with pytest.raises(rekognition.exceptions.MalformedPolicyDocumentException, match="a policy must"):
        rekognition.put_project_policy(**{**policy(arn), "PolicyDocument": document})


def test_a_project_has_five_policies_at_most(rekognition: Any, arn: str) -> None:
    """A sixth policy is refused, as Amazon does."""
    for number in range(5):
        rekognition.put_project_policy(**policy(arn, f"copies-{number}"))
    with pytest.raises(rekognition.exceptions.LimitExceededException, match="at most 5 policies"):
        rekognition.put_project_policy(**policy(arn, "copies-5"))


def test_tags_are_kept(rekognition: Any, arn: str) -> None:
    """Tags are added, replaced by their key, told and removed; the ARN's region does not matter."""
    rekognition.tag_resource(ResourceArn=arn, Tags={"cost centre": "7", "Ort": "Köln"})
    rekognition.tag_resource(ResourceArn=arn.replace("us-east-1", "eu-west-1"), Tags={"cost centre": "8"})
    assert {"cost centre": "8", "Ort": "Köln"} == rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"]
    rekognition.untag_resource(ResourceArn=arn, TagKeys=["cost centre", "other"])
    assert {"Ort": "Köln"} == rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"]


def test_tags_have_limits(rekognition: Any, arn: str) -> None:
    """More than 200 tags are refused, and keys with Amazon's own beginning."""
    rekognition.tag_resource(ResourceArn=arn, Tags={str(number): "" for number in range(200)})
    with pytest.raises(rekognition.exceptions.ServiceQuotaExceededException, match="at most 200 tags"):
        rekognition.tag_resource(ResourceArn=arn, Tags={"one more": ""})
    with pytest.raises(ClientError, match="ValidationException"):
        rekognition.tag_resource(ResourceArn=arn, Tags={"aws:mine": ""})


def test_an_arn_must_name_something(rekognition: Any, arn: str) -> None:
    """What was deleted or never was is not found, and what is no ARN is refused."""
    gone = f"{arn}0"
    for call in (
        lambda: rekognition.list_project_policies(ProjectArn=gone),
        lambda: rekognition.put_project_policy(**policy(gone)),
        lambda: rekognition.delete_project_policy(ProjectArn=gone, PolicyName="copies"),
        lambda: rekognition.tag_resource(ResourceArn=gone, Tags={}),
        lambda: rekognition.untag_resource(ResourceArn=gone, TagKeys=[]),
        lambda: rekognition.list_tags_for_resource(ResourceArn=gone),
    ):
        with pytest.raises(rekognition.exceptions.ResourceNotFoundException, match="may have been deleted"):
            call()
    with pytest.raises(rekognition.exceptions.InvalidParameterException, match="an ARN must be"):
        rekognition.list_tags_for_resource(ResourceArn="arn:aws:s3:::bucket/of/somebody")
    with pytest.raises(rekognition.exceptions.InvalidPaginationTokenException):
        rekognition.list_project_policies(ProjectArn=arn, NextToken="x")
