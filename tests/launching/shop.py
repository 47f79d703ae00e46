"""A small product in a portfolio, and somebody who may launch it: what the tests of end users' operations work with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generator.local import ACCOUNT
from tests.local.conftest import REGION, Catalog, held_to_the_model

USER = f"arn:aws:iam::{ACCOUNT}:role/analyst"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "servicecatalog.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
                "ArnLike": {"aws:SourceArn": f"arn:aws:servicecatalog:{REGION}:{ACCOUNT}:*"},
            },
        }
    ],
}
STACK = [
    "cloudformation:CreateStack",
    "cloudformation:UpdateStack",
    "cloudformation:DeleteStack",
    "cloudformation:Describe*",
    "cloudformation:GetTemplateSummary",
    "cloudformation:SetStackPolicy",
    "cloudformation:TagResource",
    "cloudformation:ValidateTemplate",
    "cloudformation:*ChangeSet*",
    "s3:GetObject",
]
TEMPLATE = """\
Parameters:
  Delay: {Type: Number, Default: 1, MaxValue: 900}
  Label: {Type: String, AllowedValues: [red, blue], Description: Its colour.}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {DelaySeconds: !Ref Delay}
  Topic:
    Type: AWS::SNS::Topic
    DependsOn: Queue
    Properties: {DisplayName: !Ref Label}
Outputs:
  QueueUrl: {Value: !Ref Queue, Description: Where to send.}
"""


@dataclass
class Shop:
    """A product in a portfolio, and somebody who may launch it."""

    hub: Catalog
    portfolio: str
    product: str

    @property
    def sc(self) -> Any:
        session: Any = self.hub.local.session_as(USER, REGION)
        return held_to_the_model(session.client("servicecatalog"))

    @property
    def artifact(self) -> str:
        return self.hub.artifact(self.product)

    def add(self, name: str, text: str = TEMPLATE) -> str:
        made = self.hub.sc.create_provisioning_artifact(
            ProductId=self.product,
            Parameters={
                "Name": name,
                "Type": "CLOUD_FORMATION_TEMPLATE",
                "Info": {"LoadTemplateFromURL": self.hub.template(text, f"{name}.yaml")},
            },
        )
        return str(made["ProvisioningArtifactDetail"]["Id"])

    def constrain(self, kind: str, parameters: Mapping[str, Any]) -> None:
        self.hub.sc.create_constraint(
            PortfolioId=self.portfolio, ProductId=self.product, Type=kind, Parameters=json.dumps(parameters)
        )

    def role(self, *actions: str, name: str = "launch", trust: Mapping[str, Any] = TRUST, **more: Any) -> str:
        """A launch role with these actions, beside what every stack needs."""
        iam = self.hub.client("iam")
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), **more)["Role"][
            "Arn"
        ]
        self.allow(*actions, name=name)
        return str(made)

    def allow(self, *actions: str, name: str = "launch") -> None:
        allowed = [{"Effect": "Allow", "Action": [*STACK, *actions], "Resource": "*"}]
        self.hub.client("iam").put_role_policy(
            RoleName=name,
            PolicyName="all",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allowed}),
        )

    def ask(self, name: str = "it", **more: Any) -> dict[str, Any]:
        return {
            "ProductId": self.product,
            "ProvisioningArtifactId": self.artifact,
            "ProvisionedProductName": name,
            "ProvisioningParameters": [{"Key": "Label", "Value": "red"}],
        } | more

    def launch(self, name: str = "it", **more: Any) -> dict[str, Any]:
        return finished(self.sc, self.sc.provision_product(**self.ask(name, **more)))

    def update(self, name: str = "it", **more: Any) -> dict[str, Any]:
        kept = {"ProvisioningParameters": [{"Key": "Label", "UsePreviousValue": True}]}
        answer = self.sc.update_provisioned_product(ProvisionedProductName=name, **(kept | more))
        return finished(self.sc, answer)

    def terminate(self, name: str = "it", **more: Any) -> dict[str, Any]:
        answer = self.sc.terminate_provisioned_product(ProvisionedProductName=name, **more)
        return finished(self.sc, answer)

    def stack(self, record: Mapping[str, Any]) -> dict[str, Any]:
        outputs = {o["OutputKey"]: o["OutputValue"] for o in record["RecordOutputs"]}
        found = self.hub.client("cloudformation").describe_stacks(StackName=outputs["CloudformationStackARN"])
        return dict(found["Stacks"][0])

    def stacks(self) -> list[str]:
        found = self.hub.client("cloudformation").describe_stacks()["Stacks"]
        return [f"{each['StackStatus']}" for each in found]


def finished(sc: Any, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The record that an operation began, at its end."""
    found: dict[str, Any] = sc.describe_record(Id=answer["RecordDetail"]["RecordId"])
    return found


def reasons(record: Mapping[str, Any]) -> str:
    return " ".join(error["Description"] for error in record["RecordDetail"]["RecordErrors"])
