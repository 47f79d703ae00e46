"""Which permissions CloudFormation needs for a resource: data of the local AWS's own, and one function to ask.

Owns the question. The data is reviewed by hand from the service authorization reference; neither the handlers of
resource schemas nor the code that writes launch roles has a part in it, so that one can prove the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.errors import did_you_mean, fail
from generator.local.iam.permissions.derive import Subject, needs
from generator.local.iam.permissions.review import Known, Need, Operation, Place, Reviewed
from generator.local.iam.permissions.services import (
    acls,
    budgets,
    cloudformation,
    cloudwatch,
    codebuild,
    codecommit,
    codepipeline,
    connections,
    ec2,
    ecr,
    events,
    features,
    functions,
    gateway,
    greengrass,
    identity,
    instances,
    kms,
    lex,
    logs,
    messaging,
    personalize,
    portfolios,
    routing,
    s3,
    sagemaker,
    schedules,
    secretsmanager,
    ssm,
    states,
    storage,
    studio,
    things,
    versions,
)
from generator.local.iam.permissions.stack import StackOperation, stack_needed

_SERVICES = (
    acls, budgets, cloudformation, cloudwatch, codebuild, codecommit, codepipeline, connections, ec2, ecr,
    events, features, functions, gateway, greengrass, identity, instances, kms, lex, logs, messaging,
    personalize, portfolios, routing, s3, sagemaker, schedules, secretsmanager, ssm, states, storage, studio,
    things, versions,
)  # fmt: skip
REVIEWED: Mapping[str, Reviewed] = {one.type: one for service in _SERVICES for one in service.TYPES}

__all__ = [
    "REVIEWED",
    "Known",
    "Need",
    "Operation",
    "StackOperation",
    "needed",
    "reviewed",
    "stack_needed",
    "tagged",
]


def reviewed(resource_type: str) -> bool:
    """Whether the needs of the type are known."""
    return resource_type.startswith("Custom::") or resource_type in REVIEWED


def _reviewed(resource_type: str) -> Reviewed | None:
    custom = resource_type.startswith("Custom::")
    return REVIEWED.get("AWS::CloudFormation::CustomResource" if custom else resource_type)


def tagged(
    resource_type: str,
    properties: Mapping[str, Any],
    *,
    account: str,
    region: str,
    physical_id: str,
    partition: str = "aws",
) -> tuple[str, Mapping[str, str]]:
    """The ARN and the tags of a resource that is there: operations on others may be judged by them."""
    found = _reviewed(resource_type)
    if found is None:
        return "", {}
    subject = Subject("read", found, properties, Place(partition, region, account), physical_id)
    return subject.arn, subject.tags


def needed(
    operation: Operation,
    resource_type: str,
    properties: Mapping[str, Any],
    *,
    account: str,
    region: str,
    physical_id: str = "",
    stack: str = "",
    previous: Mapping[str, Any] | None = None,
    partition: str = "aws",
    known: Mapping[str, Known] | None = None,
) -> tuple[Need, ...]:
    """What the operation needs, in the order in which CloudFormation comes to it.

    `properties` are complete: generated name, stack's tags, intrinsics resolved. `previous` are those before an
    update; without them everything that an update of the type may touch is needed. `known` tells of existing
    roles, users and groups by name: their ARN with its path, and the boundary by which they are judged. `stack` is
    the stack's name or id.
    """
    found = _reviewed(resource_type)
    if found is None:
        raise fail(
            resource_type,
            "the permissions that this resource type needs have not been reviewed, so they cannot be enforced.",
            did_you_mean(resource_type, REVIEWED),
        )
    place = Place(partition, region, account)
    name = stack.split("/")[1] if stack.startswith("arn:") else stack
    return needs(Subject(operation, found, properties, place, physical_id, previous or {}, name, known or {}))
