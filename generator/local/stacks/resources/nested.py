"""Nested stacks: a stack made by a stack, through CloudFormation itself."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from ..intrinsics import text
from .provider import Made, Request, ResourceError

_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


class Stack:
    simulated = False

    def create(self, request: Request) -> Made:
        client = request.client("cloudformation")
        # The parent's capabilities were asked for all that it makes.
        stack_id = client.create_stack(
            StackName=request.name(limit=128),
            Capabilities=_CAPABILITIES,
            OnFailure="ROLLBACK",
            **self._arguments(request),
        )["StackId"]
        return self._finished(request, stack_id, "CREATE_COMPLETE")

    def update(self, request: Request) -> Made:
        client = request.client("cloudformation")
        try:
            client.update_stack(
                StackName=request.physical_id, Capabilities=_CAPABILITIES, **self._arguments(request)
            )
        except ClientError as error:
            if "No updates are to be performed" not in error.response["Error"]["Message"]:
                raise
            return Made(request.physical_id, dict(request.attributes))
        return self._finished(request, request.physical_id, "UPDATE_COMPLETE")

    def delete(self, request: Request) -> None:
        client = request.client("cloudformation")
        client.delete_stack(StackName=request.physical_id)
        found = client.describe_stacks(StackName=request.physical_id)["Stacks"][0]
        if found["StackStatus"] != "DELETE_COMPLETE":
            raise ResourceError(
                f"Embedded stack {request.physical_id} was not successfully deleted: {found.get('StackStatusReason', '')}"
            )

    def _arguments(self, request: Request) -> dict[str, Any]:
        properties = request.properties
        return {
            "TemplateURL": properties["TemplateURL"],
            "Parameters": [
                {
                    "ParameterKey": key,
                    "ParameterValue": ",".join(map(text, value)) if isinstance(value, list) else text(value),
                }
                for key, value in properties.get("Parameters", {}).items()
            ],
            "Tags": request.tags(),
            "NotificationARNs": properties.get("NotificationARNs", []),
        }

    def _finished(self, request: Request, stack_id: str, status: str) -> Made:
        found = request.client("cloudformation").describe_stacks(StackName=stack_id)["Stacks"][0]
        if found["StackStatus"] != status:
            raise ResourceError(
                f"Embedded stack {stack_id} was not successfully {'created' if status[0] == 'C' else 'updated'}: "
                f"{found.get('StackStatusReason', '')}"
            )
        outputs = {
            f"Outputs.{entry['OutputKey']}": entry["OutputValue"] for entry in found.get("Outputs", [])
        }
        return Made(stack_id, {"Arn": stack_id, **outputs})
