"""Projects by boto3: they are those of the pages, and the other way round."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cvcore import projects
from cvcore.store import Store
from tests.conftest import Fill, Trained


def test_a_project_is_one_thing_in_both_worlds(rekognition: Any, store: Store, fill: Fill) -> None:
    """A project made here is on the pages, and one made on the pages is described with its datasets."""
    arn = rekognition.create_project(ProjectName="my.dogs-1", Tags={"team": "pets"})["ProjectArn"]
    assert projects.find(store, "my.dogs-1").classification_type == "Multiclass"
    assert rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"team": "pets"}
    fill("Roses & tulips", rose=2)
    page, mine = rekognition.describe_projects()["ProjectDescriptions"]
    assert (mine["ProjectArn"], mine["Status"], mine["Feature"], mine["Datasets"]) == (
        arn,
        "CREATED",
        "CUSTOM_LABELS",
        [],
    )
    assert page["ProjectArn"].split("/")[1] == "Roses___tulips"
    (dataset,) = page["Datasets"]
    assert (dataset["DatasetType"], dataset["Status"], dataset["StatusMessageCode"]) == (
        "TRAIN",
        "CREATE_COMPLETE",
        "SUCCESS",
    )
    assert dataset["CreationTimestamp"] >= page["CreationTimestamp"]


def test_projects_are_paged_and_chosen(rekognition: Any, store: Store) -> None:
    """All come once, the newest first, however small the pages; names choose, and an old name finds a renamed one."""
    names = [f"p{number}" for number in range(5)]
    arns = [rekognition.create_project(ProjectName=name)["ProjectArn"] for name in names]
    pages = rekognition.get_paginator("describe_projects").paginate(PaginationConfig={"PageSize": 2})
    assert [each["ProjectArn"] for page in pages for each in page["ProjectDescriptions"]] == arns[::-1]
    project = projects.find(store, "p1")
    projects.update(store, dataclasses.replace(project, name="p1 of old"))

    def found(*asked: str) -> list[str]:
        described = rekognition.describe_projects(ProjectNames=list(asked))["ProjectDescriptions"]
        return [each["ProjectArn"] for each in described]

    assert found("p2", "p4", "p9") == [arns[4], arns[2]]
    assert found("p1") == found("p1_of_old") == [arns[1]]
    again = rekognition.create_project(ProjectName="p1")["ProjectArn"]
    assert found("p1") == [again]
    assert rekognition.describe_projects(Features=["CONTENT_MODERATION"])["ProjectDescriptions"] == []


@pytest.mark.parametrize("token", ["x", "Wzdd", "WyJ4Il0=", "WyIxIiwiMiJd"])
def test_a_made_up_token_is_refused(rekognition: Any, token: str) -> None:
    """What is no token of a page is an InvalidPaginationTokenException."""
    with pytest.raises(rekognition.exceptions.InvalidPaginationTokenException, match="NextToken must be"):
        rekognition.describe_projects(NextToken=token)


def test_a_taken_name_is_in_use(rekognition: Any, fill: Fill) -> None:
    """A second project of a name is a ResourceInUseException, also where the first was made on the pages."""
    fill("Dogs")
    with pytest.raises(rekognition.exceptions.ResourceInUseException, match="'Dogs' is taken"):
        rekognition.create_project(ProjectName="Dogs")


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"ProjectName": "my dogs"}, "ValidationException"),
        ({"ProjectName": "x" * 255}, "InvalidParameterException"),
        ({"ProjectName": "m", "Feature": "CONTENT_MODERATION"}, "InvalidParameterException"),
        ({"ProjectName": "m", "AutoUpdate": "ENABLED"}, "InvalidParameterException"),
        ({"ProjectName": "m", "Tags": {"aws:x": "1"}}, "ValidationException"),
    ],
)
def test_a_project_must_be_possible(rekognition: Any, store: Store, values: dict[str, Any], name: str) -> None:
    """A name that Amazon or Tagwise does not allow, or another feature, makes no project."""
    with pytest.raises(ClientError) as caught:
        rekognition.create_project(**values)
    assert name == caught.value.response["Error"]["Code"]
    assert store.projects.all() == []


def test_a_project_is_deleted(rekognition: Any, store: Store, fill: Fill, trained: Trained) -> None:
    """Only without versions and datasets; then its ARN is not found any more."""
    trained(fill("Dogs", a=5, b=5))
    arn = rekognition.create_project(ProjectName="Cats")["ProjectArn"]
    cats, dogs = rekognition.describe_projects()["ProjectDescriptions"]
    with pytest.raises(rekognition.exceptions.ResourceInUseException, match="1 version and 1 dataset: delete them"):
        rekognition.delete_project(ProjectArn=dogs["ProjectArn"])
    assert rekognition.delete_project(ProjectArn=arn)["Status"] == "DELETING"
    with pytest.raises(rekognition.exceptions.ResourceNotFoundException, match="there is no project"):
        rekognition.delete_project(ProjectArn=cats["ProjectArn"])
    assert [project.name for project in store.projects.all()] == ["Dogs"]


def test_an_arn_holds_in_every_region(boto: Callable[..., Any]) -> None:
    """A project made in one region is described with that region's ARN in another, and found by either's."""
    arn = boto("rekognition", region="us-west-2").create_project(ProjectName="dogs")["ProjectArn"]
    here = boto("rekognition", region="ap-south-1")
    assert [arn] == [each["ProjectArn"] for each in here.describe_projects()["ProjectDescriptions"]]
    assert here.delete_project(ProjectArn=arn.replace("us-west-2", "ap-south-1"))["Status"] == "DELETING"
