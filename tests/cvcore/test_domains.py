"""Custom Vision's domains are here by their own names and ids."""

from __future__ import annotations

import pytest

from cvcore import domains
from cvcore.errors import InvalidInput

# Ids from Custom Vision's "List domains" (https://learn.microsoft.com/azure/ai-services/custom-vision-service/),
# which scripts have written into them.
EXPECTED = [
    ("General", "ee85a74c-405e-4adc-bb47-ffa8ca0c9f31", "MobileNetV3Large", 224),
    ("General [A1]", "a8e3c40f-fb4a-466f-832a-5e457ae4a344", "EfficientNetV2B0", 224),
    ("General [A2]", "2e37d7fb-3a54-486a-b4d6-cfc369af0018", "MobileNetV3Large", 224),
    ("General (compact)", "0732100f-1a38-4e49-a514-c9b44c697ab5", "MobileNetV3Small", 224),
    ("General (compact) [S1]", "a1db07ca-a19a-4830-bae8-e004a42dc863", "MobileNetV2", 224),
    ("Food", "c151d5b5-dd07-472a-acc8-15d29dea8518", "MobileNetV3Large", 224),
    ("Landmarks", "ca455789-012d-4b50-9fec-5bb63841c793", "MobileNetV3Large", 224),
    ("Retail", "b30a91ae-e3c1-4f73-a81e-c270bff27c39", "MobileNetV3Large", 224),
]


def test_custom_visions_domains_keep_their_ids() -> None:
    """Each of its domains has its name and id, and runs on the backbone that we say."""
    found = [(domain.name, domain.id, domain.backbone, domain.side) for domain in domains.DOMAINS]
    assert found[:-1] == EXPECTED
    assert domains.DOMAINS[-1] is domains.BUILT_IN
    assert domains.DEFAULT.name == "General"


@pytest.mark.parametrize("domain", domains.DOMAINS, ids=lambda domain: domain.name)
def test_a_domain_is_found_by_name_and_id(domain: domains.Domain) -> None:
    """Either leads to it, in any case and with space around; its purpose is told."""
    for asked in (domain.id, domain.name, domain.id.upper(), f" {domain.name.lower()} "):
        assert domains.find(asked) is domain
    assert domain.purpose.endswith(".")


def test_no_two_domains_share_a_name_or_id() -> None:
    """Every name and id is one domain's."""
    names = {domain.name.casefold() for domain in domains.DOMAINS} | {domain.id for domain in domains.DOMAINS}
    assert len(names) == 2 * len(domains.DOMAINS)


def test_an_unknown_domain_is_refused_with_those_there_are() -> None:
    """The message lists every name and shows what was asked for, cut short."""
    with pytest.raises(InvalidInput) as refusal:
        domains.find("General (compact) [S2]" + "x" * 1000)
    assert str(refusal.value) == (
        "domain must be one of General, General [A1], General [A2], General (compact), General (compact) [S1], "
        f"Food, Landmarks, Retail, Built-in, got 'General (compact) [S2]{'x' * 58}'"
    )
