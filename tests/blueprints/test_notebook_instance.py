"""Notebook instances: what each option puts into the template, which options go together, and what a notebook may do."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

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

KIND = "notebook-instance"
INSTANCE = "AWS::SageMaker::NotebookInstance"
ROLE = "AWS::IAM::Role"

LONGEST_ID = "this-identity-has-exactly-48-characters-in-total"
KEY = "arn:aws:kms:{region}:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TARGET = {"vpc_id": "vpc-0123456789abcdef0", "subnet_id": "subnet-0123456789abcdef0"}
SALES = {"name": "acme-sales-${AWS::AccountId}", "access": "read"}
LAB = {"name": "acme-lab", "prefix": "jane/", "access": "read-write"}
TEAMS = (
    {"label": "marketing", "name": "acme-sandbox", "prefix": "marketing/", "access": "read-write"},
    {"label": "sales", "name": "acme-sandbox", "prefix": "sales/"},
)


def asked(template: dict[str, Any]) -> set[str]:
    return set(template["Parameters"])


def test_as_it_comes() -> None:
    template = build(KIND, "analyst-notebook")
    instance = properties(template, INSTANCE)
    assert instance["RootAccess"] == "Disabled"
    assert instance["DirectInternetAccess"] == "Disabled"
    assert instance["SubnetId"] == {"Ref": "SubnetId"}
    assert instance["InstanceMetadataServiceConfiguration"] == {"MinimumInstanceMetadataServiceVersion": "2"}
    assert instance["PlatformIdentifier"] == "notebook-al2023-v1"
    assert instance["KmsKeyId"] == {"Fn::GetAtt": ["VolumeKey", "Arn"]}
    assert instance["SecurityGroupIds"] == [{"Fn::GetAtt": ["SecurityGroup", "GroupId"]}]
    assert asked(template) == {"NotebookName", "Size", "VolumeSize", "IdleMinutes", "VpcId", "SubnetId"}
    assert template["Parameters"]["SubnetId"]["Type"] == "AWS::EC2::Subnet::Id"
    assert template["Parameters"]["VpcId"]["Type"] == "AWS::EC2::VPC::Id"
    assert set(template["Outputs"]) == {
        "NotebookName",
        "NotebookArn",
        "OpenNotebook",
        "StartNotebook",
        "RoleArn",
    }


def test_what_goes_and_what_stays_with_the_product() -> None:
    template = build(KIND)
    for kind in (INSTANCE, "AWS::KMS::Key"):
        one = only(template, kind)
        assert (one["DeletionPolicy"], one["UpdateReplacePolicy"]) == ("Delete", "Retain")


def test_sizes_are_offered_by_label_in_the_order_of_the_list() -> None:
    sizes = [
        {"label": "tiny", "instance_type": "ml.t3.medium", "note": "2 vCPU"},
        {"label": "gpu", "instance_type": "ml.g5.xlarge"},
    ]
    template = build(KIND, sizes=sizes)
    size = template["Parameters"]["Size"]
    assert size["AllowedValues"] == ["tiny", "gpu"]
    assert size["Default"] == "tiny"
    assert "tiny: 2 vCPU; gpu: ml.g5.xlarge" in size["Description"]
    assert template["Mappings"]["Sizes"] == {
        "tiny": {"InstanceType": "ml.t3.medium"},
        "gpu": {"InstanceType": "ml.g5.xlarge"},
    }
    assert properties(template, INSTANCE)["InstanceType"] == {
        "Fn::FindInMap": ["Sizes", {"Ref": "Size"}, "InstanceType"]
    }


def test_volume_and_idle_time_lie_in_the_ranges_of_the_options() -> None:
    template = build(KIND, volume_gb=50, volume_gb_min=10, volume_gb_max=500, idle_minutes=[45, 90])
    volume = template["Parameters"]["VolumeSize"]
    assert (volume["Default"], volume["MinValue"], volume["MaxValue"]) == (50, 10, 500)
    idle = template["Parameters"]["IdleMinutes"]
    assert (idle["Default"], idle["AllowedValues"]) == (45, [45, 90])
    content = properties(template, "AWS::SageMaker::NotebookInstanceLifecycleConfig")["OnStart"][0]["Content"]
    pieces = content["Fn::Base64"]["Fn::Join"][1]
    assert pieces[1] == {"Ref": "IdleMinutes"}
    assert pieces[0].endswith("\nIDLE_MINUTES=")


def test_its_own_security_group_takes_nothing_and_makes_https_only() -> None:
    group = properties(build(KIND), "AWS::EC2::SecurityGroup")
    assert "SecurityGroupIngress" not in group
    assert [
        (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) for rule in group["SecurityGroupEgress"]
    ] == [("tcp", 443, 443)]


def test_its_own_key_rotates_and_serves_sagemaker_only() -> None:
    key = properties(build(KIND), "AWS::KMS::Key")
    assert key["EnableKeyRotation"] is True
    policy = {one["Sid"]: one for one in key["KeyPolicy"]["Statement"]}
    assert not [action for one in policy.values() for action in one["Action"] if "*" in action]
    assert not {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant"} & set(
        policy["Administration"]["Action"]
    ), "administrators of the key do not use it"
    through = {"kms:ViaService": [{"Fn::Sub": "sagemaker.${AWS::Region}.${AWS::URLSuffix}"}]}
    assert policy["UseThroughServices"]["Condition"] == {"StringEquals": through}
    assert policy["GrantsForVolumes"]["Condition"] == {
        "StringEquals": through,
        "Bool": {"kms:GrantIsForAWSResource": "true"},
    }
    assert policy["GrantsForVolumes"]["Action"] == ["kms:CreateGrant"]


def test_asked_for_at_launch() -> None:
    template = build(KIND, security_group="launch", key="launch", buckets=[SALES], data_key="launch")
    assert {"SecurityGroupId", "VolumeKeyArn", "DataKeyArn", "SubnetId"} <= asked(template)
    assert "VpcId" not in asked(template), "only a group of its own needs the VPC"
    instance = properties(template, INSTANCE)
    assert instance["SecurityGroupIds"] == [{"Ref": "SecurityGroupId"}]
    assert instance["KmsKeyId"] == {"Ref": "VolumeKeyArn"}
    assert not resources(template, "AWS::KMS::Key")
    assert not resources(template, "AWS::EC2::SecurityGroup")


def test_decided_by_the_target() -> None:
    template = build(
        KIND,
        network="target",
        **TARGET,
        security_group="target",
        security_group_id="sg-0123456789abcdef0",
        key="target",
        key_arn=KEY,
        buckets=[SALES],
        data_key="target",
        data_key_arn=KEY,
    )
    assert asked(template) == {"NotebookName", "Size", "VolumeSize", "IdleMinutes"}

    def of_target(option: str) -> dict[str, Any]:
        return {"Fn::FindInMap": ["Catalog", {"Ref": "AWS::Region"}, option]}

    instance = properties(template, INSTANCE)
    assert instance["SubnetId"] == of_target("SubnetId")
    assert instance["SecurityGroupIds"] == [of_target("SecurityGroupId")]
    assert instance["KmsKeyId"] == of_target("KeyArn")
    assert of_target("DataKeyArn") in granted(only(template, ROLE), "kms:Decrypt")
    assert "subnet-" not in str(template), "the same version is the same in every target"


def test_a_group_of_its_own_in_the_targets_vpc() -> None:
    group = properties(build(KIND, network="target", **TARGET), "AWS::EC2::SecurityGroup")
    assert group["VpcId"] == {"Fn::FindInMap": ["Catalog", {"Ref": "AWS::Region"}, "VpcId"]}


def test_the_role_stops_its_own_instance_and_no_other() -> None:
    template = build(KIND, "analyst-notebook")
    assert granted(only(template, ROLE), "sagemaker:StopNotebookInstance") == [
        "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}"
        ":notebook-instance/analyst-notebook-${NotebookName}"
    ]
    assert properties(template, INSTANCE)["NotebookInstanceName"] == {
        "Fn::Sub": "analyst-notebook-${NotebookName}"
    }


def test_the_role_writes_its_own_logs_only() -> None:
    streams = granted(only(build(KIND, "analyst-notebook"), ROLE), "logs:PutLogEvents")
    assert [stream.partition(":log-group:")[2] for stream in streams] == [
        "/aws/sagemaker/NotebookInstances:log-stream:analyst-notebook-${NotebookName}/*"
    ]


def test_without_buckets_there_is_no_data() -> None:
    actions = [action for one in statements(only(build(KIND), ROLE)) for action in one["Action"]]
    assert {action.partition(":")[0] for action in actions} == {"sagemaker", "logs"}


def test_buckets_are_read_or_written_as_named() -> None:
    role = only(build(KIND, buckets=[SALES, LAB]), ROLE)
    sales, lab = (
        "arn:${AWS::Partition}:s3:::acme-sales-${AWS::AccountId}",
        "arn:${AWS::Partition}:s3:::acme-lab",
    )
    assert granted(role, "s3:GetObject") == [f"{sales}/*", f"{lab}/jane/*"]
    assert granted(role, "s3:PutObject") == [f"{lab}/jane/*"]
    assert granted(role, "s3:DeleteObject") == [f"{lab}/jane/*"]
    assert granted(role, "s3:ListBucket") == [sales, lab]
    listing = [one for one in statements(role) if "s3:ListBucket" in one["Action"]]
    assert "Condition" not in listing[0]
    assert listing[1]["Condition"] == {"StringLike": {"s3:prefix": ["jane/", "jane/*"]}}


def test_a_teams_bucket_is_opened_for_those_who_choose_it() -> None:
    template = build(KIND, team_buckets=TEAMS)
    choice = template["Parameters"]["TeamBucket"]
    assert choice["AllowedValues"] == ["none", "marketing", "sales"]
    assert choice["Default"] == "none"
    assert "marketing: read and write; sales: read" in choice["Description"]
    assert template["Conditions"]["TeamBucketIsMarketing"] == {
        "Fn::Equals": [{"Ref": "TeamBucket"}, "marketing"]
    }
    role = only(template, ROLE)
    reaching = {
        one["If"]: one["Resource"][0]["Fn::Sub"]
        for one in statements(role)
        if "s3:GetObject" in one["Action"]
    }
    assert reaching == {
        "TeamBucketIsMarketing": "arn:${AWS::Partition}:s3:::acme-sandbox/marketing/*",
        "TeamBucketIsSales": "arn:${AWS::Partition}:s3:::acme-sandbox/sales/*",
    }
    assert [one["If"] for one in statements(role) if "s3:PutObject" in one["Action"]] == [
        "TeamBucketIsMarketing"
    ]


@pytest.mark.parametrize(("bucket", "writes"), [(SALES, False), (LAB, True)])
def test_the_data_key_is_used_through_s3(bucket: dict[str, str], writes: bool) -> None:
    role = only(build(KIND, buckets=[bucket], data_key="launch"), ROLE)
    uses = [one for one in statements(role) if "kms:Decrypt" in one["Action"]]
    assert len(uses) == 1
    assert ("kms:GenerateDataKey" in uses[0]["Action"]) is writes
    assert uses[0]["Condition"] == {
        "StringEquals": {"kms:ViaService": {"Fn::Sub": "s3.${AWS::Region}.${AWS::URLSuffix}"}}
    }


@pytest.mark.parametrize("product", ["a", "analyst-notebook", LONGEST_ID])
def test_the_name_fits_for_every_product(product: str) -> None:
    name = build(KIND, product)["Parameters"]["NotebookName"]
    assert len(product) + 1 + name["MaxLength"] <= 63
    assert name["MaxLength"] >= 14
    assert re.fullmatch(name["AllowedPattern"], "jane-doe")
    assert not re.fullmatch(name["AllowedPattern"], "Jane")


def test_the_link_leads_to_the_console_of_the_partition() -> None:
    template = build(KIND, "analyst-notebook")
    url, variables = template["Outputs"]["OpenNotebook"]["Value"]["Fn::Sub"]
    assert url.startswith(
        "https://${AWS::Region}.${Console}/sagemaker/home?region=${AWS::Region}#/notebook-instances/"
    )
    assert "/openNotebook/analyst-notebook-${NotebookName}?view=lab" in url
    assert variables["Console"]["Fn::If"][1] == "console.amazonaws.cn"


OPTIONS: dict[str, list[dict[str, Any]]] = {
    "network": [{}, {"network": "target", **TARGET}],
    "security_group": [
        {},
        {"security_group": "launch"},
        {"security_group": "target", "security_group_id": "sg-0123456789abcdef0"},
    ],
    "key": [{}, {"key": "launch"}, {"key": "target", "key_arn": KEY}],
    "data": [
        {},
        {"buckets": [SALES]},
        {"buckets": [SALES, LAB], "data_key": "launch"},
        {"team_buckets": TEAMS, "data_key": "target", "data_key_arn": KEY},
    ],
}
COMBINATIONS = [
    {name: value for part in parts for name, value in part.items()}
    for parts in itertools.product(*OPTIONS.values())
]


@pytest.mark.parametrize("options", COMBINATIONS, ids=range(len(COMBINATIONS)))
def test_every_combination_builds_and_asks_only_for_what_it_uses(options: dict[str, Any]) -> None:
    template = build(KIND, **options)
    text = str({key: template[key] for key in ("Resources", "Outputs", "Conditions")})
    # Ref'd, or named within a Sub.
    assert [
        name
        for name in template["Parameters"]
        if f"'Ref': '{name}'" not in text and f"${{{name}}}" not in text
    ] == []
    interface = template["Metadata"]["AWS::CloudFormation::Interface"]
    assert sorted(name for group in interface["ParameterGroups"] for name in group["Parameters"]) == sorted(
        template["Parameters"]
    )
    assert all(declared["Description"] for declared in template["Parameters"].values())
    assert not [
        action for one in statements(only(template, ROLE)) for action in one["Action"] if "*" in action
    ]


LINTED = [COMBINATIONS[0], COMBINATIONS[-1], COMBINATIONS[len(COMBINATIONS) // 2]]


@pytest.mark.parametrize("options", LINTED, ids=["plain", "all of the target", "mixed"])
def test_lints_clean(options: dict[str, Any]) -> None:
    assert findings(KIND, LONGEST_ID, **options) == []


@pytest.mark.proof
@pytest.mark.parametrize("options", COMBINATIONS, ids=range(len(COMBINATIONS)))
def test_every_combination_lints_clean(options: dict[str, Any]) -> None:
    assert findings(KIND, LONGEST_ID, **options) == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"volume_gb": 300}, "volume_gb 300 does not lie between volume_gb_min 5 and volume_gb_max 200"),
        ({"volume_gb": 4}, "greater than or equal to 5"),
        ({"sizes": []}, "at least 1 item"),
        ({"sizes": [{"label": "a", "instance_type": "m5.large"}]}, "sizes.0.instance_type"),
        ({"sizes": [{"label": "a b", "instance_type": "ml.m5.large"}]}, "sizes.0.label"),
        ({"sizes": [{"label": "a", "instance_type": "ml.m5.large"}] * 2}, "size a stands in the list twice"),
        ({"idle_minutes": [5]}, "idle_minutes 5 is out of range"),
        ({"idle_minutes": [2000]}, "idle_minutes 2000 is out of range"),
        ({"idle_minutes": [60, 60]}, "idle_minutes 60 stands in the list twice"),
        ({"platform": "notebook-al2-v3"}, "platform"),
        ({"network": "target"}, "subnet_id and vpc_id must be set"),
        ({"network": "target", "subnet_id": "subnet-12345678", "security_group": "launch"}, ""),
        ({"network": "target", "subnet_id": "subnet-12345678"}, "vpc_id must be set"),
        ({"security_group": "target"}, "security_group_id must be set"),
        ({"key": "target"}, "key_arn must be set"),
        ({"key": "none"}, "key"),
        ({"data_key": "launch"}, "data_key is of no use without buckets"),
        ({"buckets": [SALES], "data_key": "target"}, "data_key_arn must be set"),
        ({"buckets": [{"name": "Sales"}]}, "'Sales' is no bucket name"),
        ({"buckets": [{"name": "*"}]}, "is no bucket name"),
        ({"buckets": [{"name": "x" * 45 + "-${AWS::AccountId}-${AWS::Region}"}]}, "is no bucket name"),
        ({"buckets": [{"name": "acme-${AWS::StackName}"}]}, "is no bucket name"),
        ({"buckets": [{"name": "acme", "prefix": "a/*/"}]}, "buckets.0.prefix"),
        ({"buckets": [{"name": "acme", "prefix": "a"}]}, "buckets.0.prefix"),
        ({"buckets": [SALES, SALES]}, "is named twice"),
        ({"buckets": [LAB], "team_buckets": [LAB | {"label": "lab"}]}, "'acme-lab/jane' is named twice"),
        ({"team_buckets": [TEAMS[0], TEAMS[1] | {"label": "mark-eting"}]}, "label 'marketing' is taken"),
        ({"team_buckets": [TEAMS[0] | {"label": "none"}]}, "label 'none' is taken"),
        ({"internet": True}, "internet: Extra inputs are not permitted"),
    ],
)
def test_what_does_not_go_together_is_refused_with_the_reason(options: dict[str, Any], reason: str) -> None:
    said = refusal(KIND, **options)
    assert reason in said if reason else said == ""


def test_every_option_is_documented() -> None:
    schema = load(KIND, ROOT, Where("test")).params.model_json_schema()
    for one in (schema, *schema["$defs"].values()):
        assert [name for name, option in one["properties"].items() if not option.get("description")] == []
