"""Projects whose code lies at a git server that AWS has no connection for: who may do what, and how a push arrives."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from generator.blueprint import LambdaPackage, load
from generator.errors import Where
from generator.lint import schemas
from tests.blueprints.building import (
    ROOT,
    build,
    findings,
    granted,
    properties,
    refusal,
    resources,
    statements,
)

KIND, ROLE, RULE = "sagemaker-project", "AWS::IAM::Role", "AWS::Events::Rule"
FUNCTION, QUEUE, SEED = "AWS::Lambda::Function", "AWS::SQS::Queue", "Custom::RepositorySeed"
GITLAB: dict[str, Any] = {"git": "external", "git_server": "gitlab", "repositories": ["build", "deploy"]}
SHAPES: list[dict[str, Any]] = [
    GITLAB,
    {"git": "external", "network": "vpc-only", "encryption": "service-managed"},
    {"git": "external", "ci": "jenkins", "when_terminated": "keep-work"},
]
LONGEST = {
    "SageMakerProjectName": "A" * 32,
    "SageMakerProjectId": "p-" + "a" * 18,
    "AWS::AccountId": "1" * 12,
    "AWS::Region": "ap-southeast-1",
}
# Where a name stands and how long it may be (API references of the services); the other types are the family's.
NAMES = {
    QUEUE: ("QueueName", 80),
    FUNCTION: ("FunctionName", 64),
    ROLE: ("RoleName", 64),
    RULE: ("Name", 64),
    "AWS::CloudWatch::Alarm": ("AlarmName", 255),
    "AWS::SecretsManager::Secret": ("Name", 256),
    "AWS::ApiGatewayV2::Api": ("Name", 128),
    "AWS::SSM::Parameter": ("Name", 128),
    "AWS::IAM::InstanceProfile": ("InstanceProfileName", 128),
}


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return build(KIND, **GITLAB)


def variables(template: dict[str, Any], title: str) -> dict[str, Any]:
    found: dict[str, Any] = resources(template, FUNCTION)[title]["Properties"]["Environment"]["Variables"]
    return found


@pytest.mark.parametrize("options", SHAPES, ids=str)
def test_names_fit_for_the_longest_project_and_begin_with_sagemaker(options: dict[str, Any]) -> None:
    template = build(KIND, **options)
    seen = set()
    for title, one in template["Resources"].items():
        if one["Type"] not in NAMES:
            continue
        key, limit = NAMES[one["Type"]]
        name = re.sub(r"\$\{([\w:]+)\}", lambda match: LONGEST[match[1]], one["Properties"][key]["Fn::Sub"])
        assert name.startswith("sagemaker-"), title
        assert len(name) <= limit, f"{title}: {len(name)} of {limit}"
        assert (one["Type"], name) not in seen
        seen.add((one["Type"], name))
        assert not one["Properties"].get("FifoQueue") or name.endswith(".fifo")


@pytest.mark.parametrize("options", SHAPES, ids=str)
def test_every_resource_that_can_be_tagged_is(options: dict[str, Any]) -> None:
    own = {
        "sagemaker:project-name": {"Ref": "SageMakerProjectName"},
        "sagemaker:project-id": {"Ref": "SageMakerProjectId"},
    }
    for title, one in build(KIND, **options)["Resources"].items():
        if one["Type"].startswith("Custom::") or "Tags" not in schemas.schema(one["Type"])["properties"]:
            continue
        tags = one["Properties"].get("Tags", [])
        given = tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
        assert given == own, title


@pytest.mark.parametrize("options", SHAPES, ids=str)
def test_it_lints_clean(options: dict[str, Any]) -> None:
    assert findings(KIND, **options) == []


@pytest.mark.parametrize(("git", "brings"), [("external", True), ("codecommit", False)])
def test_git_comes_along_where_it_is_spoken(git: str, brings: bool) -> None:
    blueprint = load(KIND, ROOT, Where("test"))
    (package,) = (
        one
        for one in blueprint.assets(blueprint.params.model_validate({"git": git}))
        if isinstance(one, LambdaPackage)
    )
    assert ("dulwich" in package.requirements) is brings


def test_credentials_are_read_by_those_who_speak_to_the_server_alone(template: dict[str, Any]) -> None:
    readers = {
        title
        for title, role in resources(template, ROLE).items()
        if {"Ref": "GitSecretArn"} in granted(role, "secretsmanager:GetSecretValue")
    }
    assert readers == {"GitSeedRole", "PushSourceRole"}
    assert template["Parameters"]["GitServerUrl"]["AllowedPattern"].startswith("^https://")


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://gitlab.example.com", True),
        ("https://git.example.com:8443/scm", True),
        ("http://gitlab.example.com", False),
        ("https://team:secret@gitlab.example.com", False),
        ("https://gitlab.example.com/", False),
        ('https://gitlab.example.com/"}', False),
    ],
)
def test_the_form_takes_only_addresses_that_are_safe(template: dict[str, Any], url: str, fits: bool) -> None:
    assert bool(re.fullmatch(template["Parameters"]["GitServerUrl"]["AllowedPattern"], url)) is fits


def test_each_seed_knows_where_and_comes_after_the_clean_up(template: dict[str, Any]) -> None:
    for title, seed in resources(template, SEED).items():
        half = {"ModelBuildSeed": "model-build", "ModelDeploySeed": "model-deploy"}[title]
        given = seed["Properties"]
        assert given["RepositoryPath"] == {"Ref": f"{title.removesuffix('Seed')}RepositoryName"}
        assert given["HookUrl"] == {"Fn::Sub": f"${{PushApi.ApiEndpoint}}/push/{half}"}
        assert given["SourceKey"] == f"sources/{half}.zip"
        assert (
            given["ServiceTimeout"]
            > resources(template, FUNCTION)["GitSeedFunction"]["Properties"]["Timeout"]
        )
        assert seed["DependsOn"] == "Cleanup"
        assert (
            title
            in resources(template, "AWS::CodePipeline::Pipeline")[title.replace("Seed", "Pipeline")][
                "DependsOn"
            ]
        )


def test_the_pipelines_start_at_the_object_that_pushes_become(template: dict[str, Any]) -> None:
    assert properties(template, "AWS::S3::Bucket")["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }
    for half, title in (("model-build", "ModelBuild"), ("model-deploy", "ModelDeploy")):
        pipeline = resources(template, "AWS::CodePipeline::Pipeline")[f"{title}Pipeline"]["Properties"]
        (source,) = pipeline["Stages"][0]["Actions"]
        assert source["ActionTypeId"]["Provider"] == "S3"
        assert source["Configuration"] == {
            "S3Bucket": {"Ref": "ArtifactBucket"},
            "S3ObjectKey": f"sources/{half}.zip",
            "PollForSourceChanges": "false",
        }
        pattern = resources(template, RULE)[f"{title}PushRule"]["Properties"]["EventPattern"]
        assert pattern["detail"] == {
            "bucket": {"name": [{"Ref": "ArtifactBucket"}]},
            "object": {"key": [f"sources/{half}.zip"]},
        }


def test_what_the_functions_are_told_is_json(template: dict[str, Any]) -> None:
    told = json.loads(variables(template, "PushSourceFunction")["REPOSITORIES"]["Fn::Sub"])
    assert told == {
        half: {
            "url": f"${{GitServerUrl}}/${{{title}RepositoryName}}.git",
            "branch": "main",
            "key": f"sources/{half}.zip",
        }
        for half, title in (("model-build", "ModelBuild"), ("model-deploy", "ModelDeploy"))
    }
    assert json.loads(variables(template, "PushHookFunction")["BRANCHES"]) == {
        "model-build": "main",
        "model-deploy": "main",
    }


def test_a_push_waits_in_order_is_tried_again_and_seen_when_it_fails(template: dict[str, Any]) -> None:
    queues = resources(template, QUEUE)
    waiting = queues["PushQueue"]["Properties"]
    assert waiting["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["PushSourceDeadLetters", "Arn"]}
    assert (
        waiting["VisibilityTimeout"]
        > resources(template, FUNCTION)["PushSourceFunction"]["Properties"]["Timeout"]
    )
    for queue in (queues["PushQueue"], queues["PushSourceDeadLetters"]):
        assert queue["Properties"]["FifoQueue"] is True
        assert queue["Properties"]["KmsMasterKeyId"] == {"Fn::GetAtt": ["ProjectKey", "Arn"]}
    mapping = template["Resources"]["PushSourceMapping"]
    assert mapping["Properties"]["BatchSize"] == 1
    assert mapping["DependsOn"] == "Cleanup"
    alarm = resources(template, "AWS::CloudWatch::Alarm")["PushSourceDeadLettersAlarm"]["Properties"]
    assert alarm["Dimensions"][0]["Value"] == {"Fn::GetAtt": ["PushSourceDeadLetters", "QueueName"]}


def test_the_hook_may_leave_a_message_and_nothing_else(template: dict[str, Any]) -> None:
    given = statements(resources(template, ROLE)["PushHookRole"])
    actions = {
        action for one in given for action in one["Action"] if not action.startswith(("kms:", "logs:"))
    }
    assert actions == {"secretsmanager:GetSecretValue", "sqs:SendMessage"}
    role = resources(template, ROLE)["PushHookRole"]
    assert granted(role, "secretsmanager:GetSecretValue") == [{"Ref": "PushHookSecret"}]
    route = properties(template, "AWS::ApiGatewayV2::Route")
    assert route["RouteKey"] == "POST /push/{repository}"
    assert (
        properties(template, "AWS::ApiGatewayV2::Stage")["DefaultRouteSettings"]["ThrottlingRateLimit"] == 5
    )


def test_sources_are_written_and_nothing_else_of_the_bucket(template: dict[str, Any]) -> None:
    for title in ("GitSeedRole", "PushSourceRole"):
        assert granted(resources(template, ROLE)[title], "s3:PutObject") == [
            "${ArtifactBucket.Arn}/sources/model-build.zip",
            "${ArtifactBucket.Arn}/sources/model-deploy.zip",
        ]


def test_jenkins_needs_no_hook_of_ours() -> None:
    template = build(KIND, git="external", git_server="gitlab", ci="jenkins")
    assert not {one["Type"] for one in template["Resources"].values()} & {QUEUE, "AWS::ApiGatewayV2::Api"}
    (seed,) = resources(template, SEED).values()
    assert not {"HookUrl", "SourceKey"} & set(seed["Properties"])


def test_a_server_without_an_api_is_told_by_people(template: dict[str, Any]) -> None:
    generic = build(KIND, git="external")
    assert {"ModelBuildPushHook", "PushHookSecretArn"} <= set(generic["Outputs"])
    (seed,) = resources(generic, SEED).values()
    assert seed["Properties"]["Server"] == "generic"
    assert "exists already" in generic["Parameters"]["ModelBuildRepositoryName"]["Description"]
    assert "made if it does not exist" in template["Parameters"]["ModelBuildRepositoryName"]["Description"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"git_server": "gitlab"}, "git_server has no meaning with git: codecommit"),
        (
            {"git": "codeconnections", "git_server": "gitlab"},
            "git_server has no meaning with git: codeconnections",
        ),
        ({"git": "external", "git_server": "gitea"}, "git_server: Input should be"),
    ],
    ids=str,
)
def test_refused_with_the_reason(options: dict[str, Any], reason: str) -> None:
    assert reason in refusal(KIND, **options)
