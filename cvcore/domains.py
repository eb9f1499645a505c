"""Custom Vision's domains by name and id, with the backbone and the augmentation policy that each uses here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cvcore.errors import DomainUnknown, InvalidInput
from cvcore.languages import marked, t

TURN_DEGREES = 15

# What fills the space when an image is turned or moved: its mirror image, or its outermost pixels repeated.
Border = Literal["reflect", "edge"]


@dataclass(frozen=True)
class Transform:
    """A transform for augmentation: its name in options and the API, and its title and explanation, marked for `t`."""

    name: str
    title: str
    explanation: str


TRANSFORMS = (
    Transform("mirror", marked("Mirror"), marked("Left and right swapped. Off where letters, digits or sides matter.")),
    Transform("turn", marked("Turn a little"), marked("Up to 15 degrees either way, like a camera held by hand.")),
    Transform("spin", marked("Turn any way"), marked("By quarters and upside down. For things seen from above.")),
    Transform("zoom", marked("Nearer and farther"), marked("Larger or smaller by up to a third.")),
    Transform("shift", marked("Move"), marked("By up to a tenth of the image, up, down or sideways.")),
    Transform("light", marked("Light"), marked("Darker or brighter, and with less or more contrast.")),
    Transform("colour", marked("Colour"), marked("Paler or stronger colours. Off where colour tells the tags apart.")),
    Transform("cover", marked("Cover a part"), marked("A grey patch over a part, as if something stood in front.")),
)
TRANSFORM_NAMES = tuple(transform.name for transform in TRANSFORMS)


@dataclass(frozen=True)
class Policy:
    """An augmentation policy: the names of the transforms that are on, and how the border is filled."""

    transforms: tuple[str, ...]
    border: Border = "reflect"


def with_transforms(policy: Policy, names: Sequence[str] | None) -> Policy:
    """The policy with these transforms instead of its own, in the order of `TRANSFORMS`; unchanged if `names` is None.

    Raises:
        InvalidInput: no transform has one of these names.

    >>> with_transforms(Policy(("mirror", "zoom")), ["zoom", "turn"]).transforms
    ('turn', 'zoom')
    """
    if names is None:
        return policy
    if unknown := [name for name in names if name not in TRANSFORM_NAMES]:
        raise InvalidInput(
            t(
                "a transform must be one of {names}, got {name!r}",
                names=", ".join(TRANSFORM_NAMES),
                name=unknown[0][:80],
            )
        )
    return Policy(tuple(name for name in TRANSFORM_NAMES if name in names), policy.border)


def switched(policy: Policy, switches: Mapping[str, bool]) -> tuple[str, ...] | None:
    """The names of a policy's transforms after these were turned on or off; None if nothing changes.

    Raises:
        InvalidInput: no transform has one of these names.

    >>> switched(Policy(("mirror", "zoom")), {"mirror": False, "turn": True})
    ('turn', 'zoom')
    >>> switched(Policy(("mirror", "zoom")), {"cover": False})
    """
    with_transforms(policy, [*switches])
    names = [name for name in (*policy.transforms, *switches) if switches.get(name, True)]
    transforms = with_transforms(policy, names).transforms
    return None if set(transforms) == set(policy.transforms) else transforms


# Transforms after which most tags are still right: a mirrored rose is a rose, near or far, in any light.
ANYTHING = Policy(("mirror", "turn", "zoom", "shift", "light"))
FROM_ABOVE = Policy(("mirror", "turn", "spin", "zoom", "shift", "light"))
OUTDOORS = Policy(("zoom", "shift", "light", "colour", "cover"))
# The border repeats the plain ground; no mirroring, because goods have writing on them.
PLAIN_GROUND = Policy(("turn", "zoom", "shift", "light"), border="edge")


@dataclass(frozen=True)
class Domain:
    """A purpose, marked for `t`, and the backbone that serves it; `side` is the input's width and height in pixels.

    `policy` says how Advanced training augments the images.
    """

    id: str
    name: str
    backbone: str
    side: int
    purpose: str
    policy: Policy = ANYTHING


DOMAINS: tuple[Domain, ...] = (
    Domain(
        "ee85a74c-405e-4adc-bb47-ffa8ca0c9f31", "General", "MobileNetV3Large", 224, marked("Anything; the safe choice.")
    ),
    Domain(
        "a8e3c40f-fb4a-466f-832a-5e457ae4a344",
        "General [A1]",
        "EfficientNetV2B0",
        224,
        marked("Larger or harder sets; the slowest and often the most accurate."),
    ),
    Domain(
        "2e37d7fb-3a54-486a-b4d6-cfc369af0018",
        "General [A2]",
        "MobileNetV3Large",
        224,
        marked("Anything; Custom Vision recommends it for most sets."),
    ),
    Domain(
        "0732100f-1a38-4e49-a514-c9b44c697ab5",
        "General (compact)",
        "MobileNetV3Small",
        224,
        marked("Phones and small boards; the smallest network."),
    ),
    Domain(
        "a1db07ca-a19a-4830-bae8-e004a42dc863",
        "General (compact) [S1]",
        "MobileNetV2",
        224,
        marked("Phones and small boards; more accurate than compact."),
    ),
    Domain(
        "c151d5b5-dd07-472a-acc8-15d29dea8518",
        "Food",
        "MobileNetV3Large",
        224,
        marked("Dishes, seen from above."),
        FROM_ABOVE,
    ),
    Domain(
        "ca455789-012d-4b50-9fec-5bb63841c793",
        "Landmarks",
        "MobileNetV3Large",
        224,
        marked("Buildings and places outdoors."),
        OUTDOORS,
    ),
    Domain(
        "b30a91ae-e3c1-4f73-a81e-c270bff27c39",
        "Retail",
        "MobileNetV3Large",
        224,
        marked("Goods on plain ground, as in a catalogue."),
        PLAIN_GROUND,
    ),
    Domain(
        "7a6c1f0e-5d0b-4c52-9a37-3f1d5b8e2c40",
        "Built-in",
        "Built-in network",
        160,
        marked("Needs no download; faster than MobileNetV2, and in most sets a little less accurate."),
    ),
)

# Domains that Azure no longer offers, but that scripts name by their ids. Only the API lists them.
RETIRED: tuple[Domain, ...] = (
    Domain(
        "8882951b-82cd-4c32-970b-d5f8cb8bf6d7", "Food (compact)", "MobileNetV3Small", 224, marked("Dishes."), FROM_ABOVE
    ),
    Domain(
        "b5cfd229-2ac7-4b2b-8d0a-2b0661344894",
        "Landmarks (compact)",
        "MobileNetV3Small",
        224,
        marked("Buildings and places outdoors."),
        OUTDOORS,
    ),
    Domain(
        "6b4faeda-8396-481b-9f8b-177b9fa3097f",
        "Retail (compact)",
        "MobileNetV3Small",
        224,
        marked("Goods on plain ground."),
        PLAIN_GROUND,
    ),
    Domain("45badf75-3591-4f26-a705-45678d3e9f5f", "Adult", "MobileNetV3Large", 224, marked("As General.")),
)

DEFAULT = DOMAINS[0]
BUILT_IN = DOMAINS[-1]


def find(name_or_id: str) -> Domain:
    """The domain with that id or name, in upper or lower case.

    Raises:
        DomainUnknown: no domain has it; the message lists the names.

    >>> find("general (compact) [s1]").backbone
    'MobileNetV2'
    """
    wanted = name_or_id.strip().casefold()
    for domain in (*DOMAINS, *RETIRED):
        if wanted in (domain.id, domain.name.casefold()):
            return domain
    names = ", ".join(domain.name for domain in DOMAINS)
    raise DomainUnknown(t("domain must be one of {names}, got {name!r}", names=names, name=name_or_id[:80]))


def is_same_network(domain_id: str, other_id: str) -> bool:
    """Whether two domains, by their ids, use the same network.

    >>> is_same_network(DEFAULT.id, find("Food").id), is_same_network(DEFAULT.id, BUILT_IN.id)
    (True, False)
    """
    one, other = find(domain_id), find(other_id)
    return (one.backbone, one.side) == (other.backbone, other.side)
