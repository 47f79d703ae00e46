"""Projects whose code Jenkins runs: no CodePipeline, roles without keys, and the deploy job started by approvals alone."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from generator.local.execution.pattern import matches
from tests.blueprints.building import build, findings, granted, properties, refusal, resources, statements
from tests.blueprints.lambdas.account import Account
from tests.blueprints.lambdas.conftest import account, package  # noqa: F401  # fixtures
from tests.blueprints.lambdas.loopback import Context
from tests.blueprints.servers.jenkins import Jenkins
from tests.blueprints.servers.loopback import serving
from tests.blueprints.test_project_events import RECORDED, STARTS, pattern

KIND, ROLE, RULE = "sagemaker-project", "AWS::IAM::Role", "AWS::Events::Rule"
BOTH: dict[str, Any] = {"ci": "jenkins", "repositories": ["build", "deploy"]}
OIDC: dict[str, Any] = {"jenkins_access": "oidc", "jenkins_issuer": "jenkins.example.com/oidc"}


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return build(KIND, **BOTH)


def test_there_is_no_pipeline_and_no_build_and_no_user(template: dict[str, Any]) -> None:
    kinds = {one["Type"] for one in template["Resources"].values()}
    assert not any(
        kind.startswith(("AWS::CodePipeline", "AWS::CodeBuild", "AWS::IAM::User")) for kind in kinds
    )
    assert "AWS::IAM::AccessKey" not in kinds


@pytest.mark.parametrize("half", ["ModelBuild", "ModelDeploy"])
@pytest.mark.parametrize("hosting", ["endpoint", "batch"])
def test_a_job_may_do_what_codebuild_and_codepipeline_may(half: str, hosting: str) -> None:
    options: dict[str, Any] = {"repositories": ["build", "deploy"], "hosting": hosting}
    with_codepipeline = resources(build(KIND, **options), ROLE)
    wanted = {
        (action, json.dumps(resource))
        for title in (f"{half}BuildRole", f"{half}TestRole", f"{half}PipelineRole")
        if title in with_codepipeline
        for statement in statements(with_codepipeline[title])
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    given = {
        (action, json.dumps(resource))
        for statement in statements(resources(build(KIND, ci="jenkins", **options), ROLE)[f"{half}JobRole"])
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    assert given <= wanted | {
        ("codecommit:GitPull", json.dumps({"Fn::GetAtt": [f"{half}Repository", "Arn"]}))
    }
    # Its own log group, the repository as CodePipeline reads it, builds and approvals are the other services' own.
    own = re.compile(r"^(logs|codecommit|codebuild:(BatchGetBuilds|StartBuild)|sns)")
    # So are artifacts; where a half's own commands write, its job does.
    artifacts = json.dumps({"Fn::Sub": "${ArtifactBucket.Arn}/*"})
    left = {each for each in wanted - given if not own.match(each[0])}
    writes = {("s3:AbortMultipartUpload", artifacts), ("s3:PutObject", artifacts)}
    assert left == (writes if half == "ModelBuild" else set())


def test_agents_get_the_role_by_an_instance_profile(template: dict[str, Any]) -> None:
    for half in ("ModelBuild", "ModelDeploy"):
        trust = resources(template, ROLE)[f"{half}JobRole"]["Properties"]["AssumeRolePolicyDocument"]
        (statement,) = trust["Statement"]
        assert statement["Principal"] == {"Service": "ec2.amazonaws.com"}
        profile = resources(template, "AWS::IAM::InstanceProfile")[f"{half}JobProfile"]["Properties"]
        assert profile["Roles"] == [{"Ref": f"{half}JobRole"}]


@pytest.mark.parametrize(("half", "job"), [("ModelBuild", "build"), ("ModelDeploy", "deploy")])
def test_with_oidc_only_the_halfs_own_job_gets_the_role(half: str, job: str) -> None:
    template = build(KIND, **BOTH, **OIDC)
    (statement,) = resources(template, ROLE)[f"{half}JobRole"]["Properties"]["AssumeRolePolicyDocument"][
        "Statement"
    ]
    assert statement == {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {
            "Federated": {
                "Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/jenkins.example.com/oidc"
            }
        },
        "Condition": {
            "StringEquals": {
                "jenkins.example.com/oidc:aud": "sts.amazonaws.com",
                "jenkins.example.com/oidc:sub": {
                    "Fn::Sub": f"${{JenkinsUrl}}/job/sagemaker-${{SageMakerProjectName}}-{job}/"
                },
            }
        },
    }
    assert not resources(template, "AWS::IAM::InstanceProfile")


@pytest.mark.parametrize("half", ["ModelBuild", "ModelDeploy"])
@pytest.mark.parametrize("access", [{}, OIDC], ids=["profile", "oidc"])
def test_the_jobs_variables_are_what_builds_are_told(half: str, access: dict[str, str]) -> None:
    options: dict[str, Any] = {"repositories": ["build", "deploy"], "network": "vpc-only"}
    builds = resources(build(KIND, **options), "AWS::CodeBuild::Project")
    told = {
        one["Name"] for one in builds[f"{half}Build"]["Properties"]["Environment"]["EnvironmentVariables"]
    }
    found = resources(build(KIND, **options, ci="jenkins", **access), "AWS::SSM::Parameter")
    text = "".join(
        piece if isinstance(piece, str) else "x"
        for piece in found[f"{half}JobVariables"]["Properties"]["Value"]["Fn::Join"][1]
    )
    more = {"AWS_REGION"} | ({"AWS_ROLE_ARN"} if access else set())
    assert set(json.loads(text)) == told | more | ({"DEPLOY_ROLE_ARN"} if half == "ModelDeploy" else set())


def test_a_job_loses_its_rights_before_the_clean_up(template: dict[str, Any]) -> None:
    for title in ("ModelBuildJobRole", "ModelDeployJobRole", "ModelDeployStartRule"):
        assert "Cleanup" in template["Resources"][title]["DependsOn"]


# The start of the deploy job.


def test_the_rule_is_that_of_the_pipeline(template: dict[str, Any]) -> None:
    (rule,) = resources(template, RULE).values()
    starts = resources(build(KIND, repositories=["build", "deploy"]), RULE)["ModelDeployApprovedRule"]
    assert rule["Properties"]["EventPattern"] == starts["Properties"]["EventPattern"]
    assert rule["Properties"]["Targets"] == [
        {"Id": "function", "Arn": {"Fn::GetAtt": ["ModelDeployStartFunction", "Arn"]}}
    ]
    permission = properties(template, "AWS::Lambda::Permission")
    assert permission["SourceArn"] == {"Fn::GetAtt": ["ModelDeployStartRule", "Arn"]}


@pytest.mark.parametrize("encryption", ["customer-key", "service-managed"])
def test_what_could_not_be_started_is_kept_encrypted_and_seen(encryption: str) -> None:
    template = build(KIND, **BOTH, encryption=encryption)
    function = resources(template, "AWS::Lambda::Function")["ModelDeployStartFunction"]["Properties"]
    letters = {"Fn::GetAtt": ["ModelDeployStartDeadLetters", "Arn"]}
    assert function["DeadLetterConfig"] == {"TargetArn": letters}
    role = resources(template, ROLE)["ModelDeployStartRole"]
    assert granted(role, "sqs:SendMessage") == [letters]
    queue = properties(template, "AWS::SQS::Queue")
    if encryption == "customer-key":
        assert queue["KmsMasterKeyId"] == {"Fn::GetAtt": ["ProjectKey", "Arn"]}
        assert granted(role, "kms:GenerateDataKey") == [queue["KmsMasterKeyId"]]
    else:
        assert queue["SqsManagedSseEnabled"] is True
    alarm = properties(template, "AWS::CloudWatch::Alarm")
    assert alarm["Dimensions"] == [
        {"Name": "QueueName", "Value": {"Fn::GetAtt": ["ModelDeployStartDeadLetters", "QueueName"]}}
    ]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")


def test_the_function_reads_the_one_secret_that_is_named(template: dict[str, Any]) -> None:
    role = resources(template, ROLE)["ModelDeployStartRole"]
    assert granted(role, "secretsmanager:GetSecretValue") == [{"Ref": "JenkinsSecretArn"}]
    (decrypt,) = (one for one in statements(role) if one["Action"] == ["kms:Decrypt"])
    assert decrypt["Condition"]["StringEquals"]["kms:EncryptionContext:SecretARN"] == {
        "Ref": "JenkinsSecretArn"
    }
    others = set(resources(template, ROLE)) - {"ModelDeployStartRole"}
    assert not any(
        granted(resources(template, ROLE)[other], "secretsmanager:GetSecretValue") for other in others
    )


@pytest.fixture
def jenkins() -> Iterator[Jenkins]:
    made = Jenkins(jobs={"sagemaker-Churn-deploy"})
    with serving(made.server):
        yield made


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_recorded_events_start_the_job_once_for_an_approval_and_never_else(
    name: str,
    account: Account,  # noqa: F811  # the fixture
    package: str,  # noqa: F811
    jenkins: Jenkins,
    monkeypatch: pytest.MonkeyPatch,
    template: dict[str, Any],
) -> None:
    """The rule, and the real handler on what it lets through."""
    event = RECORDED[name]
    function = resources(template, "AWS::Lambda::Function")["ModelDeployStartFunction"]["Properties"]
    address = function["Environment"]["Variables"]["JENKINS_JOB_URL"]["Fn::Sub"]
    monkeypatch.setenv(
        "JENKINS_JOB_URL",
        address.replace("${JenkinsUrl}", jenkins.server.url).replace("${SageMakerProjectName}", "Churn"),
    )
    monkeypatch.setenv("CREDENTIALS_SECRET_ARN", account.credentials())
    module, _, handler = function["Handler"].rpartition(".")
    if matches(pattern(ci="jenkins", title="ModelDeployStartRule"), event):
        getattr(importlib.import_module(module), handler)(event, Context(120))
    version = {"MODEL_PACKAGE_ARN": event["detail"]["ModelPackageArn"]}
    assert jenkins.started == ([("sagemaker-Churn-deploy", version)] if name in STARTS else [])


# Lint, and what is refused.


@pytest.mark.parametrize(
    "options",
    [
        {**BOTH, "git": "codeconnections"},
        {**BOTH, **OIDC, "network": "vpc-only", "encryption": "service-managed"},
        {"ci": "jenkins", "repositories": ["deploy"], "hosting": "batch", "when_terminated": "keep-work"},
    ],
    ids=str,
)
def test_it_lints_clean(options: dict[str, Any]) -> None:
    assert findings(KIND, **options) == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"jenkins_access": "oidc"}, "jenkins_access has no meaning with ci: codepipeline"),
        ({"jenkins_issuer": "jenkins.example.com"}, "jenkins_issuer has no meaning with ci: codepipeline"),
        ({"ci": "jenkins", "jenkins_access": "oidc"}, "give both or neither"),
        ({"ci": "jenkins", "jenkins_issuer": "jenkins.example.com"}, "give both or neither"),
        (
            {**BOTH, **OIDC, "jenkins_issuer": "https://jenkins.example.com"},
            "jenkins_issuer: String should match",
        ),
        ({"ci": "jenkins", "pipelines": "promoted"}, "it needs ci: codepipeline"),
        (
            {**BOTH, "stages": [{"name": "production", "where": "accounts"}]},
            "stage 'production' is in other accounts, which CodePipeline rolls out",
        ),
        (
            {
                **BOTH,
                "stages": [
                    {"name": "test", "approval": [{"by": "person", "name": "release"}]},
                    {"name": "production"},
                ],
            },
            "the Jenkinsfile asks before every stage but the first",
        ),
    ],
    ids=str,
)
def test_refused_with_the_reason(options: dict[str, Any], reason: str) -> None:
    assert reason in refusal(KIND, **options)
