"""The life of stacks through the API: made, changed, replaced, rolled back, deleted, and what is refused on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import Stacks

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def queue(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def role(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST, **properties}}


def broken(after: str) -> dict[str, Any]:
    """A resource that its service refuses, once another one stands."""
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "DependsOn": after,
        "Properties": {"PolicyDocument": {"Statement": "no"}},
    }


def test_a_launch_role_stack_from_a_template_in_s3(stacks: Stacks) -> None:
    template = {
        "Resources": {
            "Policy": {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": ["sagemaker:CreateModel"],
                                "Resource": {
                                    "Fn::Sub": "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:model/*"
                                },
                            }
                        ],
                    }
                },
            },
            "Role": role(RoleName="Launch-it", Path="/catalog/", ManagedPolicyArns=[{"Ref": "Policy"}]),
        },
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }
    s3 = stacks.client("s3")
    s3.create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="templates", Key="roles/it.json", Body=json.dumps(template))

    stacks.api.create_stack(
        StackName="roles",
        TemplateURL="https://templates.s3.eu-west-1.amazonaws.com/roles/it.json",
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    stacks.api.get_waiter("stack_create_complete").wait(StackName="roles")

    iam = stacks.client("iam")
    assert iam.get_role(RoleName="Launch-it")["Role"]["Arn"] == stacks.outputs("roles")["Arn"]
    arn = iam.list_attached_role_policies(RoleName="Launch-it")["AttachedPolicies"][0]["PolicyArn"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"]
    assert document["Statement"][0]["Resource"] == "arn:aws:sagemaker:eu-west-1:123456789012:model/*"
    assert stacks.api.get_template(StackName="roles")["TemplateBody"] == template
    assert stacks.events("roles") == [
        "roles CREATE_IN_PROGRESS",
        "Policy CREATE_IN_PROGRESS",
        "Policy CREATE_IN_PROGRESS",
        "Policy CREATE_COMPLETE",
        "Role CREATE_IN_PROGRESS",
        "Role CREATE_IN_PROGRESS",
        "Role CREATE_COMPLETE",
        "roles CREATE_COMPLETE",
    ]


def test_yaml_with_short_forms(stacks: Stacks) -> None:
    text = """
Parameters:
  Env: {Type: String, Default: dev}
Conditions:
  Prod: !Equals [!Ref Env, prod]
Resources:
  Q:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub "${AWS::StackName}-${Env}"
  Only:
    Type: AWS::SQS::Queue
    Condition: Prod
Outputs:
  Arn: {Value: !GetAtt Q.Arn}
  Only: {Condition: Prod, Value: !Ref Only}
