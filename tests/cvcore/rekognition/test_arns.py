"""Projects, datasets and versions are found by their ARNs as long as they are there, wherever they were made."""

from __future__ import annotations

import dataclasses

import pytest

from cvcore import projects
from cvcore.errors import InvalidInput, IterationNotFound, NotFound, ProjectNotFound
from cvcore.rekognition import arns
from cvcore.store import Store
from tests.conftest import Fill, Trained

ELSEWHERE = "arn:aws-cn:rekognition:cn-north-1:123456789012:project/another"


def number(arn: str) -> str:
    return arn.rpartition("/")[2]


def test_a_project_keeps_its_arn(store: Store, fill: Fill) -> None:
    """It is made once, with the name and region of that moment, and survives a new name."""
    project = fill("Roses & tulips")
    arn = arns.of_project(store, project, "eu-west-1")
    made_at = int(project.created_at.timestamp() * 1000)
    assert arn == f"arn:aws:rekognition:eu-west-1:000000000000:project/Roses___tulips/{made_at}"
    renamed = projects.update(store, dataclasses.replace(project, name="Roses"))
    assert arns.of_project(store, renamed, "us-west-2") == arn
    assert arns.project(store, arn).name == "Roses"


def test_an_arn_is_found_by_its_number(store: Store, fill: Fill, trained: Trained) -> None:
    """Region, account and names in an ARN may differ, its kind may not."""
    project = fill(a=5, b=5)
    iteration = trained(project)
    project = store.projects.get(project.id)
    whole = arns.of_project(store, project)
    dataset = arns.of_dataset(store, project, "TEST")
    version = arns.of_iteration(store, project, iteration, version_name="first.try")
    assert (
        dataset
        == arns.of_dataset(store, project, "TEST")
        == whole.rpartition("/")[0] + (f"/dataset/test/{number(dataset)}")
    )
    assert version == arns.of_iteration(store, project, iteration)
    assert version.startswith(whole.rpartition("/")[0] + "/version/first.try/")
    assert arns.project(store, f"{ELSEWHERE}/{number(whole)}") == project
    assert arns.dataset(store, f"{ELSEWHERE}/dataset/train/{number(dataset)}") == (project, "TEST")
    assert arns.version(store, f"{ELSEWHERE}/version/x/{number(version)}") == (project, iteration)
    assert arns.resource(store, f"{ELSEWHERE}/version/x/{number(version)}") == version
    with pytest.raises(ProjectNotFound, match="there is no project"):
        arns.project(store, version)


def test_an_arn_of_amazon_is_found_by_its_names(store: Store, fill: Fill, trained: Trained) -> None:
    """A script's ARNs, of an account at Amazon, name what has their names here; ours are found by number only."""
    project = fill("Roses & tulips", a=5, b=5)
    iteration = trained(project)
    project = store.projects.get(project.id)
    arns.of_iteration(store, project, iteration, version_name="roses.2021-11-27T13.53.12")
    test = arns.of_dataset(store, project, "TEST")
    there = "arn:aws:rekognition:us-east-1:370343436609:project/Roses___tulips"
    assert arns.project(store, f"{there}/1638031599523") == project
    assert arns.dataset(store, f"{there}/dataset/test/1638031599523") == (project, "TEST")
    assert arns.resource(store, f"{there}/dataset/test/1638031599523") == test
    assert arns.version(store, f"{there}/version/roses.2021-11-27T13.53.12/1638031992979") == (project, iteration)
    for missing in ("dataset/train/1", "version/other/1"):
        with pytest.raises(NotFound):
            arns.resource(store, f"{there}/{missing}")
    with pytest.raises(ProjectNotFound):
        arns.project(store, f"{ELSEWHERE}/1638031599523")
    with pytest.raises(ProjectNotFound):
        arns.project(store, f"{there.replace('370343436609', arns.ACCOUNT)}/1638031599523")


def test_numbers_are_not_shared(store: Store, fill: Fill) -> None:
    """Of two projects made in the same millisecond each has a number of its own."""
    one = fill("One")
    other = dataclasses.replace(fill("Other"), created_at=one.created_at)
    assert int(number(arns.of_project(store, one))) + 1 == int(number(arns.of_project(store, other)))


def test_what_is_no_arn_is_refused(store: Store) -> None:
    """Text of another form breaks a rule; an ARN that nothing has any more is not found."""
    for text in ("", "dogs", f"{ELSEWHERE}/1x", f"{ELSEWHERE}/{'9' * 30}", f"{ELSEWHERE}/1\n", "arn:aws:s3:::b"):
        with pytest.raises(InvalidInput, match="an ARN must be"):
            arns.resource(store, text)
    with pytest.raises(NotFound, match="there is nothing"):
        arns.resource(store, f"{ELSEWHERE}/1")
    with pytest.raises(NotFound, match="there is no dataset"):
        arns.dataset(store, f"{ELSEWHERE}/dataset/train/1")
    with pytest.raises(IterationNotFound, match="there is no version"):
        arns.version(store, f"{ELSEWHERE}/version/a/1")
