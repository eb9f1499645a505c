"""What moving in is alike from every service: what differs afterwards in sentences, and when to stop downloading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from cvcore.errors import FetchFailed, TagwiseError
from cvcore.store import Origin
from cvcore.wording import count

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
            f"images must be downloadable, {BATCH} in a row were not ({failures[-1]}): run it again, images copied "
            "before are kept"
        )


def equal_images(ids: Iterable[str], origins: Mapping[str, Origin], shown: Callable[[str], str]) -> Iterator[str]:
    """A sentence for each of the service's images that is one image here with another, because its content is equal."""
    first: dict[str, str] = {}
    for image_id in ids:
        local_id = origins[image_id].local_id if image_id in origins else None
        if local_id and first.setdefault(local_id, image_id) != image_id:
            yield f"image {shown(image_id)}: same content as {shown(first[local_id])}, so both are one image here"


def differences(there: Mapping[str, int], here: Mapping[str, int], added: int, *, service: str) -> Iterator[str]:
    """A sentence for each tag with another number of images, and one for the images that came otherwise.

    service: its name with its preposition.

    >>> list(differences({"rose": 2}, {"rose": 1}, 0, service="at AWS"))
    ["the tag 'rose' has 2 images at AWS and 1 here"]
    """
    for name, number in there.items():
        if number != here[name]:
            yield f"the tag {name!r} has {count(number, 'image')} {service} and {here[name]} here"
    if added:
        yield f"the project has {count(added, 'image')} here that did not come from {service.split()[-1]}"
