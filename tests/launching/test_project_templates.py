"""Each product that SageMaker reads from S3 too is made, updated and deleted under its second role, and leaves nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from generator import project_templates
from generator.catalogue import LOCAL
from generator.launch_role import Delivery, role_name
from generator.load import load
from generator.local import ACCOUNT, LocalAws
from tests.conftest import ROOT

from .conftest import REGION, Person, Shelf
from .test_products import things

DELIVERED = sorted(
    product.id for product in load(ROOT).products.values() if "sagemaker-s3" in product.spec.delivery
)


def test_some_product_is_delivered_so() -> None:
    assert DELIVERED


@pytest.mark.parametrize("product", DELIVERED)
def test_it_is_made_and_deleted_under_its_role(
    product: str, shelf: Shelf, aws: LocalAws, at: Callable[[str], Person]
) -> None:
    target, spec = shelf.catalogue.target(LOCAL), shelf.catalogue.products[product].spec
    person = at(product)
    form = person.form(person.newest())["ProvisioningParameters"]
    parameters = [{"ParameterKey": each["Key"], "ParameterValue": each["Value"]} for each in form]
    cloudformation: Any = aws.session(REGION).client("cloudformation")
    before = things(aws)
    role = role_name(shelf.catalogue.name, product, Delivery.SAGEMAKER)
    asked: dict[str, Any] = {
        "StackName": "SP-it-p-a1b2c3d4e5f6",
        "TemplateURL": f"{target.bucket_url(REGION)}/{project_templates.key(product, spec.version)}",
        "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/{role}",
        "Parameters": parameters,
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
    }
    cloudformation.create_stack(**asked)
    assert status(cloudformation, asked["StackName"]) == ("CREATE_COMPLETE", [])
    tags = [{"Key": "cost-center", "Value": "research"}]
    cloudformation.update_stack(**asked, Tags=tags)  # every taggable resource is touched
    assert status(cloudformation, asked["StackName"]) == ("UPDATE_COMPLETE", [])
    cloudformation.delete_stack(StackName=asked["StackName"])
    (gone,) = [
        each["StackStatus"]
        for each in cloudformation.list_stacks()["StackSummaries"]
        if each["StackName"] == asked["StackName"]
    ]
    assert gone == "DELETE_COMPLETE"
    assert things(aws) - before == set()


def status(cloudformation: Any, stack: str) -> tuple[str, list[str]]:
    """How a stack stands, with what failed."""
    (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [
        f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason', '')}"
        for each in events
        if each["ResourceStatus"].endswith("_FAILED")
    ]
    return found["StackStatus"], failed
