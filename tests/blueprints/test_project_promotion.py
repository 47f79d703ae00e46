"""A promoted pipeline: one definition for all stages, and what the project has in other accounts for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generator import lint
from tests.blueprints.building import build, properties, resources, statements
from tests.blueprints.test_project_deploy import ELSEWHERE, KIND, SET, role, stages

PROMOTED_ELSEWHERE = [
    {"name": "development", "approval": [{"by": "person", "name": "release"}]},
    *ELSEWHERE,
]


def test_all_stages_get_the_one_definition_that_was_built() -> None:
    template = build(KIND, "mlops", pipelines="promoted")
    made = stages(template)
    assert list(made) == ["Source", "Build", "development", "production"]
    assert made["Build"][0]["OutputArtifacts"] == [{"Name": "Definition"}]
    assert [action["Name"] for action in made["development"]] == ["Promote", "Approve-release"]
    for name in ("development", "production"):
        promote = made[name][0]
        assert [each["Name"] for each in promote["InputArtifacts"]] == ["Source", "Definition"]
        told = json.loads(promote["Configuration"]["EnvironmentVariables"]["Fn::Sub"])
        assert told[1]["value"].endswith(f"-model-build-{name}")


@pytest.fixture(scope="module")
def promoted() -> dict[str, Any]:
    return build(KIND, "mlops", pipelines="promoted", stages=PROMOTED_ELSEWHERE)


def test_a_stage_elsewhere_has_what_its_pipeline_uses(promoted: dict[str, Any]) -> None:
    sets = resources(promoted, SET)
    assert set(sets) == {"StagingAccount", "ProductionAccount"}
    assert sets["ProductionAccount"]["Properties"]["AutoDeployment"] == {
        "Enabled": True,
        "RetainStacksOnAccountRemoval": True,
    }
    for one in sets.values():
        body = json.loads(one["Properties"]["TemplateBody"])
        assert len(one["Properties"]["TemplateBody"]) < 51_200
        given = {each["ParameterKey"] for each in one["Properties"]["Parameters"]}
        assert (
            given
            == set(body["Parameters"])
            == {"SageMakerProjectName", "SageMakerProjectId", "HomeAccountId"}
        )
        types = {each["Type"].removeprefix("AWS::") for each in body["Resources"].values()}
        assert types == {"IAM::Role", "KMS::Alias", "KMS::Key", "S3::Bucket", "S3::BucketPolicy"} | {
            "SageMaker::ModelPackageGroup"
        }
        assumed_by = {
            title: trust["Condition"]["ArnEquals"]["aws:PrincipalArn"]["Fn::Sub"].rpartition("/")[2]
            for title, role in resources(body, "AWS::IAM::Role").items()
            for trust in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
            if "Condition" in trust
        }
        assert assumed_by == {
            "PromoteRole": "sagemaker-${SageMakerProjectId}-model-build-promote-build",
            "CleanupRole": "sagemaker-${SageMakerProjectId}-cleanup",
        }
        text = json.dumps(promoted)
        for name in assumed_by.values():
            assert f'"RoleName": {{"Fn::Sub": "{name}"}}' in text, "a role of the project's own account"


def test_a_stage_elsewhere_lints_as_a_template_of_its_own(promoted: dict[str, Any]) -> None:
    for one in resources(promoted, SET).values():
        job = lint.Job(one["Properties"]["TemplateBody"], "mlops", "inside.json", ("us-east-1",))
        assert [each.message for each in lint.lint_many([job], processes=1)[0]] == []


def test_nothing_of_home_opens_to_the_accounts_that_are_promoted_to(promoted: dict[str, Any]) -> None:
    policy = properties(promoted, "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    assert [one["Sid"] for one in policy] == ["TlsOnly"]
    key = properties(promoted, "AWS::KMS::Key")["KeyPolicy"]["Statement"]
    assert [one["Sid"] for one in key] == ["IamDecides", "LogGroupsOfTheProject", "DeadLettersOfRules"]
    assert "ModelPackageGroupPolicy" not in properties(promoted, "AWS::SageMaker::ModelPackageGroup")


def test_the_build_that_promotes_gets_into_these_accounts_only(promoted: dict[str, Any]) -> None:
    for title, name in (("ModelBuildPromoteRole", "promote"), ("CleanupRole", "cleanup")):
        entered = [one for one in statements(role(promoted, title)) if "sts:AssumeRole" in one["Action"]]
        assert [one["Condition"]["StringEqualsIfExists"] for one in entered] == [
            {"aws:ResourceAccount": {"Ref": "StagingAccounts"}},
            {"aws:ResourceOrgID": {"Ref": "OrganizationId"}},
        ]
        assert {one["Resource"][0]["Fn::Sub"].rpartition("role/")[2] for one in entered} == {
            f"sagemaker-${{SageMakerProjectId}}-{name}"
        }
    compiling = json.dumps(statements(role(promoted, "ModelBuildBuildRole")))
    assert "sagemaker:" not in compiling, "what compiles touches no pipeline"
    told = json.loads(stages(promoted)["staging"][0]["Configuration"]["EnvironmentVariables"]["Fn::Sub"])
    assert [one["name"] for one in told] == ["STAGE_NAME", "PIPELINE_NAME", "STACK_SET", "STAGE_ROLE_NAME"]
    cleaned = promoted["Resources"]["Cleanup"]
    assert set(cleaned["DependsOn"]) >= {"StagingAccount", "ProductionAccount"}
    assert len(cleaned["Properties"]["AccountsOf"]) == 2
