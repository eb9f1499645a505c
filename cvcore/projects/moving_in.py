"""What moving in is alike from every service: what differs afterwards in sentences, and when to stop downloading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from cvcore.errors import FetchFailed, TagwiseError
from cvcore.languages import t, tn
from cvcore.store import Origin

# Images downloaded in parallel, and in memory at a time.
BATCH = 16


def check_connection(fetched: Sequence[bytes | TagwiseError]) -> None:
    """Stop if all images of a whole batch failed, instead of trying thousands of images without a network.

    Raises:
        FetchFailed: they did.
    """
    failures = [result for result in fetched if isinstance(result, FetchFailed)]
    if len(failures) == BATCH:
        raise FetchFailed(
            t(
                "images must be downloadable, {number} in a row were not ({reason}): run it again, images "
                "copied before are kept",
                number=BATCH,
                reason=failures[-1],
            )
        )


def equal_images(ids: Iterable[str], origins: Mapping[str, Origin], shown: Callable[[str], str]) -> Iterator[str]:
    """A sentence for each of the service's images that is one image here with another, because its content is equal."""
    first: dict[str, str] = {}
    for image_id in ids:
        local_id = origins[image_id].local_id if image_id in origins else None
        if local_id and first.setdefault(local_id, image_id) != image_id:
            yield t(
                "image {image}: same content as {other}, so both are one image here",
                image=shown(image_id),
                other=shown(first[local_id]),
            )


def differences(there: Mapping[str, int], here: Mapping[str, int], added: int, *, service: str) -> Iterator[str]:
    """A sentence for each tag with another number of images, and one for the images that came otherwise.

    service: its name.

    >>> list(differences({"rose": 2}, {"rose": 1}, 0, service="AWS"))
    ["the tag 'rose' has 2 images in AWS and 1 here"]
    """
    for name, number in there.items():
        if number != here[name]:
            yield tn(
                number,
                "the tag {tag!r} has {n} image in {service} and {here} here",
                "the tag {tag!r} has {n} images in {service} and {here} here",
                tag=name,
                service=service,
                here=here[name],
            )
    if added:
        yield tn(
            added,
            "the project has {n} image here that did not come from {service}",
            "the project has {n} images here that did not come from {service}",
            service=service,
        )
