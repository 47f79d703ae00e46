"""The half of a project that deploys: its pipeline, approvals, roles, and stages in other accounts."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest

from generator.blueprint import load
from generator.errors import Where
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

KIND = "sagemaker-project"
PIPELINE, TOPIC, SET = "AWS::CodePipeline::Pipeline", "AWS::SNS::Topic", "AWS::CloudFormation::StackSet"
STAGES = [
    {
        "name": "staging",
        "approval": [
            {"by": "person", "name": "owner"},
            {"by": "tests"},
            {"by": "person", "name": "operations"},
        ],
    },
    {"name": "pre-production", "approval": [{"by": "person", "name": "operations"}], "instance_count": 2},
    {"name": "production"},
]


def deploy(**options: Any) -> dict[str, Any]:
    return build(KIND, "mlops", **{"repositories": ["deploy"], **options})


def stages(template: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found = properties(template, PIPELINE)["Stages"]
    return {stage["Name"]: stage["Actions"] for stage in found}


def named(actions: list[dict[str, Any]]) -> list[str]:
    return [action["Name"] for action in sorted(actions, key=lambda action: int(action["RunOrder"]))]


def role(template: dict[str, Any], title: str) -> dict[str, Any]:
    found: dict[str, Any] = resources(template, "AWS::IAM::Role")[title]
    return found


# What starts it.


@pytest.mark.parametrize("encryption", ["customer-key", "service-managed"])
@pytest.mark.parametrize("title", ["ModelDeployApproved", "PipelineFailures"])
def test_an_event_that_does_nothing_is_kept_encrypted_and_seen(encryption: str, title: str) -> None:
    template = build(KIND, "mlops", repositories=["build", "deploy"], encryption=encryption)
    rule = resources(template, "AWS::Events::Rule")[f"{title}Rule"]["Properties"]
    letters = {"Fn::GetAtt": [f"{title}DeadLetters", "Arn"]}
    (target,) = rule["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": letters}

    # EventBridge, for rules of the project alone, may fill the queue; and use its key, for this queue alone.
    queue = resources(template, "AWS::SQS::Queue")[f"{title}DeadLetters"]["Properties"]
    policy = resources(template, "AWS::SQS::QueuePolicy")[f"{title}DeadLettersPolicy"]["Properties"]
    (opened,) = policy["PolicyDocument"]["Statement"]
    assert (opened["Principal"], opened["Action"], opened["Resource"]) == (
        {"Service": "events.amazonaws.com"},
        "sqs:SendMessage",
        letters,
    )
    names = {"SageMakerProjectName": "N" * 32, "SageMakerProjectId": "p-a1b2c3d4e5f6"}
    pattern = text(opened["Condition"]["ArnLike"]["aws:SourceArn"], names)
    assert fnmatchcase(f"rule/{text(rule['Name'], names)}", pattern.rpartition(":")[2])
    if encryption == "customer-key":
        key = properties(template, "AWS::KMS::Key")["KeyPolicy"]["Statement"]
        (granted_to,) = (one for one in key if one["Principal"] == {"Service": "events.amazonaws.com"})
        of_queue = granted_to["Condition"]["ArnLike"]["kms:EncryptionContext:aws:sqs:arn"]
        assert fnmatchcase(text(queue["QueueName"], names), text(of_queue, names).rpartition(":")[2])
        assert queue["KmsMasterKeyId"] == {"Fn::GetAtt": ["ProjectKey", "Arn"]}
    else:
        assert queue["SqsManagedSseEnabled"] is True
    alarm = resources(template, "AWS::CloudWatch::Alarm")[f"{title}DeadLettersAlarm"]["Properties"]
    assert alarm["Dimensions"][0]["Value"] == {"Fn::GetAtt": [f"{title}DeadLetters", "QueueName"]}


def text(value: Any, names: dict[str, str]) -> str:
    """A name or ARN with its references to the project replaced."""
    return re.sub(r"\$\{(\w+)\}", lambda match: names[match[1]], value["Fn::Sub"])


# Stages and approvals.


def test_stages_follow_each_other_and_each_waits_for_what_is_named_in_its_order() -> None:
    made = stages(deploy(stages=STAGES))
    assert list(made) == ["Source", "Build", "staging", "pre-production", "production"]
    assert named(made["staging"]) == ["Deploy", "Approve-owner", "Test", "Approve-operations"]
    assert named(made["pre-production"]) == ["Deploy", "Approve-operations"]
    assert named(made["production"]) == ["Deploy", "Test"]
    orders = [action["RunOrder"] for action in made["staging"]]
    assert orders == [1, 2, 3, 4], "one after the other, not beside each other"


def test_a_stage_is_its_stack_of_the_release_under_the_role_for_it() -> None:
    template = deploy(stages=STAGES)
    action = stages(template)["pre-production"][0]
    assert action["ActionTypeId"]["Provider"] == "CloudFormation"
    assert action["Configuration"] == {
        "ActionMode": "REPLACE_ON_FAILURE",
        "StackName": {
            "Fn::Sub": "sagemaker-${SageMakerProjectName}-${SageMakerProjectId}-deploy-pre-production"
        },
        "TemplatePath": "Release::template.yaml",
        "TemplateConfiguration": "Release::pre-production.json",
        "RoleArn": {"Fn::GetAtt": ["DeployRole", "Arn"]},
    }
    assert stages(template)["Build"][0]["OutputArtifacts"] == [{"Name": "Release"}]
    passed = [
        one
        for one in statements(role(template, "ModelDeployPipelineRole"))
        if "iam:PassRole" in one["Action"]
    ]
    assert [one["Resource"] for one in passed] == [[{"Fn::GetAtt": ["DeployRole", "Arn"]}]]


def test_the_longest_stack_fits() -> None:
    name = "sagemaker-" + "A" * 32 + "-" + "p" * 20 + "-deploy-" + "s" * 16
    assert len(name) <= 128
    assert refusal(KIND, repositories=["deploy"], stages=[{"name": "s" * 17}])


def test_tests_know_their_stage_and_may_look_at_it_alone() -> None:
    template = deploy(stages=STAGES)
    told = stages(template)["staging"][2]["Configuration"]["EnvironmentVariables"]["Fn::Sub"]
    assert {each["name"]: each["value"] for each in json.loads(told)} == {
        "STAGE_NAME": "staging",
        "STACK_NAME": "sagemaker-${SageMakerProjectName}-${SageMakerProjectId}-deploy-staging",
    }
    test = role(template, "ModelDeployTestRole")
    assert granted(test, "sagemaker:InvokeEndpoint")[1].endswith(
        ":endpoint/sagemaker-${SageMakerProjectId}-*"
    )
    assert granted(test, "cloudformation:CreateStack") == granted(test, "cloudformation:UpdateStack") == []


def test_without_tests_there_is_no_project_for_them() -> None:
    template = deploy(stages=[{"name": "production", "approval": []}])
    assert set(resources(template, "AWS::CodeBuild::Project")) == {"ModelDeployBuild"}


def test_people_are_told_by_a_topic_each_once_they_gave_an_address() -> None:
    template = deploy(stages=STAGES)
    assert set(resources(template, TOPIC)) == {"ApproverOwner", "ApproverOperations"}
    for title, topic in resources(template, TOPIC).items():
        assert topic["Properties"]["KmsMasterKeyId"] == {"Fn::GetAtt": ["ProjectKey", "Arn"]}
        assert template["Parameters"][f"{title}Address"]["Default"] == ""
        assert resources(template, "AWS::SNS::Subscription")[f"{title}Subscription"]["Condition"] == (
            f"{title}AddressGiven"
        )
    waiting = stages(template)["staging"][1]
    assert waiting["ActionTypeId"]["Category"] == "Approval"
    assert waiting["Configuration"]["NotificationArn"] == {"Ref": "ApproverOwner"}
    published = granted(role(template, "ModelDeployPipelineRole"), "sns:Publish")
    assert published == [{"Ref": "ApproverOwner"}, {"Ref": "ApproverOperations"}]
    plain = deploy(stages=STAGES, encryption="service-managed")
    assert {one["Properties"]["KmsMasterKeyId"] for one in resources(plain, TOPIC).values()} == {
        "alias/aws/sns"
    }


def test_only_approvers_set_a_version_approved() -> None:
    policy = properties(deploy(approvers=["mlops-engineer"]), "AWS::SageMaker::ModelPackageGroup")
    (deny,) = policy["ModelPackageGroupPolicy"]["Statement"]
    assert (deny["Effect"], deny["Principal"]) == ("Deny", "*")
    assert "sagemaker:UpdateModelPackage" in deny["Action"]
    assert deny["Condition"] == {
        "StringEquals": {"sagemaker:ModelApprovalStatus": "Approved"},
        "ArnNotLike": {
            "aws:PrincipalArn": [
                {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/mlops-engineer"}
            ]
        },
    }
    assert "ModelPackageGroupPolicy" not in properties(deploy(), "AWS::SageMaker::ModelPackageGroup")


# What deployed models may do.


@pytest.mark.parametrize(
    ("hosting", "written"),
    [
        ("endpoint", ["data-capture/*"]),
        ("asynchronous", ["data-capture/*", "asynchronous/*"]),
        ("batch", ["data-capture/*", "batch/*"]),
    ],
)
def test_a_model_writes_where_its_hosting_does(hosting: str, written: list[str]) -> None:
    found = granted(role(deploy(hosting=hosting), "ModelRole"), "s3:PutObject")
    assert found == [f"${{ArtifactBucket.Arn}}/{folder}" for folder in written]


def test_only_batches_have_a_workflow() -> None:
    assert "WorkflowRole" in resources(deploy(hosting="batch"), "AWS::IAM::Role")
    assert "WorkflowRole" not in resources(deploy(), "AWS::IAM::Role")


def test_instances_of_endpoints_are_curated_where_the_platform_says_so() -> None:
    template = deploy(hosting_instance_types=["ml.m5.*"])
    (create,) = (
        one
        for one in statements(role(template, "DeployRole"))
        if "sagemaker:CreateEndpointConfig" in one["Action"]
    )
    assert create["Condition"] == {"ForAllValues:StringLike": {"sagemaker:InstanceTypes": ["ml.m5.*"]}}


def test_in_a_vpc_a_model_outside_it_is_refused() -> None:
    (create,) = (
        one
        for one in statements(role(deploy(network="vpc-only"), "DeployRole"))
        if one["Action"] == ["sagemaker:CreateModel"]
    )
    assert create["Condition"]["Null"] == {
        "sagemaker:VpcSubnets": "false",
        "sagemaker:VpcSecurityGroupIds": "false",
    }


def test_each_of_several_models_has_a_group() -> None:
    template = deploy(hosting="multi-container", models=["demand", "returns"])
    names = [
        one["Properties"]["ModelPackageGroupName"]["Fn::Sub"]
        for one in resources(template, "AWS::SageMaker::ModelPackageGroup").values()
    ]
    assert names == [f"sagemaker-${{SageMakerProjectId}}-{model}" for model in ("demand", "returns")]
    variables = resources(template, "AWS::CodeBuild::Project")["ModelDeployBuild"]["Properties"][
        "Environment"
    ]
    told = {one["Name"]: one["Value"] for one in variables["EnvironmentVariables"]}
    assert told["MODEL_PACKAGE_GROUP_NAME"] == {"Fn::Sub": "sagemaker-${SageMakerProjectId}"}


# The end of a project.


def test_stacks_of_stages_go_before_the_role_that_made_them() -> None:
    template = deploy(when_terminated="keep-work")
    cleanup = template["Resources"]["Cleanup"]
    assert cleanup["Properties"]["StackPrefix"] == {
        "Fn::Sub": "sagemaker-${SageMakerProjectName}-${SageMakerProjectId}-deploy-"
    }
    assert cleanup["Properties"]["StackRole"] == {"Fn::GetAtt": ["DeployRole", "Arn"]}
    assert "ModelRole" in cleanup["DependsOn"]
    assert "Cleanup" in template["Resources"]["ModelDeployPipeline"]["DependsOn"]
    assert granted(role(template, "CleanupRole"), "cloudformation:DeleteStack")


# Other accounts.

ELSEWHERE = [
    {"name": "staging", "where": "accounts"},
    {"name": "production", "where": "organizational-units", "approval": []},
]


@pytest.fixture(scope="module")
def far() -> dict[str, Any]:
    return deploy(stages=ELSEWHERE)


def test_stages_elsewhere_are_stack_sets(far: dict[str, Any]) -> None:
    listed, of_units = (stages(far)[name][0]["Configuration"] for name in ("staging", "production"))
    assert listed["PermissionModel"] == "SELF_MANAGED"
    assert listed["ExecutionRoleName"] == {"Fn::Sub": "sagemaker-${SageMakerProjectId}-deploy"}
    assert listed["DeploymentTargets"] == {"Fn::Join": [",", {"Ref": "StagingAccounts"}]}
    assert of_units["PermissionModel"] == "SERVICE_MANAGED"
    assert of_units["DeploymentTargets"] == {"Fn::Join": [",", {"Ref": "ProductionUnits"}]}
    assert listed["Parameters"] == "Release::staging.parameters.json"
    told = stages(far)["staging"][1]["Configuration"]["EnvironmentVariables"]["Fn::Sub"]
    assert "STAGE_ROLE_ARN" in told[0]
    assert told[1]["StageRole"]["Fn::Sub"][1] == {"Account": {"Fn::Select": [0, {"Ref": "StagingAccounts"}]}}


def test_the_accounts_get_roles_of_the_project_and_no_more(far: dict[str, Any]) -> None:
    inside = {
        title: json.loads(one["Properties"]["TemplateBody"]) for title, one in resources(far, SET).items()
    }
    assert {title: set(template["Resources"]) for title, template in inside.items()} == {
        "StagingRoles": {"ModelRole", "DeployRole", "StageTestRole"},
        "ProductionRoles": {"ModelRole"},
    }
    for template in inside.values():
        for one in template["Resources"].values():
            assert len(json.dumps(one["Properties"]["Policies"])) < 10_240
            for statement in statements(one):
                assert not any("*" in action for action in statement["Action"])
        for statement in (each for one in template["Resources"].values() for each in statements(one)):
            assert "ArtifactBucket.Arn" not in json.dumps(statement), "the bucket is the home account's"
    trust = inside["StagingRoles"]["Resources"]["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]
    assert trust["Statement"][0]["Condition"] == {
        "ArnEquals": {
            "aws:PrincipalArn": {
                "Fn::Sub": "arn:${AWS::Partition}:iam::${HomeAccountId}:role/sagemaker-${SageMakerProjectId}-rollout"
            }
        }
    }
    assert findings(KIND, "mlops", repositories=["deploy"], stages=ELSEWHERE) == []


def test_pipeline_and_clean_up_reach_the_accounts_as_the_deploy_role_alone(far: dict[str, Any]) -> None:
    roles = resources(far, "AWS::IAM::Role")
    for title, name in (
        ("RolloutRole", "${StackSetExecutionRole}"),
        ("StageRolloutRole", "sagemaker-${SageMakerProjectId}-deploy"),
    ):
        (statement,) = statements(roles[title])
        assert statement["Action"] == ["sts:AssumeRole"]
        assert statement["Resource"] == [{"Fn::Sub": f"arn:${{AWS::Partition}}:iam::*:role/{name}"}]
    passed = {
        title: [one["Fn::GetAtt"][0] for one in granted(role, "iam:PassRole") if "Fn::GetAtt" in one]
        for title, role in roles.items()
    }
    assert {title for title, handed in passed.items() if "RolloutRole" in handed} == set()
    assert {title for title, handed in passed.items() if "StageRolloutRole" in handed} == {
        "CleanupRole",
        "ModelDeployPipelineRole",
    }
    body = json.loads(far["Resources"]["StagingRoles"]["Properties"]["TemplateBody"])
    assert granted(body["Resources"]["DeployRole"], "cloudformation:DeleteStack") == [
        "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/"
        "StackSet-sagemaker-*${SageMakerProjectId}-deploy-*"
    ]


def test_bucket_key_and_registry_open_to_these_roles_of_these_accounts_only(far: dict[str, Any]) -> None:
    policies = [
        properties(far, "AWS::S3::BucketPolicy")["PolicyDocument"],
        properties(far, "AWS::KMS::Key")["KeyPolicy"],
        properties(far, "AWS::SageMaker::ModelPackageGroup")["ModelPackageGroupPolicy"],
    ]
    for policy in policies:
        opened = [one for one in policy["Statement"] if "Stage" in one["Sid"]]
        assert opened
        sids = [one["Sid"] for one in policy["Statement"]]
        assert len(set(sids)) == len(sids)
        for one in opened:
            assert one["Condition"]["ArnLike"]["aws:PrincipalArn"]
            if "StageStaging" in one["Sid"]:
                assert one["Principal"] == {"AWS": {"Ref": "StagingAccounts"}}
            else:
                assert one["Condition"]["StringEquals"] == {"aws:PrincipalOrgID": {"Ref": "OrganizationId"}}
                assert "aws:PrincipalOrgPaths" in one["Condition"]["ForAnyValue:StringLike"]


def test_the_form_says_which_accounts_a_stage_cannot_have(far: dict[str, Any]) -> None:
    said = far["Parameters"]["StagingAccounts"]["Description"]
    assert "none that another stage has, and not this one" in said
    assert "Before an account leaves the list" in said


def test_stack_sets_go_before_the_roles_they_use(far: dict[str, Any]) -> None:
    cleanup = far["Resources"]["Cleanup"]
    assert set(cleanup["DependsOn"]) >= {"StagingRoles", "ProductionRoles", "StageRolloutRole"}
    assert "StackSetPrefix" in cleanup["Properties"]
    assert "StackRole" not in cleanup["Properties"], "nothing is deployed here"


# Options that are refused.


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"repositories": []}, "repositories: Tuple should have at least 1 item"),
        ({"repositories": ["build", "build"]}, "each half stands in the list once"),
        ({"hosting": "batch"}, "hosting has no meaning where repositories has no deploy"),
        ({"stages": STAGES}, "stages have no meaning"),
        (
            {"repositories": ["deploy"], "pipelines": "many"},
            "pipelines has no meaning where repositories has no build",
        ),
        ({"repositories": ["deploy"], "models": ["a", "b"]}, "models have no meaning"),
        ({"pipelines": "many", "models": ["a"]}, "one model is not several"),
        ({"pipelines": "many", "models": ["a-b", "ab"]}, "stands in the list twice"),
        (
            {"repositories": ["build", "deploy"], "pipelines": "many"},
            "hosts one model, pipelines: many trains several",
        ),
        (
            {"repositories": ["build", "deploy"], "hosting": "multi-model"},
            "hosts several models, pipelines: one trains one",
        ),
        (
            {"repositories": ["build", "deploy"], "hosting": "serial", "pipelines": "many"},
            "needs models of different kinds",
        ),
        (
            {"repositories": ["deploy"], "hosting": "serverless", "network": "vpc-only"},
            "a serverless endpoint cannot be in a VPC",
        ),
        (
            {
                "repositories": ["deploy"],
                "hosting": "serverless",
                "stages": [{"name": "a", "instance_count": 2}],
            },
            "a serverless endpoint has no instances",
        ),
        (
            {"repositories": ["deploy"], "hosting": "edge", "hosting_instance_types": ["ml.m5.*"]},
            "no meaning",
        ),
        (
            {"repositories": ["deploy"], "stages": ELSEWHERE, "encryption": "service-managed"},
            "it needs encryption",
        ),
        ({"repositories": ["deploy"], "stages": ELSEWHERE, "network": "vpc-only"}, "none of the subnets"),
        ({"repositories": ["deploy"], "stages": ELSEWHERE, "hosting": "edge"}, "edge stages are here"),
        (
            {"repositories": ["deploy"], "stages": [{"name": "a", "where": "organizational-units"}]},
            "leave tests out of its approval",
        ),
        (
            {"repositories": ["deploy"], "stages": [{"name": "a", "approval": [{"by": "person"}]}]},
            "an approval by a person needs a name",
        ),
        (
            {
                "repositories": ["deploy"],
                "stages": [{"name": "a", "approval": [{"by": "tests", "name": "x"}]}],
            },
            "an approval by tests has no name",
        ),
        (
            {
                "repositories": ["deploy"],
                "stages": [{"name": "a", "approval": [{"by": "tests"}, {"by": "tests"}]}],
            },
            "the tests would be asked twice",
        ),
        (
            {
                "repositories": ["deploy"],
                "stages": [{"name": "a", "approval": [{"by": "person", "name": "x"}]}],
            },
            "nothing comes after stage 'a'",
        ),
        (
            {"repositories": ["deploy"], "stages": [{"name": "a-b"}, {"name": "a-b"}]},
            "stands in the list twice",
        ),
        ({"repositories": ["build", "deploy"], "pipelines": "promoted"}, "leave deploy out of repositories"),
        (
            {
                "pipelines": "promoted",
                "network": "vpc-only",
                "stages": [{"name": "a", "where": "accounts"}],
            },
            "which have none of the subnets",
        ),
        (
            {"pipelines": "promoted", "stages": [{"name": "a", "instance_count": 2}]},
            "brings its instances along",
        ),
        ({"seed_buckets": [{"name": "acme-seeds"}]}, "seed_buckets has no meaning with seed: shipped"),
        ({"seed": "launch"}, "seed: launch needs seed_buckets or seed_repositories"),
        ({"pipelines": "many", "branches": "per-branch"}, "pipelines cannot be many"),
    ],
    ids=str,
)
def test_refused_with_the_reason(options: dict[str, Any], reason: str) -> None:
    assert reason in refusal(KIND, **options)


# The product's page.


@pytest.mark.parametrize(
    ("options", "costs", "stays"),
    [
        ({}, "Each push runs a SageMaker pipeline", "All objects of the bucket"),
        ({}, "Each push runs a SageMaker pipeline", "The repositories stay with all their history"),
        (
            {"when_terminated": "delete"},
            "any instance type",
            "deleted with all their history: clone them first",
        ),
        ({"when_terminated": "keep-work"}, "any instance type", "and cost until"),
        ({"repositories": ["deploy"], "hosting": "batch"}, "Each batch costs", "stacks of all stages"),
        ({"repositories": ["deploy"], "stages": ELSEWHERE}, "endpoint costs its instances", "other accounts"),
        ({"pipelines": "promoted"}, "once in each stage (development, production)", "the key waits 30 days"),
        (
            {"pipelines": "promoted", "stages": ELSEWHERE},
            "in each account of it",
            "Empty what an account has",
        ),
        ({"git": "codeconnections"}, "Models, data and reports", "repositories are yours"),
    ],
    ids=str,
)
def test_the_page_says_what_costs_and_what_stays(options: dict[str, Any], costs: str, stays: str) -> None:
    blueprint = load(KIND, ROOT, Where("test"))
    guide = blueprint.guide(blueprint.params(**options))
    assert costs in " ".join(guide.costs)
    assert stays in " ".join(guide.clean_up)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"git": "codeconnections"}, "its handshake completed"),
        ({"git": "external", "git_server": "gitlab"}, "(scope `api`)"),
        ({"git": "external", "git_server": "gitlab"}, "reaches the project's hook at API Gateway"),
        (
            {"ci": "jenkins", "jenkins_access": "oidc", "jenkins_issuer": "jenkins.example.com/oidc"},
            "An IAM identity provider `jenkins.example.com/oidc`",
        ),
        ({"ci": "jenkins"}, "started with the instance profiles"),
        ({"ci": "jenkins"}, "runs each repository's `jenkins/seed_job.groovy`"),
        ({"ci": "jenkins", "repositories": ["deploy"]}, "API token of a user of Jenkins"),
        ({"repositories": ["deploy"], "stages": ELSEWHERE}, "In each account of staging a role"),
        ({"repositories": ["deploy"], "stages": ELSEWHERE}, "in the organization's management account"),
        ({"repositories": ["deploy"], "stages": ELSEWHERE}, "that role is an administrator"),
        ({"repositories": ["deploy"], "stages": ELSEWHERE}, "tests of staging run in the first account"),
        ({"repositories": ["deploy"], "stages": ELSEWHERE}, "Each account is in one stage only"),
        ({"network": "vpc-only"}, "by endpoints, S3 among them"),
        ({"approvers": ["mlops-engineer"]}, "may approve versions: `mlops-engineer`"),
        ({"data_buckets": [{"name": "acme-lab"}]}, "`acme-lab`"),
        ({"seed": "launch", "seed_repositories": ["acme-*"]}, "CodeCommit's `acme-*`"),
        ({}, "training and processing jobs on the instance types"),
        ({"repositories": ["deploy"], "hosting": "edge"}, "AWS IoT Greengrass"),
        ({"repositories": ["deploy"], "hosting": "serverless"}, "concurrency of serverless endpoints"),
        ({"repositories": ["deploy"]}, "ends in red at its release: nothing is approved yet"),
        ({"repositories": ["deploy"], "ci": "jenkins"}, "the deploy job ends in red at its release"),
    ],
    ids=str,
)
def test_the_page_says_what_must_be_there_before(options: dict[str, Any], said: str) -> None:
    blueprint = load(KIND, ROOT, Where("test"))
    told = [each for each in blueprint.guide(blueprint.params(**options)).before if said in each]
    assert len(told) == 1
    other: dict[str, Any] = {"repositories": ["deploy" if "training" in said else "build"]}
    bare = blueprint.guide(blueprint.params(**other))
    assert not [each for each in bare.before if said in each]


@pytest.mark.parametrize(
    ("options", "later"),
    [
        ({}, ["TrainingPipeline"]),
        ({"branches": "per-branch"}, ["TrainingPipeline", "BranchPipeline"]),
        ({"pipelines": "promoted"}, ["DevelopmentPipeline", "ProductionPipeline"]),
        ({"repositories": ["build", "deploy"]}, ["TrainingPipeline", "StagingStage", "ProductionStage"]),
        ({"repositories": ["deploy"], "stages": ELSEWHERE}, ["StagingStage", "ProductionStage"]),
        (
            {"repositories": ["build", "deploy"], "ci": "jenkins"},
            ["TrainingPipeline", "StagingStage", "ProductionStage"],
        ),
    ],
    ids=str,
)
def test_the_picture_shows_what_the_code_makes_and_by_what(options: dict[str, Any], later: list[str]) -> None:
    blueprint = load(KIND, ROOT, Where("test"))
    found = blueprint.guide(blueprint.params(**options)).later
    made = build(KIND, "mlops", **options)["Resources"]
    assert [one.title for one in found] == later
    assert {title for one in found for title in (one.by, *one.uses)} <= made.keys()
    assert not made.keys() & set(later)


def test_batches_run_on_curated_instances_too() -> None:
    template = deploy(hosting="batch", hosting_instance_types=["ml.m5.*"])
    (create,) = (
        one
        for one in statements(role(template, "WorkflowRole"))
        if "sagemaker:CreateTransformJob" in one["Action"]
    )
    assert create["Condition"] == {"ForAllValues:StringLike": {"sagemaker:InstanceTypes": ["ml.m5.*"]}}
