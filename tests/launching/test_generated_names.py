"""Names that CloudFormation makes up: what is made without one lies within the ARNs that its launch role has."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

import pytest

from generator.launch_role import Scope, documents, synthesise
from generator.launch_role.physical import generated_names
from generator.local import ACCOUNT
from generator.local.iam.permissions import REVIEWED
from generator.local.stacks.kind import kind
from generator.local.stacks.resources.completion import complete
from tests.local.conftest import REGION

from .shop import Shop, reasons

SCOPE = Scope("acme", "nameless", (REGION,))
STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/SC-{ACCOUNT}-pp-abcdefghijklm/1"
TEMPLATE = {
    "Parameters": {"Label": {"Type": "String", "Default": "red"}},
    "Resources": {
        "Flag": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Label"}}},
        "Secret": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {"Description": {"Ref": "Label"}, "GenerateSecretString": {}},
        },
        "Alarms": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Label"}}},
    },
}


def test_a_product_without_names_launches_updates_and_terminates_under_its_role(shop: Shop) -> None:
    arn = shop.role()
    role, _ = synthesise(TEMPLATE, SCOPE)
    for number, document in enumerate(documents(role)):
        text = json.dumps(document).replace("${AWS::Partition}", "aws").replace("${AWS::AccountId}", ACCOUNT)
        shop.hub.client("iam").put_role_policy(
            RoleName="launch", PolicyName="all" if number == 0 else f"more-{number}", PolicyDocument=text
        )
    shop.constrain("LAUNCH", {"RoleArn": arn})
    artifact = shop.add("9", json.dumps(TEMPLATE))
    assert reasons(shop.launch(ProvisioningArtifactId=artifact)) == ""
    (made,) = shop.hub.client("ssm").describe_parameters()["Parameters"]
    assert made["Name"].startswith("CFN-Flag-")
    blue = [{"Key": "Label", "Value": "blue"}]
    assert reasons(shop.update(ProvisioningParameters=blue, ProvisioningArtifactId=artifact)) == ""
    assert shop.hub.client("ssm").get_parameter(Name=made["Name"])["Parameter"]["Value"] == "blue"
    assert reasons(shop.terminate()) == ""


@pytest.mark.parametrize("logical_id", ["Thing", "A" * 70])
def test_a_made_up_name_is_one_that_the_role_expects(logical_id: str) -> None:
    checked = 0
    for resource_type in sorted(REVIEWED):
        known = kind(resource_type, REGION)
        if known is None or not known.name_property:
            continue
        whole = complete(known, {}, stack_id=STACK, logical_id=logical_id, generation=0, tags={})
        if (name := whole.get(known.name_property)) is None:
            continue
        patterns = [
            pattern.replace("${AWS::AccountId}", ACCOUNT)
            for pattern in generated_names(resource_type, logical_id, SCOPE)
        ]
        assert any(fnmatchcase(name, pattern) for pattern in patterns), (resource_type, name, patterns)
        checked += 1
    assert checked > 30
