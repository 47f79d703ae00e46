"""Model endpoints: the three ways to name a model, the two to host it, and what the model's role may do."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from troposphere import sagemaker

from generator.blueprint import load
from generator.errors import Where
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

KIND = "ml-model-endpoint"
MODEL = "AWS::SageMaker::Model"
CONFIG = "AWS::SageMaker::EndpointConfig"
ENDPOINT = "AWS::SageMaker::Endpoint"
ROLE = "AWS::IAM::Role"
LONGEST_ID = "this-identity-has-exactly-48-characters-in-total"

DIGEST = "sha256:" + "3b7f9c4e" * 8
REGISTRY = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}"
KEY = "arn:aws:kms:{region}:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
PACKAGE_ARN = "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:model-package/demand/7"

IMAGE: dict[str, Any] = {
    "image": f"{REGISTRY}/models/churn@{DIGEST}",
    "model_data": "s3://acme-models-${AWS::AccountId}/churn/model.tar.gz",
}
PACKAGE: dict[str, Any] = {
    "model_package": PACKAGE_ARN,
    "package_repository": f"{REGISTRY}/models/demand",
    "model_data": "s3://acme-models/demand/",
}
BUILT: dict[str, Any] = {"container_project": "codecommit", "model_data": "s3://acme-models/custom/"}
CAPTURE: dict[str, Any] = {"capture_percent": 20, "capture_to": "s3://acme-captures/churn/"}
SERVERLESS: dict[str, Any] = {"hosting": "serverless"}


def of_target(option: str) -> dict[str, Any]:
    return {"Fn::FindInMap": ["Catalog", {"Ref": "AWS::Region"}, option]}


# The model


def test_an_image_by_digest_with_its_data() -> None:
    template = build(KIND, **IMAGE, environment={"WORKERS": "2", "LOG_LEVEL": "info"})
    container = properties(template, MODEL)["PrimaryContainer"]
    assert container == {
        "Image": {"Fn::Sub": IMAGE["image"]},
        "ModelDataUrl": {"Fn::Sub": IMAGE["model_data"]},
        "Environment": {"LOG_LEVEL": "info", "WORKERS": "2"},
    }
    assert list(container["Environment"]) == ["LOG_LEVEL", "WORKERS"], "whatever the order in YAML"
    role = only(template, ROLE)
    assert granted(role, "ecr:BatchGetImage") == [
        "arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/models/churn"
    ]
    assert granted(role, "s3:GetObject") == [
        "arn:${AWS::Partition}:s3:::acme-models-${AWS::AccountId}/churn/model.tar.gz"
    ]


def test_an_image_of_another_account() -> None:
    uri = f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/shared/churn@{DIGEST}"
    template = build(KIND, image=uri)
    assert properties(template, MODEL)["PrimaryContainer"] == {"Image": uri}
    role = only(template, ROLE)
    assert granted(role, "ecr:BatchGetImage") == [
        "arn:${AWS::Partition}:ecr:eu-west-1:111122223333:repository/shared/churn"
    ]
    assert granted(role, "s3:GetObject") == [], "the image holds the model"


def test_a_version_of_the_model_registry() -> None:
    template = build(KIND, **PACKAGE)
    assert properties(template, MODEL)["PrimaryContainer"] == {"ModelPackageName": {"Fn::Sub": PACKAGE_ARN}}
    role = only(template, ROLE)
    assert granted(role, "ecr:BatchGetImage") == [
        "arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/models/demand"
    ]
    assert granted(role, "s3:GetObject") == ["arn:${AWS::Partition}:s3:::acme-models/demand/*"]


def test_names_are_such_that_everything_can_be_replaced() -> None:
    template = build(KIND, "churn", **IMAGE)
    assert "ModelName" not in properties(template, MODEL)
    assert "EndpointConfigName" not in properties(template, CONFIG)
    endpoint = properties(template, ENDPOINT)
    assert endpoint["EndpointName"] == {"Fn::Sub": "churn-${EndpointName}"}
    assert endpoint["EndpointConfigName"] == {"Fn::GetAtt": ["EndpointConfig", "EndpointConfigName"]}


@pytest.mark.parametrize("product", ["a", LONGEST_ID])
@pytest.mark.parametrize("model", [IMAGE, BUILT], ids=["image", "built"])
def test_the_name_fits_for_every_product(product: str, model: dict[str, Any]) -> None:
    name = build(KIND, product, **model)["Parameters"]["EndpointName"]
    assert 14 <= name["MaxLength"] <= 63 - len(product) - 1
    assert re.fullmatch(name["AllowedPattern"], "blue-1")
    assert not re.fullmatch(name["AllowedPattern"], "Blue")
    # ECR takes no two hyphens in a row, SageMaker does.
    assert bool(re.fullmatch(name["AllowedPattern"], "a--b")) is (model is IMAGE)


# Hosting


def test_on_instances_of_the_list() -> None:
    template = build(
        KIND, **IMAGE, instance_types=["ml.c5.large", "ml.c5.xlarge"], instances_min=2, instances_max=5
    )
    variant = properties(template, CONFIG)["ProductionVariants"][0]
    assert variant["InstanceType"] == {"Ref": "InstanceType"}
    assert variant["InitialInstanceCount"] == {"Ref": "InstanceCount"}
    assert "ServerlessConfig" not in variant
    asked = template["Parameters"]
    assert (asked["InstanceType"]["Default"], asked["InstanceType"]["AllowedValues"]) == (
        "ml.c5.large",
        ["ml.c5.large", "ml.c5.xlarge"],
    )
    assert [asked["InstanceCount"][key] for key in ("Default", "MinValue", "MaxValue")] == [2, 2, 5]
    assert not resources(template, "AWS::ApplicationAutoScaling::ScalableTarget")
    assert "RetainAllVariantProperties" not in properties(template, ENDPOINT), "the form's number holds"


def test_serverless() -> None:
    template = build(KIND, **PACKAGE, **SERVERLESS, memory_mb=3072, max_concurrency=20)
    variant = properties(template, CONFIG)["ProductionVariants"][0]
    assert variant["ServerlessConfig"] == {"MemorySizeInMB": 3072, "MaxConcurrency": 20}
    assert "InstanceType" not in variant
    assert set(template["Parameters"]) == {"EndpointName"}
    assert "DeploymentConfig" not in properties(template, ENDPOINT), "SageMaker has none for serverless"


@pytest.mark.parametrize(
    ("rollout", "steps"),
    [
        ("all-at-once", {"Type": "ALL_AT_ONCE"}),
        ("canary", {"Type": "CANARY", "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1}}),
        ("linear", {"Type": "LINEAR", "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 25}}),
    ],
)
def test_updates_are_blue_green_and_rolled_back_by_the_alarms(rollout: str, steps: dict[str, Any]) -> None:
    template = build(KIND, **IMAGE, rollout=rollout, instances_min=2)
    deployment = properties(template, ENDPOINT)["DeploymentConfig"]
    routing = deployment["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert routing == steps | {"WaitIntervalInSeconds": 300}
    alarms = {one["AlarmName"]["Ref"] for one in deployment["AutoRollbackConfiguration"]["Alarms"]}
    assert alarms == set(resources(template, "AWS::CloudWatch::Alarm"))


def test_autoscaling_of_instances() -> None:
    template = build(KIND, **IMAGE, requests_per_instance=600, instances_min=1, instances_max=6)
    target = properties(template, "AWS::ApplicationAutoScaling::ScalableTarget")
    assert target["ScalableDimension"] == "sagemaker:variant:DesiredInstanceCount"
    assert target["ResourceId"] == {
        "Fn::Sub": [
            "endpoint/${Name}/variant/AllTraffic",
            {"Name": {"Fn::GetAtt": ["Endpoint", "EndpointName"]}},
        ]
    }
    assert (target["MinCapacity"], target["MaxCapacity"]) == ({"Ref": "InstanceCount"}, 6)
    assert template["Parameters"]["InstanceCount"]["MaxValue"] == 5
    tracking = properties(template, "AWS::ApplicationAutoScaling::ScalingPolicy")[
        "TargetTrackingScalingPolicyConfiguration"
    ]
    assert tracking["TargetValue"] == 600
    assert tracking["PredefinedMetricSpecification"] == {
        "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
    }
    endpoint = properties(template, ENDPOINT)
    assert endpoint["RetainAllVariantProperties"] is True, "an update does not undo what scaling has set"
    assert endpoint["ExcludeRetainedVariantProperties"] == [{"VariantPropertyType": "DataCaptureConfig"}]


def test_autoscaling_of_provisioned_concurrency() -> None:
    template = build(KIND, **PACKAGE, **SERVERLESS, provisioned_concurrency=2, provisioned_concurrency_max=8)
    variant = properties(template, CONFIG)["ProductionVariants"][0]
    assert variant["ServerlessConfig"]["ProvisionedConcurrency"] == 2
    target = properties(template, "AWS::ApplicationAutoScaling::ScalableTarget")
    assert target["ScalableDimension"] == "sagemaker:variant:DesiredProvisionedConcurrency"
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 8)


# Network, keys, capture, alarms


def test_in_a_vpc_that_the_form_names() -> None:
    template = build(KIND, **IMAGE, network="launch")
    assert properties(template, MODEL)["VpcConfig"] == {
        "Subnets": {"Ref": "SubnetIds"},
        "SecurityGroupIds": {"Ref": "SecurityGroupIds"},
    }
    assert template["Parameters"]["SubnetIds"]["Type"] == "List<AWS::EC2::Subnet::Id>"
    assert template["Parameters"]["SecurityGroupIds"]["Type"] == "List<AWS::EC2::SecurityGroup::Id>"
    role = only(template, ROLE)
    assert granted(role, "ec2:CreateNetworkInterface")
    assert "*" not in granted(role, "ec2:CreateNetworkInterface")
    assert granted(only(build(KIND, **IMAGE), ROLE), "ec2:CreateNetworkInterface") == []


def test_in_a_vpc_of_the_target() -> None:
    template = build(
        KIND,
        **IMAGE,
        network="target",
        subnet_ids="subnet-12345678,subnet-87654321",
        security_group_ids="sg-12345678",
    )
    assert properties(template, MODEL)["VpcConfig"] == {
        "Subnets": {"Fn::Split": [",", of_target("SubnetIds")]},
        "SecurityGroupIds": {"Fn::Split": [",", of_target("SecurityGroupIds")]},
    }
    assert "subnet-" not in str(template)


def test_without_any_network() -> None:
    assert properties(build(KIND, **IMAGE, network_isolation=True), MODEL)["EnableNetworkIsolation"] is True
    assert "EnableNetworkIsolation" not in properties(build(KIND, **IMAGE), MODEL)


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"key": "create"}, {"Fn::GetAtt": ["EndpointKey", "Arn"]}),
        ({"key": "launch"}, {"Ref": "EndpointKeyArn"}),
        ({"key": "target", "key_arn": KEY}, of_target("KeyArn")),
    ],
    ids=["create", "launch", "target"],
)
def test_one_key_for_volumes_and_captures(options: dict[str, Any], key: dict[str, Any]) -> None:
    template = build(KIND, **IMAGE, **CAPTURE, **options)
    config = properties(template, CONFIG)
    assert config["KmsKeyId"] == key
    assert config["DataCaptureConfig"]["KmsKeyId"] == key
    assert granted(only(template, ROLE), "kms:GenerateDataKey") == [key]


@pytest.mark.parametrize(("capture", "stays"), [({}, "Delete"), (CAPTURE, "RetainExceptOnCreate")])
def test_the_key_stays_as_long_as_what_it_encrypts(capture: dict[str, Any], stays: str) -> None:
    key = only(build(KIND, **IMAGE, key="create", **capture), "AWS::KMS::Key")
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == (stays, "Retain")
    assert key["Properties"]["EnableKeyRotation"] is True


def test_the_key_of_the_model_data() -> None:
    template = build(KIND, **IMAGE, data_key="launch")
    role = only(template, ROLE)
    assert granted(role, "kms:Decrypt") == [{"Ref": "DataKeyArn"}]
    assert granted(role, "kms:GenerateDataKey") == [], "it is read, not written"
    template = build(KIND, **IMAGE, data_key="target", data_key_arn=KEY)
    assert granted(only(template, ROLE), "kms:Decrypt") == [of_target("DataKeyArn")]


def test_data_capture() -> None:
    template = build(KIND, **IMAGE, **CAPTURE)
    assert properties(template, CONFIG)["DataCaptureConfig"] == {
        "EnableCapture": True,
        "InitialSamplingPercentage": 20,
        "DestinationS3Uri": "s3://acme-captures/churn/",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {
            "CsvContentTypes": ["text/csv"],
            "JsonContentTypes": ["application/json"],
        },
    }
    assert granted(only(template, ROLE), "s3:PutObject") == [
        "arn:${AWS::Partition}:s3:::acme-captures/churn/*"
    ]
    assert "DataCaptureConfig" not in properties(build(KIND, **IMAGE), CONFIG)


def test_troposphere_still_has_the_wrong_capture_configuration() -> None:
    """When this fails, the class of our own in parts/model_hosting.py has become superfluous."""
    assert "InitialSamplingPercentage" not in sagemaker.DataCaptureConfig.props


def test_alarms_name_the_endpoint_without_a_cycle() -> None:
    template = build(KIND, "churn", **IMAGE, max_errors=3, max_latency_ms=250)
    alarms = {
        one["Properties"]["MetricName"]: one["Properties"]
        for one in resources(template, "AWS::CloudWatch::Alarm").values()
    }
    assert alarms["Invocation5XXErrors"]["Threshold"] == 3
    assert alarms["ModelLatency"]["Threshold"] == 250_000, "microseconds"
    for alarm in alarms.values():
        assert alarm["Dimensions"] == [
            {"Name": "EndpointName", "Value": {"Fn::Sub": "churn-${EndpointName}"}},
            {"Name": "VariantName", "Value": "AllTraffic"},
        ]
        assert alarm["TreatMissingData"] == "notBreaching"
        assert "AlarmActions" not in alarm


@pytest.mark.parametrize(
    ("options", "topic"),
    [
        ({"notify": "launch"}, {"Ref": "AlarmTopicArn"}),
        ({"notify": "target", "topic_arn": "arn:aws:sns:{region}:{account}:ml"}, of_target("TopicArn")),
    ],
    ids=["launch", "target"],
)
def test_alarms_tell_a_topic(options: dict[str, Any], topic: dict[str, Any]) -> None:
    for alarm in resources(build(KIND, **IMAGE, **options), "AWS::CloudWatch::Alarm").values():
        assert alarm["Properties"]["AlarmActions"] == alarm["Properties"]["OKActions"] == [topic]


def test_the_role_writes_the_endpoints_own_logs_which_go_with_it() -> None:
    template = build(KIND, "churn", **IMAGE, log_days=30)
    group = only(template, "AWS::Logs::LogGroup")
    assert group["Properties"] == {
        "LogGroupName": {"Fn::Sub": "/aws/sagemaker/Endpoints/churn-${EndpointName}"},
        "RetentionInDays": 30,
    }
    assert group["DeletionPolicy"] == "Delete"
    role = only(template, ROLE)
    assert granted(role, "logs:PutLogEvents") == [{"Fn::GetAtt": ["EndpointLogs", "Arn"]}]
    assert granted(role, "logs:CreateLogGroup") == []
    anywhere = [one for one in statements(role) if one["Resource"] == "*"]
    assert sorted(action for one in anywhere for action in one["Action"]) == [
        "cloudwatch:PutMetricData",
        "ecr:GetAuthorizationToken",
    ]


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        ("34,2,129.5", ["printf", "%s", "34,2,129.5"]),
        ('{"instances": [[1]]}', ["printf", "%s", '{"instances": [[1]]}']),
        ("", []),
    ],
)
def test_the_example_of_a_call_is_a_command(sample: str, words: list[str]) -> None:
    output = build(KIND, "churn", **IMAGE, sample_request=sample, content_type="application/json")["Outputs"][
        "InvokeExample"
    ]
    text = output["Value"]["Fn::Sub"]
    line = shlex.split(text.replace("${AWS::Region}", "eu-west-1").replace("${EndpointName}", "blue"))
    assert line[: len(words)] == words
    call = line[line.index("aws") :]
    assert call[:2] == ["aws", "sagemaker-runtime"]
    assert call[call.index("--endpoint-name") + 1] == "churn-blue"
    assert call[call.index("--content-type") + 1] == "application/json"
    assert call[call.index("--body") + 1] == "fileb://request"


# The container project


def test_the_endpoint_waits_for_the_first_image() -> None:
    template = build(KIND, **BUILT)
    assert template["Parameters"]["ImageDigest"]["Default"] == ""
    waiting = {
        title for title, one in template["Resources"].items() if one.get("Condition") == "ImageDigestGiven"
    }
    assert waiting == {"Model", "EndpointConfig", "Endpoint", "ErrorsAlarm", "LatencyAlarm"}
    outputs = {
        title for title, one in template["Outputs"].items() if one.get("Condition") == "ImageDigestGiven"
    }
    assert outputs == {"EndpointName", "EndpointArn", "InvokeExample"}
    scaled = build(KIND, **BUILT, requests_per_instance=10)
    assert {"ScalableTarget", "ScalingPolicy"} <= {
        title for title, one in scaled["Resources"].items() if one.get("Condition") == "ImageDigestGiven"
    }


def test_nothing_unconditional_refers_to_what_waits() -> None:
    template = build(KIND, **BUILT, requests_per_instance=10, key="create", notify="launch")
    waiting = [title for title, one in template["Resources"].items() if "Condition" in one]
    always = json.dumps([one for one in template["Resources"].values() if "Condition" not in one])
    assert [
        title for title in waiting if f'"Ref": "{title}"' in always or f'"Fn::GetAtt": ["{title}"' in always
    ] == []


def test_it_serves_an_image_of_its_own_registry_by_digest() -> None:
    template = build(KIND, **BUILT)
    assert properties(template, MODEL)["PrimaryContainer"] == {
        "Image": {
            "Fn::Join": ["@", [{"Fn::GetAtt": ["ImageRepository", "RepositoryUri"]}, {"Ref": "ImageDigest"}]]
        },
        "ModelDataUrl": {
            "Fn::If": [
                "ModelDataGiven",
                {"Fn::Sub": "s3://acme-models/custom/${ModelData}"},
                {"Ref": "AWS::NoValue"},
            ]
        },
    }
    role = resources(template, ROLE)["ModelRole"]
    assert granted(role, "ecr:BatchGetImage") == [{"Fn::GetAtt": ["ImageRepository", "Arn"]}]
    assert granted(role, "s3:GetObject") == ["arn:${AWS::Partition}:s3:::acme-models/custom/*"]
    data = template["Parameters"]["ModelData"]
    assert re.fullmatch(data["AllowedPattern"], "2026/model.tar.gz")
    for wrong in ("../other/model.tar.gz", "/model.tar.gz", "a//model.tar.gz", "model.zip", ".tar.gz"):
        assert not re.fullmatch(data["AllowedPattern"], wrong)
    assert "ModelData" not in build(KIND, container_project="codecommit")["Parameters"]


def test_the_repository_is_made_from_the_seed_and_stays() -> None:
    template = build(KIND, "custom", **BUILT)
    repository = only(template, "AWS::CodeCommit::Repository")
    assert repository["DeletionPolicy"] == "RetainExceptOnCreate"
    code = repository["Properties"]["Code"]
    assert code["BranchName"] == "main"
    assert code["S3"]["Bucket"] == of_target("AssetBucket")
    assert re.fullmatch(r"assets/seed-container/[0-9a-f]{64}\.zip", code["S3"]["Key"])
    assert repository["DependsOn"] == ["PushRule"], "so that the seed's own commit starts the first build"
    assert repository["Properties"]["RepositoryName"] == {"Fn::Sub": "custom-${EndpointName}"}


def test_a_push_builds_just_that_commit() -> None:
    template = build(KIND, "custom", **BUILT)
    rule = properties(template, "AWS::Events::Rule")
    assert rule["EventPattern"]["detail"]["referenceName"] == ["main"]
    assert rule["EventPattern"]["resources"] == [
        {
            "Fn::Sub": "arn:${AWS::Partition}:codecommit:${AWS::Region}:${AWS::AccountId}:custom-${EndpointName}"
        }
    ]
    target = rule["Targets"][0]
    assert target["InputTransformer"] == {
        "InputPathsMap": {"commit": "$.detail.commitId"},
        "InputTemplate": '{"sourceVersion": "<commit>"}',
    }
    assert granted(resources(template, ROLE)["PushRole"], "codebuild:StartBuild") == [
        {"Fn::GetAtt": ["ContainerBuild", "Arn"]}
    ]


def test_the_build_pushes_to_its_own_registry_only() -> None:
    template = build(KIND, "custom", **BUILT)
    project = properties(template, "AWS::CodeBuild::Project")
    assert project["Environment"]["PrivilegedMode"] is True
    assert project["Environment"]["EnvironmentVariables"] == [
        {"Name": "IMAGE_REPOSITORY_URI", "Value": {"Fn::GetAtt": ["ImageRepository", "RepositoryUri"]}}
    ]
    assert project["Source"]["Location"] == {
        "Fn::Sub": "https://git-codecommit.${AWS::Region}.${AWS::URLSuffix}/v1/repos/custom-${EndpointName}"
    }
    role = resources(template, ROLE)["ContainerBuildRole"]
    assert granted(role, "ecr:PutImage") == [{"Fn::GetAtt": ["ImageRepository", "Arn"]}]
    assert granted(role, "codecommit:GitPull") == [
        "arn:${AWS::Partition}:codecommit:${AWS::Region}:${AWS::AccountId}:custom-${EndpointName}"
    ]
    images = only(template, "AWS::ECR::Repository")
    assert images["Properties"]["ImageTagMutability"] == "IMMUTABLE"
    assert images["Properties"]["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert images["Properties"]["EncryptionConfiguration"] == {"EncryptionType": "KMS"}
    policy = json.loads(images["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"])
    assert policy["rules"][0]["selection"]["countNumber"] == 50


def test_the_build_passes_what_the_seeds_script_asks_for() -> None:
    script = (ROOT / "seedcode/model-container/template/push.sh").read_text()
    needed = set(re.findall(r'^: "\$\{(\w+):\?', script, re.MULTILINE))
    given_by_codebuild = {"AWS_REGION"}
    project = properties(build(KIND, **BUILT), "AWS::CodeBuild::Project")
    passed = {one["Name"] for one in project["Environment"]["EnvironmentVariables"]}
    assert needed == given_by_codebuild | passed


def test_only_a_container_project_has_a_seed() -> None:
    blueprint = load(KIND, ROOT, Where("test"))
    assert blueprint.assets(blueprint.params(**IMAGE)) == ()
    (seed,) = blueprint.assets(blueprint.params(**BUILT))
    assert seed.name == "seed-container"
    for kind in ("AWS::CodeCommit::Repository", "AWS::CodeBuild::Project", "AWS::ECR::Repository"):
        assert not resources(build(KIND, **IMAGE), kind)


# All that may be combined

models = st.sampled_from(
    [IMAGE, PACKAGE, BUILT, {"image": IMAGE["image"]}, {"container_project": "codecommit"}]
)
on_instances = st.fixed_dictionaries(
    {},
    optional={
        "requests_per_instance": st.sampled_from([1, 600]),
        "rollout": st.sampled_from(["all-at-once", "canary", "linear"]),
        "instances_min": st.just(2),
        "instances_max": st.sampled_from([4, 100]),
        "network_isolation": st.booleans(),
        "key": st.sampled_from(["none", "create", "launch"]),
    },
)
networks = st.sampled_from(
    [
        {},
        {"network": "launch"},
        {
            "network": "target",
            "subnet_ids": "subnet-12345678,subnet-87654321",
            "security_group_ids": "sg-12345678",
        },
    ]
)
captures = st.sampled_from([{}, CAPTURE])
serverless = st.sampled_from(
    [
        SERVERLESS,
        SERVERLESS | {"memory_mb": 6144, "max_concurrency": 200},
        SERVERLESS | {"provisioned_concurrency": 1},
        SERVERLESS | {"provisioned_concurrency": 1, "provisioned_concurrency_max": 10},
    ]
)
notices = st.sampled_from(
    [{}, {"notify": "launch"}, {"notify": "target", "topic_arn": "arn:aws:sns:{region}:{account}:ml"}]
)
data_keys = st.sampled_from([{}, {"data_key": "launch"}, {"data_key": "target", "data_key_arn": KEY}])


@st.composite
def allowed(draw: st.DrawFn) -> dict[str, Any]:
    """Options that go together."""
    options: dict[str, Any] = dict(draw(models))
    if draw(st.booleans()):
        options |= draw(serverless)
    else:
        options |= draw(on_instances) | draw(networks) | draw(captures)
        if options.get("rollout", "all-at-once") != "all-at-once":
            options["instances_min"] = 2
    if "model_data" in options:
        options |= draw(data_keys)
    return options | draw(notices)


def check(options: dict[str, Any]) -> None:
    template = build(KIND, LONGEST_ID, **options)
    text = str({key: template.get(key) for key in ("Resources", "Outputs", "Conditions")})
    unused = [
        name
        for name in template["Parameters"]
        if f"'Ref': '{name}'" not in text and f"${{{name}}}" not in text
    ]
    assert unused == []
    interface = template["Metadata"]["AWS::CloudFormation::Interface"]
    assert sorted(name for group in interface["ParameterGroups"] for name in group["Parameters"]) == sorted(
        template["Parameters"]
    )
    for role in resources(template, ROLE).values():
        assert [action for one in statements(role) for action in one["Action"] if "*" in action] == []
    container = properties(template, MODEL)["PrimaryContainer"]
    assert len({"Image", "ModelPackageName"} & set(container)) == 1


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(allowed())
def test_everything_allowed_builds(options: dict[str, Any]) -> None:
    check(options)


LINTED = {
    "image, all on": IMAGE
    | CAPTURE
    | {
        "key": "create",
        "network": "launch",
        "requests_per_instance": 600,
        "instances_min": 2,
        "rollout": "canary",
    },
    "package, serverless": PACKAGE
    | SERVERLESS
    | {"provisioned_concurrency": 1, "provisioned_concurrency_max": 10},
    "built": BUILT | CAPTURE | {"requests_per_instance": 600, "notify": "launch", "data_key": "launch"},
    "all of the target": IMAGE
    | CAPTURE
    | {
        "network": "target",
        "subnet_ids": "subnet-12345678,subnet-87654321",
        "security_group_ids": "sg-12345678",
        "key": "target",
        "key_arn": KEY,
        "data_key": "target",
        "data_key_arn": KEY,
        "notify": "target",
        "topic_arn": "arn:aws:sns:{region}:{account}:ml",
    },
}


@pytest.mark.parametrize("options", LINTED.values(), ids=LINTED)
def test_lints_clean(options: dict[str, Any]) -> None:
    assert findings(KIND, LONGEST_ID, **options) == []


@pytest.mark.proof
@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(allowed())
def test_everything_allowed_lints_clean(options: dict[str, Any]) -> None:
    assert findings(KIND, LONGEST_ID, **options) == []


# What is refused


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "exactly one of image, model_package and container_project names the model; none is given"),
        (IMAGE | PACKAGE, "image and model_package are given"),
        (IMAGE | {"container_project": "codecommit"}, "image and container_project are given"),
        ({"image": f"{REGISTRY}/churn:latest"}, "is not named by its digest"),
        ({"image": f"{REGISTRY}/churn"}, "is not named by its digest"),
        ({"image": f"{REGISTRY}/churn@sha256:12"}, "is not named by its digest"),
        ({"image": f"docker.io/library/churn@{DIGEST}"}, "is no repository of ECR"),
        ({"image": f"{REGISTRY}/Churn@{DIGEST}"}, "is no repository of ECR"),
        ({"model_package": "demand-forecast"}, "is no ARN of a model package version"),
        (PACKAGE | {"model_package": PACKAGE_ARN.removesuffix("/7")}, "is no ARN of a model package version"),
        (PACKAGE | {"package_repository": ""}, "go together: the role must be allowed to pull"),
        (IMAGE | {"package_repository": PACKAGE["package_repository"]}, "go together"),
        (PACKAGE | {"package_repository": "models/demand"}, "is no repository of ECR"),
        (PACKAGE | {"model_data": ""}, "model_package needs model_data"),
        (
            PACKAGE | {"model_data": "s3://acme/model.tar.gz"},
            "must be a prefix, ending in a slash, with model_package",
        ),
        (BUILT | {"model_data": "s3://acme/model.tar.gz"}, "ending in a slash, with container_project"),
        (IMAGE | {"model_data": "s3://acme/models/"}, "must be an archive, .tar.gz"),
        (IMAGE | {"model_data": "https://acme/model.tar.gz"}, "is no place in S3"),
        (IMAGE | {"model_data": "s3://Acme/model.tar.gz"}, "'Acme' is no bucket name"),
        ({"image": IMAGE["image"], "data_key": "launch"}, "data_key is of no use without model_data"),
        (IMAGE | {"memory_mb": 2048}, "memory_mb has no meaning with hosting: instances"),
        (IMAGE | SERVERLESS | {"rollout": "canary"}, "rollout has no meaning with hosting: serverless"),
        (IMAGE | SERVERLESS | {"instance_types": ["ml.m5.large"]}, "instance_types has no meaning"),
        (IMAGE | SERVERLESS | {"network": "launch"}, "SageMaker has no network for serverless"),
        (
            IMAGE | SERVERLESS | {"network_isolation": True},
            "SageMaker has no network_isolation for serverless",
        ),
        (IMAGE | SERVERLESS | CAPTURE, "SageMaker has no capture_percent for serverless"),
        (IMAGE | SERVERLESS | {"key": "create"}, "SageMaker has no key for serverless"),
        (IMAGE | SERVERLESS | {"memory_mb": 2000}, "memory_mb"),
        (
            IMAGE | SERVERLESS | {"provisioned_concurrency": 11},
            "provisioned_concurrency 11 passes max_concurrency 10",
        ),
        (IMAGE | SERVERLESS | {"provisioned_concurrency_max": 5}, "must be over provisioned_concurrency"),
        (
            IMAGE | SERVERLESS | {"provisioned_concurrency": 5, "provisioned_concurrency_max": 50},
            "at most max_concurrency 10",
        ),
        (IMAGE | {"instance_types": ["m5.large"]}, "'m5.large' is no instance type"),
        (IMAGE | {"instance_types": ["ml.m5.large"] * 2}, "stands in the list twice"),
        (IMAGE | {"instances_min": 5}, "instances_min 5 passes instances_max 4"),
        (IMAGE | {"requests_per_instance": 10, "instances_max": 1}, "autoscaling needs instances_max over"),
        (IMAGE | {"requests_per_instance": 10, "instance_types": ["ml.t2.large"]}, "burstable"),
        (IMAGE | {"rollout": "canary"}, "rollout: canary needs instances_min: 2"),
        (IMAGE | {"rollout": "linear"}, "rollout: linear needs instances_min: 2"),
        (IMAGE | {"capture_percent": 10}, "capture_percent and capture_to go together"),
        (IMAGE | {"capture_to": "s3://acme/x/"}, "capture_percent and capture_to go together"),
        (IMAGE | CAPTURE | {"capture_to": "s3://acme/x"}, "must be a prefix, ending in a slash"),
        (IMAGE | {"network": "target"}, "subnet_ids and security_group_ids must be set"),
        (IMAGE | {"key": "target"}, "key_arn must be set"),
        (IMAGE | {"data_key": "target"}, "data_key_arn must be set"),
        (IMAGE | {"notify": "target"}, "topic_arn must be set"),
        (IMAGE | {"subnet_ids": "subnet-1; subnet-2"}, "subnet_ids"),
        (IMAGE | {"sample_request": "it's"}, "sample_request"),
        (IMAGE | {"sample_request": "${Secret}"}, "sample_request"),
        (IMAGE | {"log_days": 2}, "log_days"),
        (IMAGE | {"gpu": True}, "gpu: Extra inputs are not permitted"),
    ],
)
def test_what_does_not_go_together_is_refused_with_the_reason(options: dict[str, Any], reason: str) -> None:
    assert reason in refusal(KIND, **options)


@pytest.mark.parametrize(
    ("instance_type", "refused"),
    [
        ("ml.m5.large", False),
        ("ml.c6i.large", False),
        ("ml.c6in.large", False),
        ("ml.inf2.xlarge", False),
        ("ml.m5d.large", True),
        ("ml.c6gd.large", True),
        ("ml.g4dn.xlarge", True),
        ("ml.g5.xlarge", True),
        ("ml.g6e.xlarge", True),
        ("ml.p4d.24xlarge", True),
        ("ml.p5.48xlarge", True),
        ("ml.trn1.2xlarge", True),
    ],
)
def test_no_key_for_disks_that_take_none(instance_type: str, refused: bool) -> None:
    said = refusal(KIND, **IMAGE, key="create", instance_types=[instance_type])
    assert ("SageMaker takes no key for" in said) is refused
    assert refusal(KIND, **IMAGE, instance_types=[instance_type]) == ""


def test_every_option_is_documented() -> None:
    schema = load(KIND, ROOT, Where("test")).params.model_json_schema()
    assert [name for name, option in schema["properties"].items() if not option.get("description")] == []
