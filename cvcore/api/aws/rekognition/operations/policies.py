"""Policies of projects: which other account may copy a project's versions. They are kept and told, not enforced."""

from __future__ import annotations

import json
import secrets
from typing import Annotated, Any

from msgspec import Meta

from cvcore.api.aws.rekognition.protocol import tokens
from cvcore.api.aws.rekognition.protocol.call import Answer, Call, seconds
from cvcore.api.aws.rekognition.protocol.errors import Refusal
from cvcore.api.aws.rekognition.protocol.input import Input, NextToken, ProjectArn
from cvcore.rekognition import arns
from cvcore.store import Policy

PolicyName = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[a-zA-Z0-9_.\-]+\Z")]
RevisionId = Annotated[str, Meta(max_length=64, pattern=r"^[0-9A-Fa-f]+\Z")]
Document = Annotated[str, Meta(min_length=1, max_length=2000, pattern=r"^[\t\n\r\x20-\xff]+\Z")]
POLICIES_MOST = 5


class PutProjectPolicyInput(Input):
    """A policy to add; with the id of its revision, a policy to replace."""

    project_arn: ProjectArn
    policy_name: PolicyName
    policy_document: Document
    policy_revision_id: RevisionId | None = None


class DeleteProjectPolicyInput(Input):
    """A policy to delete; with a revision's id, only if that is its last one."""

    project_arn: ProjectArn
    policy_name: PolicyName
    policy_revision_id: RevisionId | None = None


class ListProjectPoliciesInput(Input):
    """A project whose policies are listed."""

    project_arn: ProjectArn
    next_token: NextToken | None = None
    max_results: Annotated[int, Meta(ge=1, le=POLICIES_MOST)] = POLICIES_MOST


def put_project_policy(call: Call[PutProjectPolicyInput]) -> Answer:
    """Store a policy, new if no revision is named, else in the place of that revision."""
    request, store = call.request, call.store
    _check(request.policy_document)
    project = arns.project(store, request.project_arn)
    revision_id = secrets.token_hex(16)
    with store.transaction():
        known = store.rekognition_policies.find(project.id, request.policy_name)
        if known and request.policy_revision_id is None:
            raise Refusal(
                "ResourceAlreadyExistsException",
                f"the project has a policy {request.policy_name!r}: give its PolicyRevisionId to replace it",
            )
        if request.policy_revision_id is not None:
            _check_revision(known, request.policy_revision_id)
        elif len(store.rekognition_policies.of_project(project.id)) >= POLICIES_MOST:
            raise Refusal(
                "LimitExceededException", f"a project has at most {POLICIES_MOST} policies: delete one of them first"
            )
        store.rekognition_policies.put(project.id, request.policy_name, revision_id, request.policy_document)
    return {"PolicyRevisionId": revision_id}


def delete_project_policy(call: Call[DeleteProjectPolicyInput]) -> Answer:
    """Delete a policy."""
    request, store = call.request, call.store
    project = arns.project(store, request.project_arn)
    with store.transaction():
        known = store.rekognition_policies.find(project.id, request.policy_name)
        if not known:
            raise Refusal("ResourceNotFoundException", f"the project has no policy {request.policy_name!r}")
        if request.policy_revision_id is not None:
            _check_revision(known, request.policy_revision_id)
        store.rekognition_policies.delete(project.id, request.policy_name)
    return {}


def list_project_policies(call: Call[ListProjectPoliciesInput]) -> Answer:
    """A project's policies, ordered by name."""
    request, store = call.request, call.store
    project = arns.project(store, request.project_arn)
    after = "".join(tokens.read(request.next_token))
    policies = [each for each in store.rekognition_policies.of_project(project.id) if each.name > after]
    page = policies[: request.max_results]
    return {
        "ProjectPolicies": [_described(policy, request.project_arn) for policy in page],
        "NextToken": tokens.write(page[-1].name) if len(policies) > len(page) else None,
    }


def _described(policy: Policy, project_arn: str) -> dict[str, Any]:
    return {
        "ProjectArn": project_arn,
        "PolicyName": policy.name,
        "PolicyRevisionId": policy.revision_id,
        "PolicyDocument": policy.document,
        "CreationTimestamp": seconds(policy.created_at),
        "LastUpdatedTimestamp": seconds(policy.updated_at),
    }


def _check_revision(known: Policy | None, revision_id: str) -> None:
    if not known or known.revision_id != revision_id:
        raise Refusal(
            "InvalidPolicyRevisionIdException",
            f"PolicyRevisionId must be the policy's last one, {revision_id!r} is not: ask ListProjectPolicies for it",
        )


def _check(document: str) -> None:
    """Check that a policy is one.

    Raises:
        Refusal: it is not JSON, or has no statements with an effect.
    """
    try:
        policy = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise Refusal("MalformedPolicyDocumentException", f"a policy must be JSON, this one is not: {error}") from error
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    listed = statements if isinstance(statements, list) else [statements]
    if not listed or not all(isinstance(each, dict) and "Effect" in each for each in listed):
        raise Refusal("MalformedPolicyDocumentException", "a policy must have a Statement, and each one an Effect")
