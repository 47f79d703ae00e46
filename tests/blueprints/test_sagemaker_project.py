"""SageMaker projects: what every one of them must hold, and what each option changes."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from blueprints.parts.project_options import ProjectOptions
from blueprints.parts.seeds import seed
from generator.blueprint import Seed, load
from generator.errors import Where
from generator.lint import schemas
from generator.seed import render
from tests.blueprints.building import (
    ROOT,
    build,
    findings,
    granted,
    only,
    properties,
    refusal,
    resources,
    statements,
)

KIND = "sagemaker-project"
ROLE, BUCKET, KEY = "AWS::IAM::Role", "AWS::S3::Bucket", "AWS::KMS::Key"
GROUP, REPOSITORY = "AWS::SageMaker::ModelPackageGroup", "AWS::CodeCommit::Repository"
PIPELINE, BUILD, RULE = "AWS::CodePipeline::Pipeline", "AWS::CodeBuild::Project", "AWS::Events::Rule"
CLEANUP = "Custom::ProjectCleanup"

# Every value of every option that changes the template's shape.
SHAPES: dict[str, tuple[Any, ...]] = {
    "git": ("codecommit", "codeconnections"),
    "network": ("internet", "vpc-only"),
    "encryption": ("customer-key", "service-managed"),
    "when_terminated": ("keep-code", "delete", "keep-work"),
    "instance_types": ((), ("ml.m5.*", "ml.c5.xlarge")),
    "data_buckets": (
        (),
        ({"name": "acme-curated-${AWS::AccountId}"}, {"name": "acme-lab", "access": "read-write"}),
    ),
}
COMBINATIONS = [dict(zip(SHAPES, values, strict=True)) for values in itertools.product(*SHAPES.values())]

# A project's parameters and CloudFormation's, at their longest.
LONGEST = {
    "SageMakerProjectName": "A" * 32,
    "SageMakerProjectId": "p-" + "a" * 18,
    "AWS::AccountId": "1" * 12,
    "AWS::Region": "ap-southeast-1",
    "AWS::Partition": "aws-us-gov",
}
# Where a name stands, how long it may be and what it is made of (API references of the services).
NAMES = {
    ROLE: ("RoleName", 64, r"[\w+=,.@-]+"),
    BUCKET: ("BucketName", 63, r"[a-z0-9][a-z0-9.-]+[a-z0-9]"),
    GROUP: ("ModelPackageGroupName", 63, r"[a-zA-Z0-9](-*[a-zA-Z0-9])*"),
    REPOSITORY: ("RepositoryName", 100, r"[\w.-]+"),
    PIPELINE: ("Name", 100, r"[A-Za-z0-9.@_-]+"),
    BUILD: ("Name", 150, r"[A-Za-z0-9][A-Za-z0-9_-]+"),
    RULE: ("Name", 64, r"[.\w-]+"),
    "AWS::Lambda::Function": ("FunctionName", 64, r"[a-zA-Z0-9_-]+"),
    "AWS::KMS::Alias": ("AliasName", 256, r"alias/[a-zA-Z0-9/_-]+"),
    "AWS::Logs::LogGroup": ("LogGroupName", 512, r"[.\w#/-]+"),
}


def sub(value: Any, names: dict[str, str] = LONGEST) -> str:
    """A name or ARN with its references replaced."""
    return re.sub(r"\$\{([\w:]+)\}", lambda match: names[match[1]], value["Fn::Sub"])


def walk(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict):
        for each in value.values():
            yield from walk(each)
    elif isinstance(value, list):
        for each in value:
            yield from walk(each)


def role(template: dict[str, Any], service: str, containing: str = "") -> dict[str, Any]:
    """The one role that a service assumes (and that mentions a text)."""
    found: list[dict[str, Any]] = [
        one
        for one in resources(template, ROLE).values()
        if one["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"]
        == f"{service}.amazonaws.com"
        and containing in json.dumps(one)
    ]
    assert len(found) == 1, f"{len(found)} roles of {service}"
    return found[0]


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return build(KIND, "mlops-build-train")


# What holds for every project, whatever its options.


@pytest.mark.parametrize("options", COMBINATIONS, ids=str)
def test_every_resource_that_can_be_tagged_is(options: dict[str, Any]) -> None:
    for title, one in build(KIND, **options)["Resources"].items():
        if "Tags" not in schemas.schema(one["Type"])["properties"]:
            continue
        tags = {tag["Key"]: tag["Value"] for tag in one["Properties"].get("Tags", [])}
        assert tags == {
            "sagemaker:project-name": {"Ref": "SageMakerProjectName"},
            "sagemaker:project-id": {"Ref": "SageMakerProjectId"},
        }, title


@pytest.mark.parametrize("options", COMBINATIONS, ids=str)
def test_names_begin_with_sagemaker_and_fit_for_the_longest_project(options: dict[str, Any]) -> None:
    template = build(KIND, **options)
    named = [(title, one) for title, one in template["Resources"].items() if one["Type"] in NAMES]
    assert len(named) >= 13
    seen = set()
    for title, one in named:
        key, limit, pattern = NAMES[one["Type"]]
        name = sub(one["Properties"][key])
        assert len(name) <= limit, f"{title}: {len(name)} of {limit}"
        assert re.fullmatch(pattern, name), f"{title}: {name}"
        assert re.match(r"(alias/|/aws/(lambda|codebuild)/)?sagemaker-", name), f"{title}: {name}"
        assert LONGEST["SageMakerProjectId"] in name, f"{title} is the same for two projects of one name"
        assert (one["Type"], name) not in seen
        seen.add((one["Type"], name))


def test_the_projects_name_stands_in_names_that_have_room_for_it(template: dict[str, Any]) -> None:
    with_name = {
        one["Type"]
        for one in template["Resources"].values()
        if one["Type"] in NAMES
        and LONGEST["SageMakerProjectName"] in sub(one["Properties"][NAMES[one["Type"]][0]])
    }
    assert with_name >= {GROUP, REPOSITORY, PIPELINE, BUILD, "AWS::KMS::Alias"}


@pytest.mark.parametrize("options", COMBINATIONS, ids=str)
def test_no_role_has_a_wildcard_action_or_more_than_iam_takes(options: dict[str, Any]) -> None:
    without_resource = {
        "cloudwatch:PutMetricData",
        "ecr:GetAuthorizationToken",
        "sagemaker:ListPipelines",
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
    }
    for title, one in resources(build(KIND, **options), ROLE).items():
        assert len(json.dumps(one["Properties"]["Policies"], separators=(",", ":"))) < 10_240, title
        for statement in statements(one):
            assert not any("*" in action for action in statement["Action"]), title
            if statement["Resource"] == "*":
                assert set(statement["Action"]) <= without_resource, title


@pytest.mark.parametrize("options", COMBINATIONS, ids=str)
def test_roles_are_passed_one_by_one_to_one_service(options: dict[str, Any]) -> None:
    passes = [
        statement
        for one in resources(build(KIND, **options), ROLE).values()
        for statement in statements(one)
        if "iam:PassRole" in statement["Action"]
    ]
    assert len(passes) == 2  # CodeBuild to the SageMaker pipeline, the pipeline to its jobs
    for statement in passes:
        assert statement["Action"] == ["iam:PassRole"]
        assert "*" not in json.dumps(statement["Resource"])
        assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


@pytest.mark.parametrize("options", COMBINATIONS, ids=str)
def test_no_account_or_region_is_written_out(options: dict[str, Any]) -> None:
    text = json.dumps(build(KIND, **options)["Resources"])
    assert not re.search(r"\d{12}|us-east-1|eu-west-1|arn:aws:", text)


SAMPLE = [COMBINATIONS[0], COMBINATIONS[len(COMBINATIONS) // 2 - 1], COMBINATIONS[-1]]


@pytest.mark.parametrize("options", SAMPLE, ids=str)
def test_lint_finds_nothing(options: dict[str, Any]) -> None:
    assert findings(KIND, "mlops-build-train", **options) == []


@pytest.mark.proof
@pytest.mark.parametrize("options", [one for one in COMBINATIONS if one not in SAMPLE], ids=str)
def test_lint_finds_nothing_in_any_combination(options: dict[str, Any]) -> None:
    types = {one["Type"] for one in build(KIND, **options)["Resources"].values()}
    regions = sorted(frozenset.intersection(*map(schemas.regions_of, types)))
    assert len(regions) > 20
    assert findings(KIND, "mlops-build-train", regions, **options) == []


# The form.


def test_sagemaker_fills_in_all_there_is_to_ask(template: dict[str, Any]) -> None:
    assert set(template["Parameters"]) == {"SageMakerProjectName", "SageMakerProjectId"}
    name, project_id = (template["Parameters"][key] for key in ("SageMakerProjectName", "SageMakerProjectId"))
    assert (name["AllowedPattern"], name["MaxLength"]) == ("^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}$", 32)
    assert project_id["MaxLength"] == 20
    assert re.fullmatch(project_id["AllowedPattern"].strip("^$"), "p-a1b2c3d4e5f6")
    assert not any("Default" in parameter for parameter in (name, project_id))


# Git, CI and training.


def test_the_repository_is_seeded_from_the_asset_bucket(template: dict[str, Any]) -> None:
    repository = properties(template, REPOSITORY)
    assert repository["Code"]["BranchName"] == "main"
    assert repository["Code"]["S3"]["Bucket"] == {
        "Fn::FindInMap": ["Catalog", {"Ref": "AWS::Region"}, "AssetBucket"]
    }
    assert re.fullmatch(r"assets/seed-model-build/[0-9a-f]{64}\.zip", repository["Code"]["S3"]["Key"])


def test_the_pipeline_is_started_by_pushes_not_by_polling(template: dict[str, Any]) -> None:
    pipeline = properties(template, PIPELINE)
    assert pipeline["PipelineType"] == "V2"
    (source,) = pipeline["Stages"][0]["Actions"]
    assert source["Configuration"]["PollForSourceChanges"] == "false"
    rule = properties(template, RULE)
    assert rule["State"] == "ENABLED"
    assert rule["EventPattern"]["resources"] == [{"Fn::GetAtt": ["ModelBuildRepository", "Arn"]}]
    assert rule["EventPattern"]["detail"] == {
        "event": ["referenceCreated", "referenceUpdated"],
        "referenceType": ["branch"],
        "referenceName": ["main"],
    }
    (target,) = rule["Targets"]
    assert target["Arn"]["Fn::Sub"].endswith(":${ModelBuildPipeline}")
    starter = role(template, "events")
    assert granted(starter, "codepipeline:StartPipelineExecution") == [target["Arn"]["Fn::Sub"]]
    assert len(statements(starter)) == 1


def test_another_branch_is_seeded_built_and_watched() -> None:
    template = build(KIND, branch="trunk")
    assert properties(template, REPOSITORY)["Code"]["BranchName"] == "trunk"
    assert properties(template, PIPELINE)["Stages"][0]["Actions"][0]["Configuration"]["BranchName"] == "trunk"
    assert properties(template, RULE)["EventPattern"]["detail"]["referenceName"] == ["trunk"]


def environment(template: dict[str, Any]) -> dict[str, Any]:
    variables = properties(template, BUILD)["Environment"]["EnvironmentVariables"]
    return {variable["Name"]: variable["Value"] for variable in variables}


def test_the_build_runs_the_repositorys_buildspec_and_knows_its_project(template: dict[str, Any]) -> None:
    project = properties(template, BUILD)
    assert project["Source"] == {"Type": "CODEPIPELINE", "BuildSpec": "buildspec.yml"}
    assert project["Environment"]["Image"] == "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    assert environment(template) == {
        "ARTIFACT_BUCKET": {"Ref": "ArtifactBucket"},
        "KMS_KEY_ID": {"Fn::GetAtt": ["ProjectKey", "Arn"]},
        "MODEL_PACKAGE_GROUP_NAME": properties(template, GROUP)["ModelPackageGroupName"],
        "PIPELINE_NAME": {"Fn::Sub": "sagemaker-${SageMakerProjectName}-${SageMakerProjectId}-model-build"},
        "PIPELINE_ROLE_ARN": {"Fn::GetAtt": ["PipelineRole", "Arn"]},
        "SAGEMAKER_PROJECT_ID": {"Ref": "SageMakerProjectId"},
        "SAGEMAKER_PROJECT_NAME": {"Ref": "SageMakerProjectName"},
    }
    (action,) = properties(template, PIPELINE)["Stages"][1]["Actions"]
    assert action["Configuration"] == {"ProjectName": {"Ref": "ModelBuildBuild"}}


def matches(pattern: str, arn: str) -> bool:
    """IAM's own reading of a resource: * is any text, case counts."""
    return bool(re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), arn))


