"""Reads projects, datasets and images from AWS with boto3, which finds the account's keys, region and profile itself.

Names, labels and addresses are unchecked text from outside. The operations:
https://docs.aws.amazon.com/rekognition/latest/APIReference/API_Operations_Amazon_Rekognition.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cvcore.annotations import cells
from cvcore.errors import FetchFailed, InvalidInput, NotFound
from cvcore.projects import moving_in

ATTEMPTS = 5
TIMEOUT_S = 30

# Trying again does not help: the keys are wrong, or may not do this.
_REFUSED = {
    "403", "AccessDenied", "AccessDeniedException", "ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId",
    "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch", "UnrecognizedClientException",
}  # fmt: skip
_MISSING = {"404", "NoSuchBucket", "NoSuchKey", "ResourceNotFoundException"}


@dataclass(frozen=True)
class Account:
    """boto3's clients for one account and region."""

    rekognition: Any
    s3: Any


@dataclass(frozen=True)
class Dataset:
    """One of a project's datasets; `status` is as AWS names it, such as CREATE_COMPLETE."""

    arn: str
    is_test: bool
    status: str


@dataclass(frozen=True)
class Project:
    """A project of Rekognition Custom Labels."""

    arn: str
    name: str
    datasets: tuple[Dataset, ...]


@dataclass(frozen=True)
class DatasetCounts:
    """How many entries a dataset has, and how many of them have each label, as AWS counts them."""

    entries: int
    labels: dict[str, int]


