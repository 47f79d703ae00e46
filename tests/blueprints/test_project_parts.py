"""The parts that projects are made of, where a blueprint's template does not show how they refuse."""

from __future__ import annotations

import importlib
import json
from types import ModuleType
from typing import Any

import pytest
from troposphere import Template, kms, logs, sqs

from generator.blueprint import load
from generator.errors import Where
from tests.blueprints.building import ROOT


def part(name: str) -> ModuleType:
    """A module of blueprints/parts, from the package that the loader made."""
    module = load("sagemaker-project", ROOT, Where("test")).params.__module__
    return importlib.import_module(f"{module.rpartition('.')[0]}.parts.{name}")


@pytest.fixture
def project() -> Any:
    return part("project").project(Template())


@pytest.mark.parametrize(
    ("suffix", "limit", "name"),
    [
        ("", 63, "sagemaker-${SageMakerProjectName}-${SageMakerProjectId}"),
        ("", 62, "sagemaker-${SageMakerProjectId}"),
        ("push", 68, "sagemaker-${SageMakerProjectName}-${SageMakerProjectId}-push"),
        ("push", 67, "sagemaker-${SageMakerProjectId}-push"),
        ("push", 35, "sagemaker-${SageMakerProjectId}-push"),
    ],
)
def test_a_name_is_as_telling_as_its_limit_allows(project: Any, suffix: str, limit: int, name: str) -> None:
    assert project.named(suffix, limit=limit).to_dict() == {"Fn::Sub": name}


def test_a_name_that_cannot_fit_is_the_authors_mistake(project: Any) -> None:
    with pytest.raises(ValueError, match=r"'-push' can take 35 characters, its limit is 34"):
        project.named("push", limit=34)


@pytest.mark.parametrize(
    "resource",
    [kms.Key("One", KeyPolicy={}), sqs.Queue("One"), logs.LogGroup("One")],
    ids=lambda one: type(one).__name__,
)
def test_what_can_be_tagged_is_tagged_when_it_is_added(project: Any, resource: Any) -> None:
    assert project.add(resource) is resource
    tags = json.loads(project.template.to_json())["Resources"]["One"]["Properties"]["Tags"]
    assert {tag["Key"] for tag in tags} == {"sagemaker:project-name", "sagemaker:project-id"}


def test_what_cannot_be_tagged_is_added_as_it_is(project: Any) -> None:
    project.add(kms.Alias("One", AliasName="alias/sagemaker-one", TargetKeyId="key"))
    assert "Tags" not in project.template.to_dict()["Resources"]["One"]["Properties"]


def test_two_repositories_on_one_connection_need_its_permissions_once() -> None:
    access = part("access")
    same = [access.allow(["codeconnections:GetConnection"], ["arn"]) for _ in range(2)]
    other = access.allow(["codeconnections:GetConnection"], ["another"])
    assert access.distinct([same[0], other, same[1]]) == [same[0], other]


@pytest.mark.parametrize(("kept", "policy"), [(True, "RetainExceptOnCreate"), (False, "Delete")])
def test_nothing_is_lost_by_a_replacement(kept: bool, policy: str) -> None:
    assert part("retention").Retention(kept).attributes() == {
        "DeletionPolicy": policy,
        "UpdateReplacePolicy": "Retain",
    }