@pytest.mark.parametrize("service", ["codebuild", "lambda"])
def test_permissions_reach_the_pipeline_of_the_name_that_the_build_is_told(
    template: dict[str, Any], service: str
) -> None:
    action = {"codebuild": "sagemaker:CreatePipeline", "lambda": "sagemaker:DeletePipeline"}[service]
    names = {**LONGEST, "SageMakerProjectName": "Churn-Of-2026", "SageMakerProjectId": "p-a1b2c3d4e5f6"}
    name = sub(environment(template)["PIPELINE_NAME"], names)
    (pattern,) = (sub({"Fn::Sub": one}, names) for one in granted(role(template, service), action))
    own = pattern.partition(":pipeline/")[0]
    assert matches(pattern, f"{own}:pipeline/{name.lower()}"), "ARNs are in lower case, names are not"
    assert matches(pattern, f"{own}:pipeline/{name.lower()}/execution/abc")
    assert not matches(pattern, f"{own}:pipeline/{name.lower().replace('p-a1b2c3d4e5f6', 'p-000000000000')}")


def test_models_are_registered_in_the_own_group_and_approved_by_others(template: dict[str, Any]) -> None:
    training = role(template, "sagemaker")
    (register,) = (one for one in statements(training) if "sagemaker:CreateModelPackage" in one["Action"])
    assert register["Condition"] == {"StringNotEquals": {"sagemaker:ModelApprovalStatus": "Approved"}}
    group, versions = register["Resource"]
    assert group == {"Ref": "ModelPackageGroup"}
    names = {**LONGEST, "SageMakerProjectName": "Churn", "SageMakerProjectId": "p-a1b2c3d4e5f6"}
    own = f"{sub(versions, names).partition(':model-package/')[0]}:model-package"
    assert matches(sub(versions, names), f"{own}/sagemaker-churn-p-a1b2c3d4e5f6/7")
    assert not matches(sub(versions, names), f"{own}/sagemaker-churn-p-000000000000/7")


