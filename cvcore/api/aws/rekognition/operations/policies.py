"""Policies of projects, and tags of anything that has an ARN: they are kept and told, and change nothing."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from cvcore.api.aws.rekognition.protocol.call import Answer, Call
from cvcore.api.aws.rekognition.protocol.errors import Refusal
from cvcore.api.aws.rekognition.protocol.input import Input, ProjectArn

PolicyName = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[a-zA-Z0-9_.\-]+\Z")]
RevisionId = Annotated[str, Meta(max_length=64, pattern=r"^[0-9A-Fa-f]+\Z")]
Document = Annotated[str, Meta(min_length=1, max_length=2000, pattern=r"^[\t\n\r\x20-\xff]+\Z")]


class PutProjectPolicyInput(Input):
    """A policy of a project, new or a next revision."""

    project_arn: ProjectArn
    policy_name: PolicyName
    policy_document: Document
    policy_revision_id: RevisionId | None = None


def put_project_policy(call: Call[PutProjectPolicyInput]) -> Answer:
    """Store a policy of a project."""
    raise Refusal("AccessDeniedException", "policies are not served yet")
