"""Stack sets: instances in other accounts and regions, self-managed by roles and service-managed by organisational units."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from generator.local import ACCOUNT, LocalAws

from ..running import trusting

SPOKES = ("222233334444", "333344445555")
REGIONS = ("us-east-1", "eu-west-1")
SERVICE = "member.org.stacksets.cloudformation.amazonaws.com"
TEMPLATE = {
    "Parameters": {"Name": {"Type": "String"}, "Age": {"Type": "String", "Default": "1"}},
    "Resources": {
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"QueueName": {"Fn::Sub": "${Name}-${AWS::Region}"}, "MessageRetentionPeriod": 60},
        }
    },
}


def client(aws: LocalAws, service: Any, account: str = ACCOUNT, region: str = "us-east-1") -> Any:
    return aws.session(region, account=account).client(service)


def administration(aws: LocalAws) -> None:
    allowed = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Resource": "arn:aws:iam::*:role/AWSCloudFormationStackSetExecutionRole",
            }
        ],
    }
    iam, name = client(aws, "iam"), "AWSCloudFormationStackSetAdministrationRole"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trusting("cloudformation")))
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(allowed))


def execution(aws: LocalAws, account: str, *actions: str, trusted: str = ACCOUNT) -> None:
    iam, name = client(aws, "iam", account), "AWSCloudFormationStackSetExecutionRole"
    boss = f"arn:aws:iam::{trusted}:role/AWSCloudFormationStackSetAdministrationRole"
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": boss}, "Action": "sts:AssumeRole"}],
    }
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    allowed = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": list(actions or ("*",)), "Resource": "*"}],
    }
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(allowed))


def queues(aws: LocalAws, account: str, region: str) -> list[str]:
    found = client(aws, "sqs", account, region).list_queues().get("QueueUrls", [])
    return [url.rpartition("/")[2] for url in found]


def create(cfn: Any, **more: Any) -> None:
    cfn.create_stack_set(
        StackSetName="set",
        TemplateBody=json.dumps(TEMPLATE),
        Parameters=[{"ParameterKey": "Name", "ParameterValue": "q"}],
        **more,
    )


def ended(cfn: Any, operation: str) -> str:
    return str(
        cfn.describe_stack_set_operation(StackSetName="set", OperationId=operation)["StackSetOperation"][
            "Status"
        ]
    )


def results(cfn: Any, operation: str) -> dict[tuple[str, str], tuple[str, str]]:
    found = cfn.list_stack_set_operation_results(StackSetName="set", OperationId=operation)["Summaries"]
    return {(r["Account"], r["Region"]): (r["Status"], r.get("StatusReason", "")) for r in found}


def test_self_managed_from_nothing_to_nothing(aws: LocalAws) -> None:
    cfn = client(aws, "cloudformation")
    administration(aws)
    for spoke in SPOKES:
        execution(aws, spoke)
    create(cfn, Tags=[{"Key": "team", "Value": "red"}])
    made = cfn.create_stack_instances(
        StackSetName="set",
        Accounts=list(SPOKES),
        Regions=list(REGIONS),
        ParameterOverrides=[{"ParameterKey": "Age", "ParameterValue": "2"}],
    )["OperationId"]
    assert ended(cfn, made) == "SUCCEEDED"
    for spoke in SPOKES:
        for region in REGIONS:
            assert queues(aws, spoke, region) == [f"q-{region}"]
    summaries = cfn.list_stack_instances(StackSetName="set")["Summaries"]
    assert [
        (s["Account"], s["Region"], s["Status"], s["StackInstanceStatus"]["DetailedStatus"])
        for s in summaries
    ] == [(spoke, region, "CURRENT", "SUCCEEDED") for spoke in SPOKES for region in sorted(REGIONS)]
    spoke_cfn = client(aws, "cloudformation", SPOKES[0])
    (stack,) = spoke_cfn.describe_stacks()["Stacks"]
    assert stack["StackName"].startswith("StackSet-set-")
    assert stack["StackId"] == summaries[1]["StackId"]
    assert {p["ParameterKey"]: p["ParameterValue"] for p in stack["Parameters"]} == {"Name": "q", "Age": "2"}
    assert stack["Tags"] == [{"Key": "team", "Value": "red"}]

    updated = cfn.update_stack_set(
        StackSetName="set",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "Name", "ParameterValue": "new"}],
    )["OperationId"]
    assert ended(cfn, updated) == "SUCCEEDED"
    assert queues(aws, SPOKES[1], "eu-west-1") == ["new-eu-west-1"]
    with pytest.raises(cfn.exceptions.StackSetNotEmptyException):
        cfn.delete_stack_set(StackSetName="set")
    gone = cfn.delete_stack_instances(
        StackSetName="set", Accounts=[SPOKES[0]], Regions=list(REGIONS), RetainStacks=False
    )
    assert ended(cfn, gone["OperationId"]) == "SUCCEEDED"
    kept = cfn.delete_stack_instances(
        StackSetName="set", Accounts=[SPOKES[1]], Regions=list(REGIONS), RetainStacks=True
    )
    assert ended(cfn, kept["OperationId"]) == "SUCCEEDED"
    assert (queues(aws, SPOKES[0], "us-east-1"), queues(aws, SPOKES[1], "us-east-1")) == (
        [],
        ["new-us-east-1"],
    )
    cfn.delete_stack_set(StackSetName="set")
    assert cfn.list_stack_sets(Status="ACTIVE")["Summaries"] == []
    with pytest.raises(cfn.exceptions.StackSetNotFoundException):
        cfn.create_stack_instances(StackSetName="set", Accounts=[SPOKES[0]], Regions=["us-east-1"])


def test_an_account_without_the_role_and_what_its_failure_stops(aws: LocalAws) -> None:
    cfn = client(aws, "cloudformation")
    administration(aws)
    execution(aws, SPOKES[1])
    create(cfn)
    asked = {"StackSetName": "set", "Accounts": list(SPOKES), "Regions": list(REGIONS)}
    first = cfn.create_stack_instances(**asked)["OperationId"]
    assert ended(cfn, first) == "FAILED"
    found = results(cfn, first)
    assert found[SPOKES[0], "eu-west-1"] == (
        "FAILED",
        f"Account {SPOKES[0]} should have 'AWSCloudFormationStackSetExecutionRole' role with trust relationship to Role "
        "'AWSCloudFormationStackSetAdministrationRole'.",
    )
    assert {status for status, _ in found.values()} == {"FAILED", "CANCELLED"}
    execution(aws, SPOKES[0], "sqs:*", trusted=SPOKES[1])  # trusts somebody else
    tolerant = {"FailureToleranceCount": 1, "RegionOrder": ["us-east-1", "eu-west-1"]}
    second = cfn.create_stack_instances(**asked, OperationPreferences=tolerant)["OperationId"]
    assert ended(cfn, second) == "SUCCEEDED"
    assert [status for status, _ in results(cfn, second).values()] == ["FAILED", "SUCCEEDED"] * 2
    assert queues(aws, SPOKES[1], "us-east-1") == ["q-us-east-1"]


def test_the_execution_role_s_permissions_are_enforced(aws: LocalAws) -> None:
    cfn = client(aws, "cloudformation")
    administration(aws)
    execution(aws, SPOKES[0], "s3:*")
    create(cfn)
    operation = cfn.create_stack_instances(StackSetName="set", Accounts=[SPOKES[0]], Regions=["us-east-1"])[
        "OperationId"
    ]
    ((status, reason),) = results(cfn, operation).values()
    assert status == "FAILED"
    assert "is not authorized to perform: sqs:CreateQueue" in reason
    instance = cfn.describe_stack_instance(
        StackSetName="set", StackInstanceAccount=SPOKES[0], StackInstanceRegion="us-east-1"
    )["StackInstance"]
    assert (instance["Status"], instance["StackInstanceStatus"]["DetailedStatus"]) == ("OUTDATED", "FAILED")


def organised(aws: LocalAws) -> tuple[str, list[str]]:
    """An organisation with a unit of two accounts; its id and theirs."""
    organizations = client(aws, "organizations")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name="stages")["OrganizationalUnit"]["Id"]
    accounts = []
    for name in ("staging", "production"):
        made = organizations.create_account(AccountName=name, Email=f"{name}@example.com")[
            "CreateAccountStatus"
        ]["AccountId"]
        organizations.move_account(AccountId=made, SourceParentId=root, DestinationParentId=unit)
        accounts.append(made)
    return unit, accounts


def test_service_managed_by_organisational_units(aws: LocalAws) -> None:
    cfn = client(aws, "cloudformation")
    automatic = {"PermissionModel": "SERVICE_MANAGED", "AutoDeployment": {"Enabled": False}}
    with pytest.raises(cfn.exceptions.ClientError, match="management account or delegated admin"):
        create(cfn, **automatic)
    unit, accounts = organised(aws)
    with pytest.raises(cfn.exceptions.ClientError, match="must enable organizations access"):
        create(cfn, **automatic)
    client(aws, "organizations").enable_aws_service_access(ServicePrincipal=SERVICE)
    create(cfn, **automatic)
    with pytest.raises(cfn.exceptions.ClientError, match="can only have OrganizationalUnit"):
        cfn.create_stack_instances(StackSetName="set", Accounts=accounts, Regions=["us-east-1"])
    one = {"OrganizationalUnitIds": [unit], "Accounts": accounts[:1], "AccountFilterType": "INTERSECTION"}
    cfn.create_stack_instances(StackSetName="set", DeploymentTargets=one, Regions=["us-east-1"])
    assert [s["Account"] for s in cfn.list_stack_instances(StackSetName="set")["Summaries"]] == accounts[:1]
    everybody = {"OrganizationalUnitIds": [unit]}
    cfn.create_stack_instances(StackSetName="set", DeploymentTargets=everybody, Regions=["us-east-1"])
    assert {
        s["Account"]: s["OrganizationalUnitId"]
        for s in cfn.list_stack_instances(StackSetName="set")["Summaries"]
    } == dict.fromkeys(accounts, unit)
    assert all(queues(aws, account, "us-east-1") == ["q-us-east-1"] for account in accounts)
    described = cfn.describe_stack_set(StackSetName="set")["StackSet"]
    assert (described["PermissionModel"], described["OrganizationalUnitIds"]) == ("SERVICE_MANAGED", [unit])
    cfn.delete_stack_instances(
        StackSetName="set", DeploymentTargets=everybody, Regions=["us-east-1"], RetainStacks=False
    )
    assert all(queues(aws, account, "us-east-1") == [] for account in accounts)


def test_a_stack_set_in_a_template(aws: LocalAws) -> None:
    cfn = client(aws, "cloudformation")
    administration(aws)
    for spoke in SPOKES:
        execution(aws, spoke)

    def body(name: str, *accounts: str) -> str:
        group = {"DeploymentTargets": {"Accounts": list(accounts)}, "Regions": ["us-east-1"]}
        properties = {
            "StackSetName": "set",
            "PermissionModel": "SELF_MANAGED",
            "TemplateBody": json.dumps(TEMPLATE),
            "Parameters": [{"ParameterKey": "Name", "ParameterValue": name}],
            "StackInstancesGroup": [group],
        }
        resource = {"Type": "AWS::CloudFormation::StackSet", "Properties": properties}
        return json.dumps({"Resources": {"Set": resource}, "Outputs": {"Id": {"Value": {"Ref": "Set"}}}})

    cfn.create_stack(StackName="s", TemplateBody=body("a", SPOKES[0]))
    stack = cfn.describe_stacks(StackName="s")["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert (
        stack["Outputs"][0]["OutputValue"]
        == cfn.describe_stack_set(StackSetName="set")["StackSet"]["StackSetId"]
    )
    assert queues(aws, SPOKES[0], "us-east-1") == ["a-us-east-1"]
    cfn.update_stack(StackName="s", TemplateBody=body("b", SPOKES[1]))
    assert cfn.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "UPDATE_COMPLETE"
    assert [queues(aws, spoke, "us-east-1") for spoke in SPOKES] == [[], ["b-us-east-1"]]
    cfn.delete_stack(StackName="s")
    assert [queues(aws, spoke, "us-east-1") for spoke in SPOKES] == [[], []]
    assert cfn.list_stack_sets(Status="ACTIVE")["Summaries"] == []
    cfn.create_stack(StackName="t", TemplateBody=body("a", "444455556666"))
    assert cfn.describe_stacks(StackName="t")["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE"
    reasons = [
        e.get("ResourceStatusReason", "") for e in cfn.describe_stack_events(StackName="t")["StackEvents"]
    ]
    assert any("444455556666 in us-east-1: Account 444455556666 should have" in reason for reason in reasons)


def test_the_state_lasts(aws: LocalAws, tmp_path: Path) -> None:
    from generator.local import open_state

    create(client(aws, "cloudformation"))
    other = open_state(tmp_path / "state")
    try:
        assert (
            client(other, "cloudformation").describe_stack_set(StackSetName="set")["StackSet"]["Status"]
            == "ACTIVE"
        )
    finally:
        other.close()