"""
    assert stacks.create("short", text) == "CREATE_COMPLETE"
    assert stacks.outputs("short") == {"Arn": "arn:aws:sqs:eu-west-1:123456789012:short-dev"}
    assert stacks.update("short", text, Parameters={"Env": "prod"}) == "UPDATE_COMPLETE", stacks.reasons(
        "short"
    )
    assert set(stacks.outputs("short")) == {"Arn", "Only"}
    # The name is create-only: another queue has taken the place of the first.
    urls = stacks.client("sqs").list_queues()["QueueUrls"]
    assert sorted(url.rsplit("/")[-1].split("-")[1] for url in urls) == ["Only", "prod"]


def test_a_failed_creation_is_rolled_back(stacks: Stacks) -> None:
    template = {"Resources": {"Q": queue(), "Bad": broken("Q")}}
    assert stacks.create("bad", template) == "ROLLBACK_COMPLETE"
    assert "QueueUrls" not in stacks.client("sqs").list_queues()
    assert stacks.events("bad")[-6:] == [
        "Bad CREATE_FAILED",
        "bad ROLLBACK_IN_PROGRESS",
        "Bad DELETE_COMPLETE",
        "Q DELETE_IN_PROGRESS",
        "Q DELETE_COMPLETE",
        "bad ROLLBACK_COMPLETE",
    ]
    assert "HandlerErrorCode: InvalidRequest" in stacks.reasons("bad")
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        stacks.update("bad", {"Resources": {"Q": queue()}})
    assert stacks.delete("bad") == "DELETE_COMPLETE"


@pytest.mark.parametrize(
    ("arguments", "status", "left"),
    [
        ({"OnFailure": "DO_NOTHING"}, "CREATE_FAILED", 1),
        ({"DisableRollback": True}, "CREATE_FAILED", 1),
        ({"OnFailure": "ROLLBACK"}, "ROLLBACK_COMPLETE", 0),
    ],
)
def test_what_a_failed_creation_leaves(stacks: Stacks, arguments: Any, status: str, left: int) -> None:
    assert stacks.create("bad", {"Resources": {"Q": queue(), "Bad": broken("Q")}}, **arguments) == status
    assert len(stacks.client("sqs").list_queues().get("QueueUrls", [])) == left


def test_on_failure_delete(stacks: Stacks) -> None:
    stack_id = stacks.api.create_stack(
        StackName="bad",
        TemplateBody=json.dumps({"Resources": {"Q": queue(), "Bad": broken("Q")}}),
        OnFailure="DELETE",
        Capabilities=["CAPABILITY_IAM"],
    )["StackId"]
    assert stacks.status(stack_id) == "DELETE_COMPLETE"
    with pytest.raises(ClientError, match="Stack with id bad does not exist"):
        stacks.status("bad")


def test_a_failed_update_puts_everything_back(stacks: Stacks) -> None:
    before = {
        "Resources": {
            "Kept": queue(DelaySeconds=1),
            "Named": queue(QueueName="first"),
            "Gone": queue(),
        },
        "Outputs": {"Name": {"Value": {"Fn::GetAtt": ["Named", "QueueName"]}}},
    }
    assert stacks.create("up", before, Tags={"v": "1"}) == "CREATE_COMPLETE"
    ids = stacks.ids("up")
    after = {
        "Resources": {
            "Kept": queue(DelaySeconds=9),
            "Named": queue(QueueName="second"),
            "New": queue(),
            "Bad": broken("New"),
        }
    }
    after["Resources"]["Bad"]["DependsOn"] = ["Kept", "Named", "New"]
    assert stacks.update("up", after, Tags={"v": "2"}) == "UPDATE_ROLLBACK_COMPLETE", stacks.reasons("up")
    assert stacks.ids("up") == ids
    sqs = stacks.client("sqs")
    assert sorted(sqs.list_queues()["QueueUrls"]) == sorted(ids.values())
    attributes = sqs.get_queue_attributes(QueueUrl=ids["Kept"], AttributeNames=["All"])["Attributes"]
    assert attributes["DelaySeconds"] == "1"
    assert stacks.stack("up")["Tags"] == [{"Key": "v", "Value": "1"}]
    assert stacks.outputs("up") == {"Name": "first"}
    assert stacks.api.get_template(StackName="up")["TemplateBody"] == before
    # What was put back can be changed again, and is what an unchanged template finds.
    with pytest.raises(ClientError, match="No updates are to be performed"):
        stacks.update("up", before, Tags={"v": "1"})
    del after["Resources"]["Bad"]
    assert stacks.update("up", after) == "UPDATE_COMPLETE", stacks.reasons("up")


def test_replacement_makes_the_new_before_it_deletes_the_old(stacks: Stacks) -> None:
    template = {
        "Resources": {
            "R": role(Path="/a/"),
            "Q": queue(Tags=[{"Key": "arn", "Value": {"Fn::GetAtt": ["R", "Arn"]}}]),
        }
    }
    assert stacks.create("rep", template) == "CREATE_COMPLETE"
    old = stacks.ids("rep")
    template["Resources"]["R"]["Properties"]["Path"] = "/b/"
    assert stacks.update("rep", template) == "UPDATE_COMPLETE", stacks.reasons("rep")
    new = stacks.ids("rep")
    assert new["R"] != old["R"]
    assert new["Q"] == old["Q"]
    tags = stacks.client("sqs").list_queue_tags(QueueUrl=new["Q"])["Tags"]
    assert tags["arn"].endswith(f"role/b/{new['R']}")
    assert [r["RoleName"] for r in stacks.client("iam").list_roles()["Roles"]] == [new["R"]]
    events = stacks.events("rep")
    assert events.index("rep UPDATE_COMPLETE_CLEANUP_IN_PROGRESS") < events.index("R DELETE_IN_PROGRESS")
    assert "Requested update requires the creation of a new physical resource" in stacks.reasons("rep")


def test_a_resource_with_a_name_of_its_own_is_not_replaced(stacks: Stacks) -> None:
    template = {"Resources": {"R": role(RoleName="mine", Path="/a/")}}
    assert stacks.create("named", template) == "CREATE_COMPLETE"
    template["Resources"]["R"]["Properties"]["Path"] = "/b/"
    assert stacks.update("named", template) == "UPDATE_ROLLBACK_COMPLETE"
    assert "cannot update a stack when a custom-named resource requires replacing" in stacks.reasons("named")
    assert stacks.client("iam").get_role(RoleName="mine")["Role"]["Path"] == "/a/"


def test_deletion_is_in_reverse_order(stacks: Stacks) -> None:
    template = {
        "Resources": {
            "A": queue(),
            "B": {**queue(), "DependsOn": "A"},
            "C": queue(
                RedrivePolicy={"deadLetterTargetArn": {"Fn::GetAtt": ["B", "Arn"]}, "maxReceiveCount": 2}
            ),
        }
    }
    assert stacks.create("order", template) == "CREATE_COMPLETE"
    stack_id = stacks.stack("order")["StackId"]
    assert stacks.delete("order") == "DELETE_COMPLETE"
    done = [event.split()[0] for event in stacks.events(stack_id) if event.endswith("DELETE_COMPLETE")]
    assert done == ["C", "B", "A", "order"]
    stacks.api.delete_stack(StackName="order")  # what is gone is deleted without complaint
    assert stacks.create("order", template) == "CREATE_COMPLETE"
    assert stacks.stack("order")["StackId"] != stack_id


def test_deletion_policies(stacks: Stacks) -> None:
    resources = {
        "Kept": {**queue(), "DeletionPolicy": "Retain"},
        "Tried": {**queue(), "DeletionPolicy": "RetainExceptOnCreate"},
        "Gone": queue(),
    }
    assert stacks.create("keep", {"Resources": resources}) == "CREATE_COMPLETE"
    ids = stacks.ids("keep")
    assert stacks.delete("keep") == "DELETE_COMPLETE"
    assert sorted(stacks.client("sqs").list_queues()["QueueUrls"]) == sorted([ids["Kept"], ids["Tried"]])
    assert stacks.create("keep", {"Resources": {**resources, "Bad": broken("Tried")}}) == "ROLLBACK_COMPLETE"
    left = stacks.client("sqs").list_queues()["QueueUrls"]
    assert len([url for url in left if "Kept" in url]) == 2
    assert len([url for url in left if "Tried" in url]) == 1


def test_what_a_replacement_leaves_is_said_by_its_policy(stacks: Stacks) -> None:
    template = {"Resources": {"Q": {**queue(QueueName="one"), "UpdateReplacePolicy": "Retain"}}}
    assert stacks.create("rep", template) == "CREATE_COMPLETE"
    template["Resources"]["Q"]["Properties"] = {"QueueName": "two"}
    assert stacks.update("rep", template) == "UPDATE_COMPLETE"
    assert len(stacks.client("sqs").list_queues()["QueueUrls"]) == 2


def test_what_cannot_be_deleted_fails_and_can_be_left_behind(stacks: Stacks) -> None:
    assert (
        stacks.create("full", {"Resources": {"B": {"Type": "AWS::S3::Bucket"}, "Q": queue()}})
        == "CREATE_COMPLETE"
    )
    bucket = stacks.ids("full")["B"]
    stacks.client("s3").put_object(Bucket=bucket, Key="k", Body=b"1")
    with pytest.raises(ClientError, match="RetainResources can only be specified"):
        stacks.api.delete_stack(StackName="full", RetainResources=["B"])
    stack_id = stacks.stack("full")["StackId"]
    assert stacks.delete("full") == "DELETE_FAILED"
    assert "The following resource(s) failed to delete: [B]" in stacks.stack("full")["StackStatusReason"]
    stacks.api.delete_stack(StackName="full", RetainResources=["B"])
    assert stacks.status(stack_id) == "DELETE_COMPLETE"
    stacks.client("s3").head_bucket(Bucket=bucket)


def test_exports_are_kept_while_they_are_used(stacks: Stacks) -> None:
    giver = {
        "Resources": {"Q": queue()},
        "Outputs": {"A": {"Value": {"Ref": "Q"}, "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-q"}}}},
    }
    taker = {
        "Resources": {
            "P": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Value": {"Fn::ImportValue": "giver-q"}},
            }
        }
    }
    assert stacks.create("giver", giver) == "CREATE_COMPLETE"
    with pytest.raises(ClientError, match="is not imported by any stack"):
        stacks.api.list_imports(ExportName="giver-q")
    assert stacks.create("taker", taker) == "CREATE_COMPLETE", stacks.reasons("taker")
    assert [e["Name"] for e in stacks.api.list_exports()["Exports"]] == ["giver-q"]
    assert stacks.api.list_imports(ExportName="giver-q")["Imports"] == ["taker"]
    assert stacks.delete("giver") == "DELETE_FAILED"
    assert (
        "Cannot delete export giver-q as it is in use by taker" in stacks.stack("giver")["StackStatusReason"]
    )
    stacks.delete("taker")
    assert stacks.delete("giver") == "DELETE_COMPLETE"
    assert stacks.api.list_exports()["Exports"] == []


def test_a_used_export_cannot_change(stacks: Stacks) -> None:
    giver: dict[str, Any] = {
        "Resources": {"Q": queue()},
        "Outputs": {"A": {"Value": "1", "Export": {"Name": "n"}}},
    }
    taker = {
        "Resources": {
            "P": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Value": {"Fn::ImportValue": "n"}},
            }
        }
    }
    stacks.create("giver", giver)
    stacks.create("taker", taker)
    giver["Outputs"]["A"]["Value"] = "2"
    assert stacks.update("giver", giver) == "UPDATE_ROLLBACK_COMPLETE"
    assert "Export n cannot be updated as it is in use by taker" in stacks.reasons("giver")
    assert (
        stacks.create(
            "other", {"Resources": {"Q": queue()}, "Outputs": {"B": {"Value": "1", "Export": {"Name": "n"}}}}
        )
        == "ROLLBACK_COMPLETE"
    )
    assert "Export with name n is already exported by stack giver" in stacks.reasons("other")


def test_parameters_of_an_update(stacks: Stacks) -> None:
    template = {
        "Parameters": {
            "A": {"Type": "String"},
            "B": {"Type": "String", "Default": "b"},
            "S": {"Type": "String", "NoEcho": True, "Default": "x"},
        },
        "Resources": {
            "P": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Value": {"Fn::Sub": "${A}${B}${S}"}},
            }
        },
    }

    def value() -> str:
        return str(stacks.client("ssm").get_parameter(Name=stacks.ids("par")["P"])["Parameter"]["Value"])

    assert stacks.create("par", template, Parameters={"A": "1", "B": "2", "S": "3"}) == "CREATE_COMPLETE"
    assert value() == "123"
    shown = {p["ParameterKey"]: p["ParameterValue"] for p in stacks.stack("par")["Parameters"]}
    assert shown == {"A": "1", "B": "2", "S": "****"}
    assert stacks.update("par", template, Parameters={"A": None, "S": None}) == "UPDATE_COMPLETE"
    assert value() == "1b3"
    with pytest.raises(ClientError, match=r"Parameters: \[A\] must have values"):
        stacks.update("par", template, Parameters={"B": "3"})
    stacks.api.update_stack(
        StackName="par",
        UsePreviousTemplate=True,
        Parameters=[
            {"ParameterKey": "A", "ParameterValue": "9"},
            {"ParameterKey": "S", "UsePreviousValue": True},
        ],
    )
    assert value() == "9b3"


def test_secrets_are_put_in_when_a_service_is_called(stacks: Stacks) -> None:
    stacks.client("ssm").put_parameter(Name="word", Value="open", Type="String")
    secret = stacks.client("secretsmanager").create_secret(Name="s", SecretString='{"k": "sesame"}')["ARN"]
    template = {
        "Resources": {
            "P": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {
                    "Type": "String",
                    "Value": f"{{{{resolve:ssm:word}}}}-{{{{resolve:secretsmanager:{secret}:SecretString:k}}}}",
                },
            }
        }
    }
    assert stacks.create("dyn", template) == "CREATE_COMPLETE", stacks.reasons("dyn")
    name = stacks.ids("dyn")["P"]
    assert stacks.client("ssm").get_parameter(Name=name)["Parameter"]["Value"] == "open-sesame"
    events = stacks.api.describe_stack_events(StackName="dyn")["StackEvents"]
    assert not [event for event in events if "sesame" in event.get("ResourceProperties", "")]


def test_simulated_resources_have_plausible_shapes_and_say_so(stacks: Stacks) -> None:
    template = {
        "Resources": {
            "Group": {
                "Type": "AWS::SageMaker::ModelPackageGroup",
                "Properties": {"ModelPackageGroupName": "models"},
            },
            "Work": {
                "Type": "Custom::Seed",
                "Properties": {"ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:f"},
            },
            "Wait": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        },
        "Outputs": {
            "Arn": {"Value": {"Fn::GetAtt": ["Group", "ModelPackageGroupArn"]}},
            "Commit": {"Value": {"Fn::GetAtt": ["Work", "CommitId"]}},
        },
    }
    assert stacks.create("sim", template) == "CREATE_COMPLETE", stacks.reasons("sim")
    assert (
        stacks.outputs("sim")["Arn"] == "arn:aws:sagemaker:eu-west-1:123456789012:model-package-group/models"
    )
    assert stacks.outputs("sim")["Commit"].startswith("simulated-")
    detail = stacks.api.describe_stack_resource(StackName="sim", LogicalResourceId="Group")[
        "StackResourceDetail"
    ]
    assert json.loads(detail["Metadata"]) == {"local:simulated": True}


def test_nested_stacks(stacks: Stacks) -> None:
    s3 = stacks.client("s3")
    s3.create_bucket(Bucket="nested", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    child = {
        "Parameters": {"N": {"Type": "String"}},
        "Resources": {"Q": queue(QueueName={"Ref": "N"})},
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Q", "Arn"]}}},
    }
    s3.put_object(Bucket="nested", Key="c.json", Body=json.dumps(child))
    parent: dict[str, Any] = {
        "Resources": {
            "C": {
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {
                    "TemplateURL": "https://nested.s3.eu-west-1.amazonaws.com/c.json",
                    "Parameters": {"N": "one"},
                },
            }
        },
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["C", "Outputs.Arn"]}}},
    }
    assert stacks.create("parent", parent) == "CREATE_COMPLETE", stacks.reasons("parent")
    assert stacks.outputs("parent")["Arn"].endswith(":one")
    parent["Resources"]["C"]["Properties"]["Parameters"]["N"] = "two"
    assert stacks.update("parent", parent) == "UPDATE_COMPLETE", stacks.reasons("parent")
    assert stacks.outputs("parent")["Arn"].endswith(":two")
    assert stacks.delete("parent") == "DELETE_COMPLETE"
    assert "QueueUrls" not in stacks.client("sqs").list_queues()


def test_a_role_to_make_stacks_with(stacks: Stacks) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudformation.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam = stacks.client("iam")
    good = iam.create_role(RoleName="maker", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    bad = iam.create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName="maker", PolicyName="queues", PolicyDocument=policy)
    assert stacks.create("it", {"Resources": {"Q": queue()}}, RoleARN=good) == "CREATE_COMPLETE"
    assert stacks.stack("it")["RoleARN"] == good
    for arn in (bad, good + "x"):
        with pytest.raises(ClientError, match="is invalid or cannot be assumed"):
            stacks.create("no", {"Resources": {"Q": queue()}}, RoleARN=arn)


def test_termination_protection(stacks: Stacks) -> None:
    stacks.create("safe", {"Resources": {"Q": queue()}}, EnableTerminationProtection=True)
    with pytest.raises(ClientError, match="cannot be deleted while TerminationProtection is enabled"):
        stacks.delete("safe")
    stacks.api.update_termination_protection(StackName="safe", EnableTerminationProtection=False)
    assert stacks.delete("safe") == "DELETE_COMPLETE"


def test_the_same_token_is_the_same_creation(stacks: Stacks) -> None:
    arguments = {
        "StackName": "once",
        "TemplateBody": json.dumps({"Resources": {"Q": queue()}}),
        "ClientRequestToken": "t-1",
    }
    first = stacks.api.create_stack(**arguments)["StackId"]
    assert stacks.api.create_stack(**arguments)["StackId"] == first
    with pytest.raises(stacks.api.exceptions.AlreadyExistsException, match=r"Stack \[once\] already exists"):
        stacks.api.create_stack(**{**arguments, "ClientRequestToken": "t-2"})


Q = queue()
REFUSED: list[tuple[dict[str, Any] | str, str]] = [
    ("{", "JSON not well-formed"),
    ("a: [", "YAML not well-formed"),
    ("[1]", "At least one Resources member must be defined"),
    ({}, "At least one Resources member must be defined."),
    ({"Resources": {}}, "At least one Resources member must be defined."),
    ({"Resources": {"Q": Q}, "Stuff": 1}, r"Invalid template property or properties \[Stuff\]"),
    (
        {"AWSTemplateFormatVersion": "2020-01-01", "Resources": {"Q": Q}},
        "is not a supported value for AWSTemplateFormatVersion",
    ),
    ({"Resources": {"Q-1": Q}}, "Resource name Q-1 is non alphanumeric"),
    ({"Resources": {"Q": {**Q, "Colour": 1}}}, "Invalid template resource property 'Colour'"),
    ({"Resources": {"Q": {"Properties": {}}}}, "Every Resources object must contain a Type member"),
    ({"Resources": {"Q": {"Type": "AWS::No::Such"}}}, r"Unrecognized resource types: \[AWS::No::Such\]"),
    (
        {"Resources": {"Q": queue(QueueName=None)}},
        r"\[/Resources/Q/Properties/QueueName\] 'null' values are not allowed in templates",
    ),
    (
        {"Resources": {"Q": queue(QueueName={"Ref": "No"})}},
        r"Unresolved resource dependencies \[No\] in the Resources block",
    ),
    (
        {"Resources": {"Q": {**Q, "DependsOn": "No"}}},
        r"Unresolved resource dependencies \[No\] in the Resources block",
    ),
    (
        {"Resources": {"Q": Q}, "Outputs": {"O": {"Value": {"Ref": "No"}}}},
        r"Unresolved resource dependencies \[No\] in the Outputs block",
    ),
    (
        {"Resources": {"Q": {**Q, "Condition": "No"}}},
        "Unresolved condition dependency No in the Resources block",
    ),
    (
        {"Resources": {"Q": queue(QueueName={"Fn::If": ["No", "a", "b"]})}},
        "Unresolved condition dependency No in the Resources block",
    ),
    (
        {"Resources": {"A": {**Q, "DependsOn": "B"}, "B": {**Q, "DependsOn": "A"}, "C": Q}},
        r"Circular dependency between resources: \[A, B\]",
    ),
    ({"Resources": {"A": queue(QueueName={"Ref": "A"})}}, r"Circular dependency between resources: \[A\]"),
    (
        {"Resources": {"Q": Q}, "Outputs": {"O": {"Value": {"Fn::GetAtt": ["Q", "Colour"]}}}},
        "resource Q does not support attribute type Colour in Fn::GetAtt",
    ),
    ({"Resources": {"Q": Q}, "Outputs": {"O": {}}}, "Every Outputs member must contain a Value object"),
    ({"Resources": {"Q": {**Q, "DeletionPolicy": "Burn"}}}, "Unrecognized DeletionPolicy Burn"),
    (
        {"Resources": {f"Q{n}": Q for n in range(501)}},
        "Number of resources, 501, is greater than maximum allowed, 500",
    ),
    ({"Resources": {"Q": Q}, "Description": "x" * 1025}, "Template description length"),
    (
        {
            "Resources": {"Q": Q},
            "Rules": {
                "R": {"Assertions": [{"Assert": {"Fn::Equals": ["a", "b"]}, "AssertDescription": "no way"}]}
            },
        },
        "no way",
    ),
    (
        {
            "Transform": "AWS::Serverless-2016-10-31",
            "Resources": {
                "F": {
                    "Type": "AWS::Serverless::Function",
                    "Properties": {"CodeUri": "./src", "Handler": "a.b", "Runtime": "python3.13"},
                }
            },
        },
        "Resource with id \\[F\\] is invalid. 'CodeUri' is not a valid S3 Uri",
    ),
    ({"Resources": {"F": {"Type": "AWS::Serverless::Function"}}}, "Unrecognized resource types"),
    ("x" * 51_201, "failed to satisfy constraint: Member must have length less than or equal to 51200"),
]


@pytest.mark.parametrize(("template", "message"), REFUSED, ids=lambda value: str(value)[:50])
def test_refused_before_anything_happens(
    stacks: Stacks, template: dict[str, Any] | str, message: str
) -> None:
    with pytest.raises(ClientError, match=message) as error:
        stacks.create("no", template)
    assert error.value.response["Error"]["Code"] == "ValidationError"
    assert stacks.api.list_stacks()["StackSummaries"] == []


@pytest.mark.parametrize(
    ("resources", "needed"),
    [
        ({"R": role()}, "CAPABILITY_IAM"),
        ({"R": role(RoleName="x")}, "CAPABILITY_NAMED_IAM"),
    ],
)
def test_capabilities_are_asked_for(stacks: Stacks, resources: Any, needed: str) -> None:
    with pytest.raises(stacks.api.exceptions.InsufficientCapabilitiesException) as error:
        stacks.create("cap", {"Resources": resources}, Capabilities=[])
    assert error.value.response["Error"]["Message"] == f"Requires capabilities : [{needed}]"
    assert stacks.create("cap", {"Resources": resources}, Capabilities=[needed]) == "CREATE_COMPLETE"


def test_loops_make_resources(stacks: Stacks) -> None:
    template = {
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": "A,B"}},
        "Resources": {
            "Fn::ForEach::Queues": [
                "N",
                {"Ref": "Names"},
                {"Queue${N}": queue(Tags=[{"Key": "n", "Value": {"Ref": "N"}}])},
            ]
        },
    }
    with pytest.raises(
        stacks.api.exceptions.InsufficientCapabilitiesException, match="CAPABILITY_AUTO_EXPAND"
    ):
        stacks.create("loop", template, Capabilities=[])
    assert stacks.create("loop", template) == "CREATE_COMPLETE", stacks.reasons("loop")
    assert set(stacks.ids("loop")) == {"QueueA", "QueueB"}
    processed = stacks.api.get_template(StackName="loop", TemplateStage="Processed")["TemplateBody"]
    assert set(processed["Resources"]) == {"QueueA", "QueueB"}
    assert stacks.update("loop", template, Parameters={"Names": "A,C"}) == "UPDATE_COMPLETE"
    assert set(stacks.ids("loop")) == {"QueueA", "QueueC"}


def test_properties_are_checked_against_the_schema(stacks: Stacks) -> None:
    template = {
        "Resources": {"M": {"Type": "AWS::SageMaker::ModelPackageGroup", "Properties": {"Colour": "red"}}}
    }
    assert stacks.create("bad", template) == "ROLLBACK_COMPLETE"
    assert "#: required key [ModelPackageGroupName] not found" in stacks.reasons("bad")
    assert "#: extraneous key [Colour] is not permitted" in stacks.reasons("bad")


def test_summary_and_validation_of_a_template(stacks: Stacks) -> None:
    template = {
        "Description": "d",
        "Metadata": {"a": 1},
        "Parameters": {
            "P": {"Type": "Number", "Default": 1, "AllowedValues": [1, 2], "Description": "p", "NoEcho": True}
        },
        "Resources": {"R": role(RoleName="x"), "Q": Q},
    }
    found = stacks.api.get_template_summary(TemplateBody=json.dumps(template))
    assert found["Parameters"] == [
        {
            "ParameterKey": "P",
            "DefaultValue": "1",
            "ParameterType": "Number",
            "NoEcho": True,
            "Description": "p",
            "ParameterConstraints": {"AllowedValues": ["1", "2"]},
        }
    ]
    assert found["ResourceTypes"] == ["AWS::IAM::Role", "AWS::SQS::Queue"]
    assert found["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
    assert found["CapabilitiesReason"] == "The following resource(s) require capabilities: [AWS::IAM::Role]"
    assert json.loads(found["Metadata"]) == {"a": 1}
    validated = stacks.api.validate_template(TemplateBody=json.dumps(template))
    assert validated["Parameters"] == [
        {"ParameterKey": "P", "DefaultValue": "1", "NoEcho": True, "Description": "p"}
    ]
    with pytest.raises(ClientError, match="Unrecognized resource types"):
        stacks.api.validate_template(TemplateBody=json.dumps({"Resources": {"X": {"Type": "AWS::X::Y"}}}))


def test_pages(stacks: Stacks) -> None:
    template = {
        "Resources": {f"S{n}": {"Type": "AWS::CloudFormation::WaitConditionHandle"} for n in range(150)}
    }
    assert stacks.create("many", template) == "CREATE_COMPLETE"
    pages = stacks.api.get_paginator("list_stack_resources").paginate(StackName="many")
    assert len([item for page in pages for item in page["StackResourceSummaries"]]) == 150
    events = stacks.api.get_paginator("describe_stack_events").paginate(StackName="many")
    assert len([item for page in events for item in page["StackEvents"]]) == 452


def test_who_made_a_physical_resource(stacks: Stacks) -> None:
    stacks.create("it", {"Resources": {"Q": Q}})
    found = stacks.api.describe_stack_resources(PhysicalResourceId=stacks.ids("it")["Q"])["StackResources"]
    assert [(entry["StackName"], entry["LogicalResourceId"]) for entry in found] == [("it", "Q")]
    with pytest.raises(ClientError, match="Stack for nothing does not exist"):
        stacks.api.describe_stack_resources(PhysicalResourceId="nothing")


def test_stacks_of_accounts_and_regions_do_not_meet(stacks: Stacks) -> None:
    stacks.create("it", {"Resources": {"Q": Q}})
    elsewhere = Stacks(stacks.aws, "us-east-1")
    assert elsewhere.create("it", {"Resources": {"Q": Q}}) == "CREATE_COMPLETE"
    assert elsewhere.stack("it")["StackId"] != stacks.stack("it")["StackId"]
    other = stacks.aws.session("eu-west-1", account="222233334444").client("cloudformation")
    assert other.describe_stacks()["Stacks"] == []


def test_an_update_that_failed_can_be_left_and_mended(stacks: Stacks) -> None:
    stacks.create("up", {"Resources": {"Q": queue(DelaySeconds=1)}})
    worse = {"Resources": {"Q": queue(DelaySeconds=2), "Bad": broken("Q")}}
    assert stacks.update("up", worse, DisableRollback=True) == "UPDATE_FAILED"
    attributes = stacks.client("sqs").get_queue_attributes(
        QueueUrl=stacks.ids("up")["Q"], AttributeNames=["All"]
    )
    assert attributes["Attributes"]["DelaySeconds"] == "2"
    assert stacks.update("up", {"Resources": {"Q": queue(DelaySeconds=3)}}) == "UPDATE_COMPLETE"


def test_events_are_told_to_topics(stacks: Stacks) -> None:
    sns, sqs = stacks.client("sns"), stacks.client("sqs")
    topic = sns.create_topic(Name="told")["TopicArn"]
    url = sqs.create_queue(QueueName="listening")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    stacks.create("it", {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}, NotificationARNs=[topic])
    told = [
        json.loads(message["Body"])["Message"]
        for _ in range(10)
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    ]
    assert len(told) == 5
    assert [
        text
        for text in told
        if "ResourceStatus='CREATE_COMPLETE'\n" in text and "LogicalResourceId='it'" in text
    ]
    with pytest.raises(ClientError, match="cannot be notified"):
        stacks.create("no", {"Resources": {"Q": queue()}}, NotificationARNs=[topic + "x"])


def test_what_noecho_parameters_hold_is_never_shown(stacks: Stacks) -> None:
    template: dict[str, Any] = {
        "Parameters": {"Secret": {"Type": "String", "NoEcho": True}},
        "Resources": {
            "P": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Value": {"Fn::Sub": "a${Secret}b"}},
            }
        },
    }
    stacks.create("sh", template, Parameters={"Secret": "open sesame"})
    stacks.api.create_change_set(
        StackName="sh",
        ChangeSetName="cs",
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": "Secret", "ParameterValue": "close sesame"}],
    )
    answers = [
        stacks.api.describe_stacks(),
        stacks.api.describe_stack_events(StackName="sh"),
        stacks.api.describe_change_set(StackName="sh", ChangeSetName="cs", IncludePropertyValues=True),
    ]
    assert "sesame" not in str(answers)
    assert "a****b" in str(answers)


def test_only_allowed_types(stacks: Stacks) -> None:
    template = {"Resources": {"Q": queue()}}
    with pytest.raises(ClientError, match="Resource type AWS::SQS::Queue is not allowed"):
        stacks.create("no", template, ResourceTypes=["AWS::SNS::*"])
    assert (
        stacks.create("yes", template, ResourceTypes=["AWS::SNS::*", "AWS::SQS::Queue"]) == "CREATE_COMPLETE"
    )


def test_what_is_not_done_is_refused(stacks: Stacks) -> None:
    with pytest.raises(ClientError, match="does not support StackPolicyBody"):
        stacks.create("no", {"Resources": {"Q": queue()}}, StackPolicyBody="{}")
    with pytest.raises(ClientError, match="does not offer cloudformation:CreateGeneratedTemplate"):
        stacks.api.create_generated_template(GeneratedTemplateName="g")
