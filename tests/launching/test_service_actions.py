"""Service actions run on what was launched: documents of the account, under the role that the action names."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from generator.local import ACCOUNT

from .shop import TRUST, Shop, finished, reasons

KEEP = {
    "schemaVersion": "0.3",
    "description": "Keeps the messages of a queue for so long.",
    "parameters": {"QueueUrl": {"type": "String"}, "Seconds": {"type": "String", "default": "90"}},
    "mainSteps": [
        {
            "name": "before",
            "action": "aws:executeAwsApi",
            "inputs": {"Service": "sqs", "Api": "GetQueueAttributes", "QueueUrl": "{{ QueueUrl }}", "AttributeNames": ["QueueArn"]},
            "outputs": [{"Name": "Arn", "Selector": "$.Attributes.QueueArn", "Type": "String"}],
        },
        {
            "name": "keep",
            "action": "aws:executeAwsApi",
            "inputs": {
                "Service": "sqs",
                "Api": "SetQueueAttributes",
                "QueueUrl": "{{QueueUrl}}",
                "Attributes": {"MessageRetentionPeriod": "{{ Seconds }}"},
            },
        },
        {
            "name": "tell",
            "action": "aws:executeAwsApi",
            "inputs": {"Service": "sqs", "Api": "TagQueue", "QueueUrl": "{{ QueueUrl }}", "Tags": {"kept": "{{ before.Arn }}"}},
        },
    ],
}  # fmt: skip


def offered(shop: Shop, document: dict[str, Any], role: str = "LAUNCH_ROLE") -> str:
    """The document as a service action on the shop's newest version; its id."""
    ssm, sc = shop.hub.client("ssm"), shop.hub.sc
    ssm.create_document(
        Name="Keep", DocumentType="Automation", DocumentFormat="JSON", Content=json.dumps(document)
    )
    definition = {"Name": "Keep", "Version": "1", **({"AssumeRole": role} if role else {})}
    made = sc.create_service_action(Name="keep", DefinitionType="SSM_AUTOMATION", Definition=definition)
    ident = str(made["ServiceActionDetail"]["ServiceActionSummary"]["Id"])
    sc.associate_service_action_with_provisioning_artifact(
        ServiceActionId=ident, ProductId=shop.product, ProvisioningArtifactId=shop.artifact
    )
    return ident


def launched(shop: Shop) -> tuple[str, str]:
    """The id of a provisioned product and the URL of its queue."""
    record = shop.launch()
    outputs = {each["OutputKey"]: each["OutputValue"] for each in record["RecordOutputs"]}
    return record["RecordDetail"]["ProvisionedProductId"], outputs["QueueUrl"]


def execute(shop: Shop, ident: str, action: str, **parameters: list[str]) -> dict[str, Any]:
    answer = shop.sc.execute_provisioned_product_service_action(
        ProvisionedProductId=ident,
        ServiceActionId=action,
        **({"Parameters": parameters} if parameters else {}),
    )
    return finished(shop.sc, answer)


def test_an_action_runs_under_the_launch_role(open_shop: Shop) -> None:
    action = offered(open_shop, KEEP)
    ident, queue = launched(open_shop)
    asked = open_shop.sc.describe_service_action_execution_parameters(
        ProvisionedProductId=ident, ServiceActionId=action
    )["ServiceActionParameters"]
    assert asked == [
        {"Name": "QueueUrl", "Type": "String", "DefaultValues": []},
        {"Name": "Seconds", "Type": "String", "DefaultValues": ["90"]},
    ]
    record = execute(open_shop, ident, action, QueueUrl=[queue], Seconds=["120"])
    assert (record["RecordDetail"]["Status"], reasons(record)) == ("SUCCEEDED", "")
    sqs = open_shop.hub.client("sqs")
    kept = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["MessageRetentionPeriod", "QueueArn"])[
        "Attributes"
    ]
    assert kept["MessageRetentionPeriod"] == "120"
    assert sqs.list_queue_tags(QueueUrl=queue)["Tags"]["kept"] == kept["QueueArn"]
    last = open_shop.sc.describe_provisioned_product(Id=ident)["ProvisionedProductDetail"]
    assert (last["Status"], last["LastRecordId"]) == ("AVAILABLE", record["RecordDetail"]["RecordId"])


def test_what_the_role_may_not_the_action_may_not(shop: Shop) -> None:
    create = ("sqs:CreateQueue", "sqs:GetQueueAttributes", "sqs:TagQueue", "sqs:ListQueueTags", "sns:*")
    shop.constrain("LAUNCH", {"RoleArn": shop.role(*create)})
    action = offered(shop, KEEP)
    ident, queue = launched(shop)
    record = execute(shop, ident, action, QueueUrl=[queue])
    assert record["RecordDetail"]["Status"] == "FAILED"
    assert "Step keep: User: " in reasons(record)
    assert "is not authorized to perform: sqs:SetQueueAttributes" in reasons(record)


def test_a_role_of_its_own_has_to_trust_systems_manager(open_shop: Shop) -> None:
    role = open_shop.role("sqs:*", name="operator")
    action = offered(open_shop, KEEP, role)
    ident, queue = launched(open_shop)
    assert "cannot assume" in reasons(execute(open_shop, ident, action, QueueUrl=[queue]))
    trust = json.dumps(TRUST).replace("servicecatalog.amazonaws.com", "ssm.amazonaws.com")
    open_shop.hub.client("iam").update_assume_role_policy(RoleName="operator", PolicyDocument=trust)
    assert reasons(execute(open_shop, ident, action, QueueUrl=[queue])) == ""


def test_a_step_that_fails_is_told(open_shop: Shop) -> None:
    action = offered(open_shop, KEEP)
    ident, _ = launched(open_shop)
    gone = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/gone"
    assert "Step before: An error occurred" in reasons(execute(open_shop, ident, action, QueueUrl=[gone]))


@pytest.mark.parametrize(
    ("change", "parameters", "said"),
    [
        ({}, {}, "needs a value for parameter QueueUrl"),
        ({}, {"QueueUrl": ["q"], "Colour": ["red"]}, "has no parameter Colour"),
        ({"mainSteps": [{"name": "wait", "action": "aws:sleep"}]}, {}, "Step wait of Keep is aws:sleep"),
    ],
)
def test_what_cannot_be_run_is_refused(
    open_shop: Shop, change: dict[str, Any], parameters: dict[str, list[str]], said: str
) -> None:
    action = offered(open_shop, KEEP | change)
    ident, _ = launched(open_shop)
    with pytest.raises(ClientError, match=said) as refused:
        execute(open_shop, ident, action, **parameters)
    assert refused.value.response["Error"]["Code"] == "InvalidParametersException"


def test_documents_of_awss_own_are_not_here(open_shop: Shop) -> None:
    sc = open_shop.hub.sc
    definition = {"Name": "AWS-RestartEC2Instance", "Version": "1"}
    made = sc.create_service_action(Name="restart", DefinitionType="SSM_AUTOMATION", Definition=definition)
    action = made["ServiceActionDetail"]["ServiceActionSummary"]["Id"]
    sc.associate_service_action_with_provisioning_artifact(
        ServiceActionId=action, ProductId=open_shop.product, ProvisioningArtifactId=open_shop.artifact
    )
    ident, _ = launched(open_shop)
    with pytest.raises(ClientError, match="documents of AWS's own are not in the local AWS"):
        execute(open_shop, ident, action)