def connect(*, profile: str | None = None, region: str | None = None) -> Account:
    """The account that boto3 finds: by the profile, else by the environment or the files of `aws configure`.

    Raises:
        InvalidInput: boto3 is not installed, or finds no region, or no such profile.
    """
    try:
        import boto3
        from botocore.config import Config
    except ModuleNotFoundError as error:
        raise InvalidInput(
            "moving in from Rekognition needs boto3, which is not installed: pip install boto3"
        ) from error
    config = Config(
        connect_timeout=TIMEOUT_S,
        read_timeout=TIMEOUT_S,
        max_pool_connections=moving_in.BATCH,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    with _our_errors():
        session = boto3.Session(profile_name=profile, region_name=region)
        return Account(session.client("rekognition", config=config), session.client("s3", config=config))


def projects(account: Account) -> list[Project]:
    """All Custom Labels projects of the account in its region."""
    return [
        Project(
            arn=_text(row, "ProjectArn"),
            name=_name(_text(row, "ProjectArn")),
            datasets=tuple(
                Dataset(_text(each, "DatasetArn"), _text(each, "DatasetType") == "TEST", _text(each, "Status"))
                for each in row.get("Datasets", [])
            ),
        )
        for row in _pages(account, "describe_projects", "ProjectDescriptions")
    ]


def dataset_counts(account: Account, arn: str) -> DatasetCounts:
    """AWS' own counts of a dataset."""
    with _our_errors():
        described = account.rekognition.describe_dataset(DatasetArn=arn)["DatasetDescription"]
    labels = _pages(account, "list_dataset_labels", "DatasetLabelDescriptions", DatasetArn=arn)
    return DatasetCounts(
        entries=described.get("DatasetStats", {}).get("TotalEntries", 0),
        labels={cells.name(_text(row, "LabelName")): row.get("LabelStats", {}).get("EntryCount", 0) for row in labels},
    )


def dataset_lines(account: Account, arn: str) -> Iterator[str]:
    """A dataset's entries, each a line of a manifest."""
    return _pages(account, "list_dataset_entries", "DatasetEntries", DatasetArn=arn)


def trained_manifests(account: Account, project: Project) -> dict[bool, str]:
    """The addresses of the manifests that the project's newest model was trained with: False and, for testing, True.

    Projects of before September 2021 have no datasets, only these.
    """
    versions = list(_pages(account, "describe_project_versions", "ProjectVersionDescriptions", ProjectArn=project.arn))
    for version in sorted(versions, key=lambda each: each["CreationTimestamp"], reverse=True):
        found = {False: _manifest(version.get("TrainingDataResult")), True: _manifest(version.get("TestingDataResult"))}
        if found[False]:
            return {is_test: address for is_test, address in found.items() if address}
    return {}


def manifest_lines(account: Account, address: str) -> Iterator[str]:
    """The lines of a manifest in a bucket."""
    bucket, key = _place(address)
    with _our_errors():
        for line in account.s3.get_object(Bucket=bucket, Key=key)["Body"].iter_lines():
            yield line.decode("utf-8", "replace")


def image(account: Account, address: str, *, limit_bytes: int) -> bytes:
    """The file at an `s3://` address.

    Raises:
        NotFound: there is none.
        FetchFailed: AWS does not answer or refuses it, or it has more than `limit_bytes`.
        InvalidInput: it is no such address.
    """
    bucket, key = _place(address)
    with _our_errors():
        body = account.s3.get_object(Bucket=bucket, Key=key)["Body"]
        with body:
            data: bytes = body.read(limit_bytes + 1)
    if len(data) > limit_bytes:
        raise FetchFailed(f"an image must have at most {limit_bytes:,} bytes, this one has more: make it smaller")
    return data


def _pages(account: Account, operation: str, member: str, **options: str) -> Iterator[Any]:
    with _our_errors():
        for page in account.rekognition.get_paginator(operation).paginate(**options):
            yield from page.get(member, [])


def _manifest(result: dict[str, Any] | None) -> str:
    """The address of a training's or test's manifest; what was really used before what was asked for."""
    for data in ("Output", "Input"):
        for asset in ((result or {}).get(data) or {}).get("Assets", []):
            if place := asset.get("GroundTruthManifest", {}).get("S3Object"):
                return f"s3://{_text(place, 'Bucket')}/{_text(place, 'Name')}"
    return ""


def _place(address: str) -> tuple[str, str]:
    match = re.fullmatch("s3://([^/]+)/(.+)", address, re.DOTALL)
    if match is None:
        raise InvalidInput(f"an image's address must be s3://BUCKET/KEY, got {address[:80]!r}: correct the entry")
    return match[1], match[2]


def _name(arn: str) -> str:
    """A project's name by its ARN.

    >>> _name("arn:aws:rekognition:eu-west-1:123456789012:project/flowers/1600000000000")
    'flowers'
    """
    return arn.partition(":project/")[2].partition("/")[0]


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    # JSON can contain lone surrogates, which the database cannot store.
    return value.encode("utf-8", "ignore").decode() if isinstance(value, str) else ""


@contextmanager
def _our_errors() -> Iterator[None]:
    """A block in which botocore's errors become ours; no message contains a key."""
    from botocore import exceptions

    try:
        yield
    except exceptions.ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _MISSING:
            raise NotFound(f"AWS does not have it ({code})") from error
        advice = "check the keys and their permissions" if code in _REFUSED else "try again later"
        raise FetchFailed(f"AWS must answer, {error.operation_name} failed with {code[:80]!r}: {advice}") from error
    except (exceptions.ProfileNotFound, exceptions.NoRegionError, exceptions.InvalidRegionError) as error:
        raise InvalidInput(f"AWS must be set up here, boto3 says {str(error)!r}: run aws configure") from error
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        raise InvalidInput("AWS must be set up here, boto3 finds no keys: run aws configure") from error
    except exceptions.ParamValidationError as error:
        told = " ".join(str(error).split())[:200]
        raise InvalidInput(f"AWS must be asked with valid names, boto3 says {told!r}: correct the entry") from error
    except (exceptions.BotoCoreError, OSError) as error:
        raise FetchFailed(
            f"AWS must be reachable, it is not ({type(error).__name__}): check the network, and try again"
        ) from error
