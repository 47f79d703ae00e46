"""AWS::CloudFormation::StackSet: a stack set with its instances, made through CloudFormation itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..intrinsics import text
from .provider import Made, Request, ResourceError

_SAME: Final = (
    "Description",
    "AdministrationRoleARN",
    "ExecutionRoleName",
    "Capabilities",
    "TemplateBody",
    "TemplateURL",
    "ManagedExecution",
    "CallAs",
)


class StackSet:
    simulated = False

    def create(self, request: Request) -> Made:
        client, name = request.client("cloudformation"), request.properties["StackSetName"]
        model = request.properties["PermissionModel"]
        ident = client.create_stack_set(StackSetName=name, PermissionModel=model, **self._arguments(request))[
            "StackSetId"
        ]
        try:
            self._add(request, request.properties.get("StackInstancesGroup", []))
        except ResourceError as error:
            raise ResourceError(error.message, error.code, physical_id=ident) from error
        return Made(ident, {"StackSetId": ident})

    def update(self, request: Request) -> Made:
        client, name = request.client("cloudformation"), request.properties["StackSetName"]
        old, new = (
            {json.dumps(group, sort_keys=True): group for group in properties.get("StackInstancesGroup", [])}
            for properties in (request.previous, request.properties)
        )
        kept = {_place(group) for group in new.values()}
        self._remove(
            request, [group for key, group in old.items() if key not in new and _place(group) not in kept]
        )
        if request.changed(*({*request.properties, *request.previous} - {"StackInstancesGroup"})):
            preferences = _integers(request.properties.get("OperationPreferences", {}))
            more = {"OperationPreferences": preferences} if preferences else {}
            operation = client.update_stack_set(StackSetName=name, **self._arguments(request), **more)[
                "OperationId"
            ]
            self._check(request, operation)
        self._add(request, [group for key, group in new.items() if key not in old])
        return Made(request.physical_id, dict(request.attributes))

    def delete(self, request: Request) -> None:
        self._remove(request, request.properties.get("StackInstancesGroup", []))
        request.client("cloudformation").delete_stack_set(
            StackSetName=request.properties["StackSetName"], **self._caller(request)
        )

    def _arguments(self, request: Request) -> dict[str, Any]:
        properties = request.properties
        found = {name: properties[name] for name in _SAME if name in properties}
        if "AutoDeployment" in properties:
            found["AutoDeployment"] = {
                name: _true(value) for name, value in properties["AutoDeployment"].items()
            }
        if "ManagedExecution" in found:
            found["ManagedExecution"] = {
                name: _true(value) for name, value in found["ManagedExecution"].items()
            }
        found["Parameters"] = _parameters(properties.get("Parameters", []))
        return {**found, "Tags": request.tags()}

    def _add(self, request: Request, groups: Iterable[Mapping[str, Any]]) -> None:
        preferences = _integers(request.properties.get("OperationPreferences", {}))
        for group in groups:
            operation = request.client("cloudformation").create_stack_instances(
                StackSetName=request.properties["StackSetName"],
                **_targets(group),
                ParameterOverrides=_parameters(group.get("ParameterOverrides", [])),
                **({"OperationPreferences": preferences} if preferences else {}),
                **self._caller(request),
            )["OperationId"]
            self._check(request, operation)

    def _remove(self, request: Request, groups: Iterable[Mapping[str, Any]]) -> None:
        for group in groups:
            operation = request.client("cloudformation").delete_stack_instances(
                StackSetName=request.properties["StackSetName"],
                **_targets(group),
                RetainStacks=False,
                **self._caller(request),
            )["OperationId"]
            self._check(request, operation)

    def _caller(self, request: Request) -> dict[str, str]:
        return {"CallAs": request.properties["CallAs"]} if "CallAs" in request.properties else {}

    def _check(self, request: Request, operation: str) -> None:
        """Raises ResourceError where an operation failed, with the first reason."""
        client, name = request.client("cloudformation"), request.properties["StackSetName"]
        asked = {"StackSetName": name, "OperationId": operation, **self._caller(request)}
        if client.describe_stack_set_operation(**asked)["StackSetOperation"]["Status"] == "SUCCEEDED":
            return
        results = client.list_stack_set_operation_results(**asked)["Summaries"]
        failed: Mapping[str, Any] = next((each for each in results if each["Status"] == "FAILED"), {})
        where = f"{failed.get('Account')} in {failed.get('Region')}"
        raise ResourceError(
            f"Stack set operation [{operation}] was unexpectedly stopped or failed. {where}: {failed.get('StatusReason', '')}",
            "NotStabilized",
        )


def _targets(group: Mapping[str, Any]) -> dict[str, Any]:
    targets = dict(group["DeploymentTargets"])
    found: dict[str, Any] = {"Regions": list(group["Regions"])}
    # Accounts alone are those of a self-managed stack set, which CloudFormation takes either way.
    return found | {"DeploymentTargets": targets}


def _place(group: Mapping[str, Any]) -> str:
    return json.dumps([group["DeploymentTargets"], group["Regions"]], sort_keys=True)


def _parameters(given: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    return [
        {"ParameterKey": each["ParameterKey"], "ParameterValue": text(each["ParameterValue"])}
        for each in given
    ]


def _true(value: Any) -> bool:
    return text(value).lower() == "true"


def _integers(preferences: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: int(text(value)) if name.endswith(("Count", "Percentage")) else value
        for name, value in preferences.items()
    }
