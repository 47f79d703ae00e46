"""Projects with a pipeline for each branch: the build beside the main one's, and which of CodeCommit's events are heard."""

from __future__ import annotations

from typing import Any

import pytest

from generator.local.execution.pattern import matches
from tests.blueprints.building import build, findings, granted, refusal, resources
from tests.blueprints.lambdas.test_project_branches import REPOSITORY, told

KIND = "sagemaker-project"


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return build(KIND, branches="per-branch")


def test_a_branch_is_built_as_main_is_under_another_role(template: dict[str, Any]) -> None:
    builds = resources(template, "AWS::CodeBuild::Project")
    main, branch = (builds[title]["Properties"] for title in ("ModelBuildBuild", "ModelBuildBranch"))
    assert branch["Environment"] == main["Environment"]
    assert branch["Source"] == {
        "Type": "CODECOMMIT",
        "Location": {"Fn::GetAtt": ["ModelBuildRepository", "CloneUrlHttp"]},
        "BuildSpec": main["Source"]["BuildSpec"],
    }
    roles = resources(template, "AWS::IAM::Role")
    assert granted(roles["ModelBuildBranchRole"], "codecommit:GitPull") == [
        {"Fn::GetAtt": ["ModelBuildRepository", "Arn"]}
    ]
    assert granted(roles["ModelBuildBranchRole"], "sagemaker:CreatePipeline") == granted(
        roles["ModelBuildBuildRole"], "sagemaker:CreatePipeline"
    )


def test_the_function_deletes_pipelines_of_branches_and_not_that_of_main(template: dict[str, Any]) -> None:
    role = resources(template, "AWS::IAM::Role")["ModelBuildBranchesRole"]
    (pipelines,) = granted(role, "sagemaker:DeletePipeline")
    assert pipelines.endswith(":pipeline/sagemaker-*${SageMakerProjectId}-model-build-*")
    function = resources(template, "AWS::Lambda::Function")["ModelBuildBranchesFunction"]["Properties"]
    (main,) = (
        one["Value"]
        for one in resources(template, "AWS::CodeBuild::Project")["ModelBuildBuild"]["Properties"][
            "Environment"
        ]["EnvironmentVariables"]
        if one["Name"] == "PIPELINE_NAME"
    )
    assert function["Environment"]["Variables"]["PIPELINE_NAME"] == main
    assert main["Fn::Sub"].endswith("${SageMakerProjectId}-model-build")


def test_nothing_of_it_runs_during_the_clean_up(template: dict[str, Any]) -> None:
    for title in ("ModelBuildBranch", "ModelBuildBranchesRule"):
        assert template["Resources"][title]["DependsOn"] == ["Cleanup"]


@pytest.mark.parametrize(
    ("event", "is_heard"),
    [
        (told("referenceCreated", "feature/a"), True),
        (told("referenceUpdated", "feature/a"), True),
        (told("referenceDeleted", "feature/a"), True),
        (told("referenceUpdated", "mainland"), True),
        (told("referenceUpdated", "main"), False),
        (told("referenceDeleted", "main"), False),
        (told("referenceCreated", "v1", referenceType="tag"), False),
        (told("unreferencedMergeCommitCreated", "feature/a"), False),
        (told("referenceCreated", "feature/a") | {"resources": [f"{REPOSITORY}-2"]}, False),
    ],
    ids=[
        "created",
        "updated",
        "deleted",
        "alike",
        "main",
        "main deleted",
        "a tag",
        "a merge",
        "another repository",
    ],
)
def test_branches_are_heard_of_and_main_is_not(
    template: dict[str, Any], event: dict[str, Any], is_heard: bool
) -> None:
    rule = resources(template, "AWS::Events::Rule")["ModelBuildBranchesRule"]["Properties"]["EventPattern"]
    assert rule["resources"] == [{"Fn::GetAtt": ["ModelBuildRepository", "Arn"]}]
    assert matches({**rule, "resources": [REPOSITORY]}, event) is is_heard


@pytest.mark.parametrize(
    "options", [{}, {"network": "vpc-only", "encryption": "service-managed", "branch": "trunk"}], ids=str
)
def test_it_lints_clean(options: dict[str, Any]) -> None:
    assert findings(KIND, branches="per-branch", **options) == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"git": "codeconnections"}, "a connection does not tell of branches that are deleted"),
        ({"git": "external"}, "from an external server one branch is brought"),
        ({"ci": "jenkins"}, "a multibranch job of Jenkins does it"),
        ({"pipelines": "many"}, "branches: per-branch has one pipeline for each branch"),
        ({"repositories": ["deploy"]}, "branches has no meaning where repositories has no build"),
    ],
    ids=str,
)
def test_refused_with_the_reason(options: dict[str, Any], reason: str) -> None:
    assert reason in refusal(KIND, branches="per-branch", **options)
