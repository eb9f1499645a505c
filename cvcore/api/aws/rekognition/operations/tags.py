"""Tags, which are keys with values, of anything that has an ARN: they are kept and told."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from cvcore.api.aws.rekognition.protocol.call import Answer, Call
from cvcore.api.aws.rekognition.protocol.errors import Refusal
from cvcore.api.aws.rekognition.protocol.input import Input, ResourceArn, TagKey, Tags
from cvcore.rekognition import arns

TAGS_MOST = 200


class TagResourceInput(Input):
    """Tags to add; a key that is there gets the new value."""

    resource_arn: ResourceArn
    tags: Tags


class UntagResourceInput(Input):
    """Keys of tags to remove; those that are not there are ignored."""

    resource_arn: ResourceArn
    tag_keys: Annotated[list[TagKey], Meta(max_length=TAGS_MOST)]


class ListTagsForResourceInput(Input):
    """A project, a dataset or a version whose tags are listed."""

    resource_arn: ResourceArn


def tag_resource(call: Call[TagResourceInput]) -> Answer:
    """Add tags."""
    request, store = call.request, call.store
    arn = arns.resource(store, request.resource_arn)
    with store.transaction():
        if len({*store.rekognition_arns.tags(arn), *request.tags}) > TAGS_MOST:
            raise Refusal(
                "ServiceQuotaExceededException", f"there can be at most {TAGS_MOST} tags: remove some of them first"
            )
        store.rekognition_arns.put_tags(arn, request.tags)
    return {}


def untag_resource(call: Call[UntagResourceInput]) -> Answer:
    """Remove tags."""
    request, store = call.request, call.store
    store.rekognition_arns.remove_tags(arns.resource(store, request.resource_arn), request.tag_keys)
    return {}


def list_tags_for_resource(call: Call[ListTagsForResourceInput]) -> Answer:
    """The tags of a resource."""
    request, store = call.request, call.store
    return {"Tags": store.rekognition_arns.tags(arns.resource(store, request.resource_arn))}