def test_instance_types_are_curated_where_the_platform_says_so() -> None:
    curated = build(KIND, instance_types=["ml.m5.*"])
    (create,) = (
        one
        for one in statements(role(curated, "sagemaker"))
        if "sagemaker:CreateTrainingJob" in one["Action"]
    )
    assert create["Condition"] == {"ForAllValues:StringLike": {"sagemaker:InstanceTypes": ["ml.m5.*"]}}
    assert "sagemaker:CreateProcessingJob" in create["Action"]
    free = build(KIND)
    assert "InstanceTypes" not in json.dumps(free)


def test_only_training_uses_the_buckets_of_data() -> None:
    template = build(KIND, data_buckets=[{"name": "acme-curated-${AWS::AccountId}", "prefix": "churn/"}])
    assert "arn:${AWS::Partition}:s3:::acme-curated-${AWS::AccountId}/churn/*" in granted(
        role(template, "sagemaker"), "s3:GetObject"
    )
    assert json.dumps(template).count("acme-curated") == json.dumps(role(template, "sagemaker")).count(
        "acme-curated"
    )
    assert not any("acme-curated" in str(one) for one in granted(role(template, "sagemaker"), "s3:PutObject"))


# Git by a connection.

CONNECTION = (
    "arn:aws:codestar-connections:eu-west-1:111122223333:connection/12345678-abcd-4321-abcd-1234567890ab"
)


