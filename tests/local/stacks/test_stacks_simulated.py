"""Simulated resources of every type there is: an id and all attributes, the same each time, shaped as AWS's are."""

from __future__ import annotations

import re
from typing import Any

import pytest

from generator.lint.schemas import types
from generator.local.stacks import names
from generator.local.stacks.kind import Kind, kind
from generator.local.stacks.resources.completion import complete
from generator.local.stacks.resources.provider import Made, Place, Request
from generator.local.stacks.resources.registry import served
from generator.local.stacks.resources.simulated import Simulated

STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/my-stack/1"
EVERY = sorted(name for name in types("us-east-1") if not name.startswith("AWS::Serverless"))


def request(resource_type: str, **properties: Any) -> Request:
    found = kind(resource_type, "us-east-1")
    assert found is not None
    whole = complete(
        found, properties, stack_id=STACK, logical_id="Thing", generation=0, tags={"team": "red"}
    )
    place = Place("123456789012", "us-east-1", "aws")
    return Request(
        found, place, STACK, "Thing", whole, lambda service: pytest.fail(f"{service} was called"), now=1.6e9
    )


def make(resource_type: str, **properties: Any) -> Made:
    return Simulated().create(request(resource_type, **properties))


def check(resource_type: str) -> None:
    asked = request(resource_type)
    made = Simulated().create(asked)
    assert made == make(resource_type)
    assert made.physical_id
    assert set(made.attributes) == {path for path in asked.kind.read_only if "*" not in path}
    for path, value in made.attributes.items():
        if path.lower().endswith("arn") and isinstance(value, str):
            assert re.fullmatch(r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:\d*:\S+", value), (resource_type, path, value)
    name = asked.kind.name_property
    if name and name in asked.properties and not asked.kind.custom:
        assert len(asked.properties[name]) <= max(asked.kind.limit(name), 12), (resource_type, name)


def test_a_sample_of_all_types() -> None:
    for resource_type in EVERY[::15]:
        check(resource_type)


@pytest.mark.proof
def test_all_types() -> None:
    for resource_type in EVERY:
        check(resource_type)


SHAPES: list[tuple[str, dict[str, Any], str, str]] = [
    ("AWS::SageMaker::Pipeline", {"PipelineName": "p"}, "Ref", "p"),
    ("AWS::SageMaker::Domain", {}, "DomainArn", r"arn:aws:sagemaker:us-east-1:123456789012:domain/\w+"),
    (
        "AWS::SageMaker::ModelPackageGroup",
        {"ModelPackageGroupName": "g"},
        "Ref",
        "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/g",
    ),
    ("AWS::EC2::FlowLog", {}, "Ref", "fl-[0-9a-f]{17}"),
    ("AWS::RDS::DBInstance", {}, "Ref", "my-stack-thing-[a-z0-9]{12}"),
    ("AWS::EFS::FileSystem", {}, "Arn", r"arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/\S+"),
    ("AWS::ECS::Cluster", {"ClusterName": "c"}, "Arn", "arn:aws:ecs:us-east-1:123456789012:cluster/c"),
    ("AWS::Lex::Bot", {"Name": "b"}, "Ref", r"\w{10}"),
    (
        "AWS::Personalize::DatasetGroup",
        {"Name": "d"},
        "Ref",
        r"arn:aws:personalize:us-east-1:123456789012:dataset-group/\S+",
    ),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", {}, "DNSName", r"\S+\.amazonaws\.com"),
    ("AWS::OpenSearchService::Domain", {}, "Ref", "my-stack-thing-[a-z0-9]{12}"),
    ("Custom::Thing", {"ServiceToken": "t"}, "Ref", "my-stack-Thing-[A-Za-z0-9]{12}"),
]


@pytest.mark.parametrize(("resource_type", "properties", "attribute", "pattern"), SHAPES)
def test_shape(resource_type: str, properties: dict[str, Any], attribute: str, pattern: str) -> None:
    made = make(resource_type, **properties)
    value = made.physical_id if attribute == "Ref" else made.attributes[attribute]
    assert re.fullmatch(pattern, value), value


def test_an_id_is_the_same_in_the_arn() -> None:
    made = make("AWS::Lex::Bot", Name="b")
    assert made.attributes["Arn"] == f"arn:aws:lex:us-east-1:123456789012:bot/{made.attributes['Id']}"


def test_served_types_exist() -> None:
    assert served() <= types("us-east-1")
    assert len(served()) >= 50


# Names


@pytest.mark.parametrize(
    ("stack", "logical_id", "limit", "pattern"),
    [
        ("it", "Role", 64, r"it-Role-\w{12}"),
        ("a" * 60, "Role", 64, r"a{46}-Role-\w{12}"),
        ("it", "R" * 90, 64, r"it-R{48}-\w{12}"),
        ("a" * 60, "R" * 90, 64, r"a{25}-R{25}-\w{12}"),
        ("a--b", "Role", 64, r"a-b-Role-\w{12}"),
        ("it", "Thing", 20, r"it-Thin-\w{12}"),
        ("it", "Thing", 14, r"it\w{12}"),
    ],
)
def test_physical_name(stack: str, logical_id: str, limit: int, pattern: str) -> None:
    stack_id = f"arn:aws:cloudformation:eu-west-1:123456789012:stack/{stack}/1"
    name = names.physical_name(stack_id, logical_id, 0, limit=limit)
    assert re.fullmatch(pattern, name), name
    assert len(name) <= limit
    assert name != names.physical_name(stack_id, logical_id, 1, limit=limit)


@pytest.mark.parametrize(
    ("resource_type", "name", "limit", "lower"),
    [
        ("AWS::IAM::Role", "RoleName", 64, False),
        ("AWS::S3::Bucket", "BucketName", 63, True),
        ("AWS::SQS::Queue", "QueueName", 80, False),
        ("AWS::Lambda::Function", "FunctionName", 64, False),
        ("AWS::SageMaker::Model", "ModelName", 63, False),
    ],
)
def test_generated_names_fit_their_service(resource_type: str, name: str, limit: int, lower: bool) -> None:
    found = kind(resource_type, "us-east-1")
    assert isinstance(found, Kind)
    stack_id = f"arn:aws:cloudformation:eu-west-1:123456789012:stack/{'S' * 100}/1"
    made = complete(found, {}, stack_id=stack_id, logical_id="L" * 100, generation=0, tags={})[name]
    assert limit - 1 <= len(made) <= limit
    assert (made == made.lower()) is lower


def test_stack_tags_go_under_the_resources_own() -> None:
    role = kind("AWS::IAM::Role", "us-east-1")
    parameter = kind("AWS::SSM::Parameter", "us-east-1")
    policy = kind("AWS::IAM::Policy", "us-east-1")
    assert role is not None
    assert parameter is not None
    assert policy is not None
    own = [{"Key": "team", "Value": "mine"}]
    tags = {"team": "stack", "cost": "7"}
    made = complete(role, {"Tags": own}, stack_id=STACK, logical_id="R", generation=0, tags=tags)
    assert made["Tags"] == [{"Key": "team", "Value": "mine"}, {"Key": "cost", "Value": "7"}]
    assert complete(parameter, {}, stack_id=STACK, logical_id="P", generation=0, tags=tags)["Tags"] == tags
    assert "Tags" not in complete(policy, {}, stack_id=STACK, logical_id="P", generation=0, tags=tags)
