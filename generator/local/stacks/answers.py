"""Stacks and change sets as the API's answers show them. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .document import capabilities, transforms
from .parameters import Parameter
from .stack import ChangeSet, Event, Resource, Stack, Value

Answer = dict[str, Any]


def when(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def present(**members: Any) -> Answer:
    """The members that have a value."""
    return {name: value for name, value in members.items() if value is not None and value != ""}


def stack(found: Stack) -> Answer:
    """A stack of DescribeStacks."""
    return present(
        StackId=found.id,
        StackName=found.name,
        ChangeSetId=found.change_set,
        Description=found.description,
        Parameters=parameters(found.parameters),
        CreationTime=when(found.created),
        DeletionTime=when(found.deleted),
        LastUpdatedTime=when(found.updated),
        RollbackConfiguration={},
        StackStatus=found.status,
        StackStatusReason=found.reason,
        DisableRollback=found.disable_rollback,
        NotificationARNs=list(found.notifications),
        TimeoutInMinutes=found.timeout_minutes,
        Capabilities=list(found.capabilities),
        Outputs=[
            present(
                OutputKey=output.key,
                OutputValue=output.value,
                Description=output.description,
                ExportName=output.export,
            )
            | {"OutputValue": output.value}
            for output in found.outputs
        ],
        RoleARN=found.role,
        Tags=tags(found.tags),
        EnableTerminationProtection=found.protected,
        ParentId=found.parent,
        RootId=found.root,
        DriftInformation={"StackDriftStatus": "NOT_CHECKED"},
    )


def parameters(values: Mapping[str, Value]) -> list[Answer]:
    return [
        present(ParameterKey=name, ResolvedValue=value.resolved) | {"ParameterValue": value.shown}
        for name, value in values.items()
    ]


def tags(found: Mapping[str, str]) -> list[Answer]:
    return [{"Key": key, "Value": value} for key, value in found.items()]


def summary(found: Stack) -> Answer:
    """A stack of ListStacks."""
    return present(
        StackId=found.id,
        StackName=found.name,
        TemplateDescription=found.description,
        CreationTime=when(found.created),
        LastUpdatedTime=when(found.updated),
        DeletionTime=when(found.deleted),
        StackStatus=found.status,
        StackStatusReason=found.reason,
        ParentId=found.parent,
        RootId=found.root,
        DriftInformation={"StackDriftStatus": "NOT_CHECKED"},
    )


def event(found: Event, of: Stack) -> Answer:
    return present(
        StackId=of.id,
        StackName=of.name,
        EventId=found.id,
        LogicalResourceId=found.logical_id,
        PhysicalResourceId=found.physical_id,
        ResourceType=found.type,
        Timestamp=when(found.time),
        ResourceStatus=found.status,
        ResourceStatusReason=found.reason,
        ResourceProperties=found.properties,
        ClientRequestToken=found.client_token,
    ) | {"PhysicalResourceId": found.physical_id}


def resource(found: Resource, of: Stack, *, detail: bool = False) -> Answer:
    """A resource of DescribeStackResources, or with `detail` of DescribeStackResource."""
    metadata = dict(found.definition.get("Metadata", {}))
    if found.simulated:
        # The one place where the API has room for it.
        metadata["local:simulated"] = True
    return present(
        StackId=of.id,
        StackName=of.name,
        LogicalResourceId=found.logical_id,
        PhysicalResourceId=found.physical_id,
        ResourceType=found.type,
        ResourceStatus=found.status,
        ResourceStatusReason=found.reason,
        DriftInformation={"StackResourceDriftStatus": "NOT_CHECKED"},
        **(
            {
                "LastUpdatedTimestamp": when(found.updated),
                "Metadata": json.dumps(metadata) if metadata else "",
            }
            if detail
            else {"Timestamp": when(found.updated)}
        ),
    )


def resource_summary(found: Resource) -> Answer:
    return present(
        LogicalResourceId=found.logical_id,
        PhysicalResourceId=found.physical_id,
        ResourceType=found.type,
        LastUpdatedTimestamp=when(found.updated),
        ResourceStatus=found.status,
        ResourceStatusReason=found.reason,
        DriftInformation={"StackResourceDriftStatus": "NOT_CHECKED"},
    )


def change_set(found: ChangeSet, of: Stack, *, values: bool) -> Answer:
    """DescribeChangeSet; `values` says whether the properties' old and new values are asked for."""
    return present(
        ChangeSetName=found.name,
        ChangeSetId=found.id,
        StackId=of.id,
        StackName=of.name,
        Description=found.description,
        Parameters=parameters(found.parameters),
        CreationTime=when(found.created),
        ExecutionStatus=found.execution,
        Status=found.status,
        StatusReason=found.reason,
        NotificationARNs=list(found.notifications),
        RollbackConfiguration={},
        Capabilities=list(found.capabilities),
        Tags=tags(found.tags),
        Changes=[_without_values(change) if not values else change for change in found.changes],
        IncludeNestedStacks=False,
        OnStackFailure=found.on_failure,
    )


def _without_values(change: Mapping[str, Any]) -> Answer:
    entry = {k: v for k, v in change["ResourceChange"].items() if k not in {"BeforeContext", "AfterContext"}}
    if "Details" in entry:
        entry["Details"] = [
            {
                **detail,
                "Target": {
                    k: v for k, v in detail["Target"].items() if k not in {"BeforeValue", "AfterValue"}
                },
            }
            for detail in entry["Details"]
        ]
    return {**change, "ResourceChange": entry}


def change_set_summary(found: ChangeSet, of: Stack) -> Answer:
    return present(
        StackId=of.id,
        StackName=of.name,
        ChangeSetId=found.id,
        ChangeSetName=found.name,
        ExecutionStatus=found.execution,
        Status=found.status,
        StatusReason=found.reason,
        CreationTime=when(found.created),
        Description=found.description,
        IncludeNestedStacks=False,
    )


def declaration(found: Parameter) -> Answer:
    """A parameter of GetTemplateSummary."""
    constraints = {"AllowedValues": list(found.allowed_values)} if found.allowed_values else {}
    return present(
        ParameterKey=found.name,
        DefaultValue=found.default,
        ParameterType=found.type,
        NoEcho=found.no_echo,
        Description=found.description,
        ParameterConstraints=constraints,
    ) | ({"DefaultValue": ""} if found.default == "" else {})


def template_parameter(found: Parameter) -> Answer:
    """A parameter of ValidateTemplate."""
    return present(
        ParameterKey=found.name,
        DefaultValue=found.default,
        NoEcho=found.no_echo,
        Description=found.description,
    ) | ({"DefaultValue": ""} if found.default == "" else {})


def template(document: Mapping[str, Any]) -> Answer:
    """What both template operations say: description, capabilities, transforms."""
    needed = capabilities(document)
    return present(
        Description=document.get("Description"),
        Capabilities=list(needed.names),
        CapabilitiesReason=needed.reason,
        DeclaredTransforms=transforms(document),
    )