def resolve(value: Any, parameters: dict[str, str]) -> Any:
    """A value with the few intrinsics that ARNs and addresses are made of worked out."""
    if not isinstance(value, dict):
        return [resolve(each, parameters) for each in value] if isinstance(value, list) else value
    ((name, argument),) = value.items()
    match name:
        case "Ref":
            return parameters[argument]
        case "Fn::Split":
            return resolve(argument[1], parameters).split(argument[0])
        case "Fn::Select":
            return resolve(argument[1], parameters)[int(argument[0])]
        case "Fn::Sub":
            text, variables = argument if isinstance(argument, list) else (argument, {})
            known = {**parameters, **{key: resolve(each, parameters) for key, each in variables.items()}}
            return re.sub(r"\$\{([\w:]+)\}", lambda found: known[found[1]], text)
    raise AssertionError(name)


ANSWERS = {
    "ConnectionArn": CONNECTION,
    "ModelBuildRepositoryName": "acme/models/churn",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}


@pytest.fixture(scope="module")
def connected() -> dict[str, Any]:
    return build(KIND, "mlops", git="codeconnections")


def test_the_connection_and_the_repository_are_asked_for(connected: dict[str, Any]) -> None:
    asked = connected["Parameters"]
    assert set(asked) == {
        "SageMakerProjectName",
        "SageMakerProjectId",
        "ConnectionArn",
        "ModelBuildRepositoryName",
    }
    connection = asked["ConnectionArn"]["AllowedPattern"]
    assert re.fullmatch(connection, CONNECTION)
    assert re.fullmatch(connection, CONNECTION.replace("codestar-connections", "codeconnections"))
    assert not re.fullmatch(connection, CONNECTION.replace("connection/", "host/"))
    name = asked["ModelBuildRepositoryName"]["AllowedPattern"]
    assert re.fullmatch(name, "acme/models/churn")
    assert not re.fullmatch(name, "churn")
    assert not re.fullmatch(name, "https://github.com/acme/churn")


@pytest.mark.parametrize("service", ["codeconnections", "codestar-connections"])
def test_the_connection_is_used_in_both_forms_for_the_one_repository(
    connected: dict[str, Any], service: str
) -> None:
    arn = CONNECTION.replace("codestar-connections", service)
    users = [
        (statement, title)
        for title, one in resources(connected, ROLE).items()
        for statement in statements(one)
        if f"{service}:UseConnection" in statement["Action"]
    ]
    assert {title for _, title in users} == {"ModelBuildPipelineRole", "SeedCheckinRole"}
    for statement, _ in users:
        assert resolve(statement["Resource"], ANSWERS) == [arn]
        assert statement["Condition"] == {
            "StringEqualsIfExists": {f"{service}:FullRepositoryId": {"Ref": "ModelBuildRepositoryName"}}
        }
    (look,) = (
        one
        for one in statements(resources(connected, ROLE)["CheckinRole"])
        if f"{service}:GetConnection" in one["Action"]
    )
    assert resolve(look["Resource"], ANSWERS) == [arn]


