"""Every two options of the family that go together, in rows: they build, lint clean and get a launch role; the rest is refused."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest

from generator import launch_role
from generator.lint import schemas
from tests.blueprints.building import build, findings, resources, statements
from tests.blueprints.family import AXES, KIND, Row, options, table

ROWS, APART = table()
SAMPLE = (0, len(ROWS) // 2, len(ROWS) - 1)
NUMBERS = [
    pytest.param(number, marks=() if number in SAMPLE else pytest.mark.proof, id=str(number))
    for number in range(len(ROWS))
]
LONGEST = {
    "SageMakerProjectName": "A" * 32,
    "SageMakerProjectId": "p-" + "a" * 18,
    "AWS::AccountId": "1" * 12,
    "AWS::Region": "ap-southeast-1",
    "AWS::Partition": "aws-us-gov",
}
# Where a name stands and how long it may be (API references of the services).
NAMES = {
    "AWS::IAM::Role": ("RoleName", 64),
    "AWS::S3::Bucket": ("BucketName", 63),
    "AWS::SageMaker::ModelPackageGroup": ("ModelPackageGroupName", 63),
    "AWS::CodeCommit::Repository": ("RepositoryName", 100),
    "AWS::CodePipeline::Pipeline": ("Name", 100),
    "AWS::CodeBuild::Project": ("Name", 150),
    "AWS::Events::Rule": ("Name", 64),
    "AWS::Lambda::Function": ("FunctionName", 64),
    "AWS::SNS::Topic": ("TopicName", 256),
    "AWS::SQS::Queue": ("QueueName", 80),
    "AWS::CloudFormation::StackSet": ("StackSetName", 128),
}


@cache
def built(row: Row) -> dict[str, Any]:
    return build(KIND, "mlops", **options(row))


def test_nothing_that_can_be_chosen_is_refused_altogether() -> None:
    held = {pair for row in ROWS for pair in row}
    assert held == {(axis, value) for axis, values in AXES.items() for value in values}


@pytest.mark.parametrize("pair", sorted(APART), ids=str)
def test_what_does_not_go_together_is_refused_with_a_reason(pair: Any) -> None:
    assert APART[pair].startswith(": Value error, "), APART[pair]
    assert len(APART[pair]) > 60, "a reason, not only a refusal"


@pytest.mark.parametrize("row", ROWS, ids=range(len(ROWS)))
def test_names_fit_and_are_the_projects_own(row: Row) -> None:
    seen = set()
    for title, one in built(row)["Resources"].items():
        if one["Type"] not in NAMES:
            continue
        key, limit = NAMES[one["Type"]]
        name = re.sub(r"\$\{([\w:]+)\}", lambda found: LONGEST[found[1]], one["Properties"][key]["Fn::Sub"])
        assert len(name) <= limit, f"{title}: {len(name)} of {limit}"
        assert name.startswith("sagemaker-"), title
        assert LONGEST["SageMakerProjectId"] in name, title
        assert (one["Type"], name) not in seen
        seen.add((one["Type"], name))


@pytest.mark.parametrize("row", ROWS, ids=range(len(ROWS)))
def test_everything_is_tagged_and_no_role_has_too_much(row: Row) -> None:
    template = built(row)
    for title, one in template["Resources"].items():
        if "Tags" in schemas.schema(one["Type"])["properties"]:
            tags = one["Properties"]["Tags"]
            keys = set(tags) if isinstance(tags, dict) else {tag["Key"] for tag in tags}
            assert keys == {"sagemaker:project-name", "sagemaker:project-id"}, title
    for title, one in resources(template, "AWS::IAM::Role").items():
        assert len(json.dumps(one["Properties"]["Policies"], separators=(",", ":"))) < 10_240, title
        for statement in statements(one):
            assert not any("*" in action for action in statement["Action"]), title
            if "iam:PassRole" in statement["Action"]:
                assert "*" not in json.dumps(statement["Resource"]), title
                assert "iam:PassedToService" in json.dumps(statement["Condition"]), title


@pytest.mark.parametrize("number", NUMBERS)
def test_it_lints_clean_and_gets_a_launch_role(number: int) -> None:
    row = ROWS[number]
    template = built(row)
    types = {one["Type"] for one in template["Resources"].values()}
    regions = sorted(frozenset.intersection(*map(schemas.regions_of, types)))
    assert len(regions) > 10
    # A few regions for each row, other ones for the next: together the rows meet all of them.
    some = regions[number % 8 :: 8] if number not in SAMPLE else regions[:2]
    assert findings(KIND, "mlops", some, **options(row)) == []
    scope = launch_role.Scope("acme", "mlops", ("us-east-1",), assets=("assets/assets/seed-build/*.zip",))
    template = template | {"Mappings": {"Catalog": {"us-east-1": {"AssetBucket": "assets"}}}}
    role, _ = launch_role.synthesise(template, scope)
    actions = {grant.action for grant in role.grants}
    assert "codebuild:CreateProject" in actions or row[1][1].startswith("jenkins")
    assert not any("*" in action for action in actions)
