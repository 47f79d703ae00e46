"""A local AWS of its own for every test, spoken to with real boto3 clients."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.local import open_state
from generator.local.aws import LocalAws

ALL = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


class Stacks:
    """CloudFormation of a local AWS, with the answers that tests ask for again and again."""

    def __init__(self, aws: LocalAws, region: str = "eu-west-1") -> None:
        self.aws = aws
        self.region = region
        self.session = aws.session(region)
        self.api = self.session.client("cloudformation")

    def client(self, service: Any) -> Any:
        return self.session.client(service)

    def create(self, name: str, template: dict[str, Any] | str, **arguments: Any) -> str:
        """Create a stack and say in which status it ends."""
        self.api.create_stack(
            StackName=name, TemplateBody=body(template), **{"Capabilities": ALL, **given(arguments)}
        )
        return self.status(name)

    def update(self, name: str, template: dict[str, Any] | str, **arguments: Any) -> str:
        self.api.update_stack(
            StackName=name, TemplateBody=body(template), **{"Capabilities": ALL, **given(arguments)}
        )
        return self.status(name)

    def delete(self, name: str) -> str:
        stack_id = self.stack(name)["StackId"]
        self.api.delete_stack(StackName=name)
        return self.status(stack_id)

    def stack(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.describe_stacks(StackName=name)["Stacks"][0]
        return found

    def status(self, name: str) -> str:
        return str(self.stack(name)["StackStatus"])

    def outputs(self, name: str) -> dict[str, str]:
        return {entry["OutputKey"]: entry["OutputValue"] for entry in self.stack(name).get("Outputs", [])}

    def ids(self, name: str) -> dict[str, str]:
        """Physical ids by logical id."""
        found = self.api.describe_stack_resources(StackName=name)["StackResources"]
        return {entry["LogicalResourceId"]: entry.get("PhysicalResourceId", "") for entry in found}

    def events(self, name: str) -> list[str]:
        """The history, oldest first, as `LogicalId STATUS`."""
        found = self.api.describe_stack_events(StackName=name)["StackEvents"]
        return [f"{entry['LogicalResourceId']} {entry['ResourceStatus']}" for entry in reversed(found)]

    def reasons(self, name: str) -> str:
        found = self.api.describe_stack_events(StackName=name)["StackEvents"]
        return "\n".join(entry.get("ResourceStatusReason", "") for entry in reversed(found))


def body(template: dict[str, Any] | str) -> str:
    return template if isinstance(template, str) else json.dumps(template)


def given(arguments: dict[str, Any]) -> dict[str, Any]:
    """Parameters and tags as plain mappings in a test, as lists on the wire."""
    found = dict(arguments)
    if isinstance(found.get("Parameters"), dict):
        found["Parameters"] = [
            {"ParameterKey": key, "UsePreviousValue": True}
            if value is None
            else {"ParameterKey": key, "ParameterValue": value}
            for key, value in found["Parameters"].items()
        ]
    if isinstance(found.get("Tags"), dict):
        found["Tags"] = [{"Key": key, "Value": value} for key, value in found["Tags"].items()]
    return found


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[LocalAws]:
    opened = open_state(tmp_path / "state")
    yield opened
    opened.close()


@pytest.fixture
def stacks(aws: LocalAws) -> Stacks:
    return Stacks(aws)