def test_the_connection_starts_the_pipeline_without_rule_or_polling(connected: dict[str, Any]) -> None:
    (source,) = properties(connected, PIPELINE)["Stages"][0]["Actions"]
    assert source["ActionTypeId"]["Provider"] == "CodeStarSourceConnection"
    assert source["Configuration"] == {
        "ConnectionArn": {"Ref": "ConnectionArn"},
        "FullRepositoryId": {"Ref": "ModelBuildRepositoryName"},
        "BranchName": "main",
        "OutputArtifactFormat": "CODE_ZIP",
        "DetectChanges": "true",
    }
    assert resources(connected, RULE) == {}
    assert resources(connected, REPOSITORY) == {}


def test_the_repository_is_seeded_before_the_pipeline_first_reads_it(connected: dict[str, Any]) -> None:
    seed = properties(connected, "Custom::SeedCheckin")
    assert resolve(seed["RepositoryUrl"], ANSWERS) == (
        "https://codeconnections.eu-west-1.amazonaws.com/git-http/111122223333/eu-west-1/"
        "12345678-abcd-4321-abcd-1234567890ab/acme/models/churn.git"
    )
    assert "ModelBuildSeed" in made_before(connected, "ModelBuildPipeline")
    address, of = seed["Seed"]["Fn::Sub"]
    assert re.fullmatch(r"s3://\$\{Bucket\}/assets/seed-model-build/[0-9a-f]{64}\.zip", address)
    (read,) = (
        one
        for one in statements(resources(connected, ROLE)["SeedCheckinRole"])
        if "s3:GetObject" in one["Action"]
    )
    ((text, variables),) = (one["Fn::Sub"] for one in read["Resource"])
    assert text == address.replace("s3://", "arn:${AWS::Partition}:s3:::")
    assert variables == of


def test_studio_demands_no_answer_that_has_a_default(connected: dict[str, Any]) -> None:
    defaults = {name for name, one in connected["Parameters"].items() if "Default" in one}
    assert set(connected["Metadata"].get("SagemakerTemplateParameterRules", {})) == defaults


# The network.

VPC = {
    "ArnEquals": {
        "ec2:Vpc": {"Fn::Sub": "arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:vpc/${VpcId}"}
    }
}
INSIDE = {
    "ForAllValues:StringEquals": {
        "sagemaker:VpcSubnets": {"Ref": "SubnetIds"},
        "sagemaker:VpcSecurityGroupIds": {"Ref": "SecurityGroupIds"},
    },
    "Null": {"sagemaker:VpcSubnets": "false", "sagemaker:VpcSecurityGroupIds": "false"},
}


@pytest.fixture(scope="module")
def private() -> dict[str, Any]:
    return build(KIND, "mlops", git="codeconnections", network="vpc-only", instance_types=["ml.m5.*"])


def test_all_that_runs_is_in_the_vpc(private: dict[str, Any]) -> None:
    builds = resources(private, BUILD)
    functions = resources(private, "AWS::Lambda::Function")
    assert (len(builds), len(functions)) == (2, 2)
    for one in builds.values():
        assert one["Properties"]["VpcConfig"] == {
            "VpcId": {"Ref": "VpcId"},
            "Subnets": {"Ref": "SubnetIds"},
            "SecurityGroupIds": {"Ref": "SecurityGroupIds"},
        }
        variables = {
            each["Name"]: each["Value"] for each in one["Properties"]["Environment"]["EnvironmentVariables"]
        }
        assert variables["SUBNET_IDS"] == {"Fn::Join": [",", {"Ref": "SubnetIds"}]}
        assert variables["SECURITY_GROUP_IDS"] == {"Fn::Join": [",", {"Ref": "SecurityGroupIds"}]}
        assert variables["PIP_INDEX_URL"] == {"Ref": "PackageIndexUrl"}
    for one in functions.values():
        assert one["Properties"]["VpcConfig"] == {
            "SubnetIds": {"Ref": "SubnetIds"},
            "SecurityGroupIds": {"Ref": "SecurityGroupIds"},
        }


@pytest.mark.parametrize("action", ["CreateTrainingJob", "CreateProcessingJob", "CreateModel"])
def test_jobs_outside_the_vpc_are_refused(private: dict[str, Any], action: str) -> None:
    (create,) = (
        one for one in statements(role(private, "sagemaker")) if f"sagemaker:{action}" in one["Action"]
    )
    assert INSIDE.items() <= create["Condition"].items()
    if action != "CreateModel":
        assert create["Condition"]["ForAllValues:StringLike"] == {"sagemaker:InstanceTypes": ["ml.m5.*"]}


def test_interfaces_of_builds_and_jobs_are_made_in_the_vpc_only(private: dict[str, Any]) -> None:
    roles = resources(private, ROLE)
    for title in ("ModelBuildBuildRole", "SeedCheckinRole", "PipelineRole"):
        for statement in statements(roles[title]):
            if (
                any(action.startswith("ec2:") for action in statement["Action"])
                and statement["Resource"] != "*"
            ):
                new = [one["Fn::Sub"].endswith(":network-interface/*") for one in statement["Resource"]] == [
                    True
                ]
                bound = VPC.items() <= statement.get("Condition", {}).items()
                assert bound or (new and statement["Action"] == ["ec2:CreateNetworkInterface"]), statement
    (permission,) = (
        one
        for one in statements(roles["ModelBuildBuildRole"])
        if "ec2:CreateNetworkInterfacePermission" in one["Action"]
    )
    assert permission["Condition"]["StringEquals"] == {"ec2:AuthorizedService": "codebuild.amazonaws.com"}


@pytest.mark.parametrize("name", ["Cleanup", "Checkin"])
def test_a_functions_own_code_may_not_make_interfaces(private: dict[str, Any], name: str) -> None:
    given = statements(resources(private, ROLE)[f"{name}Role"])
    (deny,) = (one for one in given if one["Effect"] == "Deny")
    (make,) = (
        one for one in given if one["Effect"] == "Allow" and "ec2:CreateNetworkInterface" in one["Action"]
    )
    assert (deny["Action"], deny["Resource"]) == (make["Action"], make["Resource"])
    function = resources(private, "AWS::Lambda::Function")[f"{name}Function"]["Properties"]["FunctionName"]
    assert sub(deny["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"]).endswith(
        f":function:{sub(function)}"
    )


def test_the_vpc_is_asked_for_with_the_right_choosers(private: dict[str, Any]) -> None:
    asked = private["Parameters"]
    assert asked["VpcId"]["Type"] == "AWS::EC2::VPC::Id"
    assert asked["SubnetIds"]["Type"] == "List<AWS::EC2::Subnet::Id>"
    assert asked["SecurityGroupIds"]["Type"] == "List<AWS::EC2::SecurityGroup::Id>"
    index = asked["PackageIndexUrl"]
    assert re.fullmatch(index["AllowedPattern"], index["Default"])
    assert not re.fullmatch(index["AllowedPattern"], "https://user:password@packages.example.com/simple")
    assert private["Metadata"]["SagemakerTemplateParameterRules"] == {"PackageIndexUrl": {"Optional": True}}


def test_without_a_vpc_nothing_speaks_of_one(template: dict[str, Any]) -> None:
    assert not re.search(r"ec2:|Vpc|SUBNET|PIP_INDEX", json.dumps(template))


# What is stored.


def test_the_artifact_bucket_is_private_versioned_and_cleaned(template: dict[str, Any]) -> None:
    bucket = properties(template, BUCKET)
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    assert "ExpirationInDays" not in rule, "models are among the objects"
    (deny,) = properties(template, "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    assert (deny["Effect"], deny["Principal"], deny["Condition"]) == (
        "Deny",
        "*",
        {"Bool": {"aws:SecureTransport": "false"}},
    )
    assert len(deny["Resource"]) == 2


def test_the_customer_key_encrypts_bucket_pipeline_builds_logs_and_training(template: dict[str, Any]) -> None:
    key = {"Fn::GetAtt": ["ProjectKey", "Arn"]}
    (rule,) = properties(template, BUCKET)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {
        "BucketKeyEnabled": True,
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
    }
    assert properties(template, PIPELINE)["ArtifactStore"]["EncryptionKey"] == {"Id": key, "Type": "KMS"}
    assert properties(template, BUILD)["EncryptionKey"] == key
    groups = resources(template, "AWS::Logs::LogGroup")
    assert {json.dumps(one["Properties"]["KmsKeyId"]) for one in groups.values()} == {json.dumps(key)}
    assert environment(template)["KMS_KEY_ID"] == key
    assert properties(template, KEY)["EnableKeyRotation"] is True
    for service in ("codepipeline", "codebuild", "sagemaker"):
        assert granted(role(template, service), "kms:GenerateDataKey") == [key]
    (grant,) = (one for one in statements(role(template, "sagemaker")) if "kms:CreateGrant" in one["Action"])
    assert grant["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def test_the_keys_policy_lets_logs_use_it_for_the_projects_groups_only(template: dict[str, Any]) -> None:
    logs = properties(template, KEY)["KeyPolicy"]["Statement"][1]
    pattern = sub(logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"])
    own = pattern.partition(":log-group:")[0]
    for one in resources(template, "AWS::Logs::LogGroup").values():
        assert matches(pattern, f"{own}:log-group:{sub(one['Properties']['LogGroupName'])}")
    assert not matches(pattern, f"{own}:log-group:/aws/codebuild/sagemaker-A-p-0000000000-model-build")


def test_without_a_customer_key_everything_is_encrypted_by_its_service() -> None:
    template = build(KIND, encryption="service-managed")
    assert "kms" not in json.dumps(template).lower()
    (rule,) = properties(template, BUCKET)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


def test_logs_are_kept_as_long_as_decided_and_made_by_nobody_else() -> None:
    template = build(KIND, log_retention_days=30)
    groups = resources(template, "AWS::Logs::LogGroup")
    assert len(groups) == 2
    assert {one["Properties"]["RetentionInDays"] for one in groups.values()} == {30}
    for service in ("codebuild", "lambda"):
        assert granted(role(template, service), "logs:CreateLogGroup") == []


# What the seed and the product count on.

SEED = ROOT / "seedcode" / "model-build"


@pytest.mark.parametrize("options", COMBINATIONS, ids=str)
def test_the_build_tells_the_seed_all_it_demands(options: dict[str, Any]) -> None:
    settings = (SEED / "template" / "pipeline" / "settings.py.jinja").read_text("utf-8")
    required = set(re.findall(r'required\(\s*"(\w+)"', settings))
    known = set(re.findall(r'"([A-Z][A-Z_]+)"', settings))
    build_project = resources(build(KIND, **options), BUILD)["ModelBuildBuild"]
    given = {one["Name"] for one in build_project["Properties"]["Environment"]["EnvironmentVariables"]}
    assert required, "the seed's settings are read elsewhere"
    assert required - given == {"AWS_REGION"}, "which CodeBuild sets itself"
    assert given - known <= {"PIP_INDEX_URL"}, "which pip reads"


def test_the_answers_given_to_the_seed_are_to_questions_of_it() -> None:
    questions = yaml.safe_load((SEED / "copier.yml").read_text("utf-8"))
    blueprint = load(KIND, ROOT, Where("test"))
    (seed,) = (one for one in blueprint.assets(blueprint.params()) if isinstance(one, Seed))
    assert (seed.repository, seed.seed) == ("model-build", "model-build")
    for question, answer in seed.answers.items():
        choices = questions[question].get("choices", {question: answer})
        assert answer in choices.values()
    assert seed.answers["ci"] == "codebuild", "the pipeline runs the seed's buildspec.yml"


def test_the_products_seed_trains_on_what_its_options_allow() -> None:
    product = yaml.safe_load((ROOT / "products" / "mlops-build-train.yaml").read_text("utf-8"))
    assert product["seed_answers"]["model-build"]["instance_type"] in product["options"]["instance_types"]
    assert product["tags"]["sagemaker:studio-visibility"] == "true"


# Any options at all.


@given(
    st.fixed_dictionaries(
        {},
        optional={
            **{name: st.sampled_from(values) for name, values in SHAPES.items()},
            "branch": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True),
            "build_size": st.sampled_from(["small", "medium", "large"]),
            "build_timeout_minutes": st.integers(5, 480),
            "log_retention_days": st.sampled_from([1, 90, 3653]),
            "overwritten_artifact_days": st.integers(1, 3650),
        },
    )
)
def test_the_same_options_give_the_same_template(options: dict[str, Any]) -> None:
    first, again = (json.dumps(build(KIND, **options)) for _ in range(2))
    assert first == again
    template = json.loads(first)
    assert properties_of(template, "ModelBuildBuild")["TimeoutInMinutes"] == options.get(
        "build_timeout_minutes", 30
    )
    size = options.get("build_size", "small").upper()
    assert (
        properties_of(template, "ModelBuildBuild")["Environment"]["ComputeType"] == f"BUILD_GENERAL1_{size}"
    )
    (rule,) = properties(template, BUCKET)["LifecycleConfiguration"]["Rules"]
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == options.get(
        "overwritten_artifact_days", 90
    )


def properties_of(template: dict[str, Any], title: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][title]["Properties"]
    return found


# Deletion.


def made_before(template: dict[str, Any], title: str) -> set[str]:
    """What CloudFormation makes before a resource, and so deletes after it."""
    before: set[str] = set()
    left = [title]
    while left:
        one = template["Resources"][left.pop()]
        named = set(one.get("DependsOn", []))
        for value in walk(one["Properties"]):
            if isinstance(value, dict) and "Ref" in value:
                named.add(value["Ref"])
            if isinstance(value, dict) and "Fn::GetAtt" in value:
                named.add(value["Fn::GetAtt"][0])
            if isinstance(value, dict) and "Fn::Sub" in value:
                text = value["Fn::Sub"] if isinstance(value["Fn::Sub"], str) else value["Fn::Sub"][0]
                named |= {one.partition(".")[0] for one in re.findall(r"\$\{([\w.]+)\}", text)}
        new = (named & set(template["Resources"])) - before
        before |= new
        left += sorted(new)
    return before


@pytest.mark.parametrize("options", COMBINATIONS, ids=str)
def test_the_cleanup_runs_after_what_writes_and_before_what_it_empties(options: dict[str, Any]) -> None:
    template = build(KIND, **options)
    assert {"PipelineRole", "CleanupFunction", "CleanupLogs", "CleanupRole"} <= made_before(
        template, "Cleanup"
    )
    starting = {"codecommit": ["ModelBuildPushRule"], "codeconnections": []}[options["git"]]
    for title in ("ModelBuildPipeline", "ModelBuildBuild", *starting):
        assert "Cleanup" in made_before(template, title)
    if options["when_terminated"] != "keep-work":
        assert {"ArtifactBucket", "ModelPackageGroup"} <= made_before(template, "Cleanup")


def test_a_terminated_project_is_deleted_with_all_it_holds_but_the_code(template: dict[str, Any]) -> None:
    everything = build(KIND, when_terminated="delete")
    for kind in (BUCKET, KEY, GROUP, REPOSITORY):
        one, kept = only(template, kind), kind == REPOSITORY
        assert one["DeletionPolicy"] == ("RetainExceptOnCreate" if kept else "Delete")
        assert only(everything, kind)["DeletionPolicy"] == "Delete"
        assert one["UpdateReplacePolicy"] == only(everything, kind)["UpdateReplacePolicy"] == "Retain"
    cleanup = properties(template, CLEANUP)
    assert cleanup["Bucket"] == {"Ref": "ArtifactBucket"}
    assert cleanup["ModelPackageGroups"] == [properties(template, GROUP)["ModelPackageGroupName"]]
    cleaner = role(template, "lambda")
    assert granted(cleaner, "s3:DeleteObjectVersion") == ["${ArtifactBucket.Arn}/*"]
    assert granted(cleaner, "sagemaker:DeleteModelPackage")


def test_kept_work_stays_and_cannot_be_deleted_by_the_cleanup() -> None:
    template = build(KIND, when_terminated="keep-work")
    for kind in (BUCKET, "AWS::S3::BucketPolicy", KEY, GROUP, REPOSITORY):
        assert only(template, kind)["DeletionPolicy"] == "RetainExceptOnCreate"
    assert not {"Bucket", "ModelPackageGroups"} & set(properties(template, CLEANUP))
    cleaner = role(template, "lambda")
    assert (
        granted(cleaner, "s3:DeleteObjectVersion") == granted(cleaner, "sagemaker:DeleteModelPackage") == []
    )
    assert granted(cleaner, "sagemaker:DeletePipeline")


def test_the_function_answers_before_cloudformation_gives_up(template: dict[str, Any]) -> None:
    function = properties(template, "AWS::Lambda::Function")
    assert function["Handler"] == "sagemaker_project.cleanup.handler"
    assert properties(template, CLEANUP)["ServiceTimeout"] > function["Timeout"]
    assert function["LoggingConfig"] == {
        "ApplicationLogLevel": "INFO",
        "LogFormat": "JSON",
        "LogGroup": {"Ref": "CleanupLogs"},
    }


# The code it begins with.


@pytest.mark.parametrize(
    ("options", "half"),
    [
        ({"repositories": ["build"]}, "model-build"),
        ({"repositories": ["build"], "pipelines": "many"}, "model-build"),
        ({"repositories": ["deploy"]}, "model-deploy"),
        ({"repositories": ["deploy"], "hosting": "edge"}, "model-deploy"),
    ],
    ids=str,
)
def test_no_repository_is_called_after_the_example(options: dict[str, Any], half: str) -> None:
    made = seed(ProjectOptions.model_validate(options), half)
    tree = render(ROOT / "seedcode" / made.seed, made.answers, where=Where("test"))
    texts = {
        name: content.decode() for name, content, _ in tree.files if name.endswith((".md", ".py", ".yaml"))
    }
    (title,) = (line for line in texts["README.md"].splitlines() if line.startswith("# "))
    assert title.startswith("# Model: ")
    named = [name for name, text in texts.items() if '"abalone"' in text or "-abalone-" in text]
    assert named == []


# Options that are refused.


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"git": "svn"}, "git: Input should be"),
        ({"network": "vpc"}, "network: Input should be"),
        ({"branch": "-main"}, "branch: String should match pattern"),
        ({"instance_types": ["m5.large"]}, "instance_types.0: String should match pattern"),
        ({"log_retention_days": 8}, "log_retention_days: Input should be"),
        ({"build_timeout_minutes": 481}, "build_timeout_minutes: Input should be less than or equal to 480"),
        ({"data_buckets": [{"name": "A"}]}, "'A' is no bucket name"),
        ({"data_buckets": [{"name": "acme-lab"}, {"name": "acme-lab"}]}, "'acme-lab' is named twice"),
        ({"colour": "blue"}, "colour: Extra inputs are not permitted"),
    ],
    ids=str,
)
def test_refused_with_the_reason(options: dict[str, Any], reason: str) -> None:
    assert reason in refusal(KIND, **options)
