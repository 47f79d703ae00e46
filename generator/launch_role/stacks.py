"""What a launch needs besides its resources: the stack itself, the template's copy, transforms, parameters, assets.

These are Service Catalog's and CloudFormation's own calls; the resources' are decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from generator.errors import fail
from generator.launch_role import actions
from generator.launch_role.model import Delivery, Grant, Reason, Scope, conditions
from generator.launch_role.scoping import Scoping
from generator.launch_role.values import ANY, is_arn

# Service Catalog's guide for launch constraints names the first group; change sets are its way with transforms and
# with the preview of an update; the tag calls are what TagOptions and AutoTags need.
_STACK_CALLS = (
    "CreateStack",
    "UpdateStack",
    "DeleteStack",
    "DescribeStacks",
    "DescribeStackEvents",
    "GetTemplateSummary",
    "SetStackPolicy",
    "CreateChangeSet",
    "DescribeChangeSet",
    "ExecuteChangeSet",
    "DeleteChangeSet",
    "ListChangeSets",
    "TagResource",
    "UntagResource",
)
_STACK_SOURCE = "AWS Service Catalog Administrator Guide: launch constraints"
_COPY_SOURCE = "AWS Service Catalog Administrator Guide: launch constraints, s3:ExistingObjectTag"
_DYNAMIC = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^}]*)\}\}")
_SSM_VALUE = re.compile(r"AWS::SSM::Parameter::(Value<.*>|Name)")


def stack_needs(template: Mapping[str, Any], scoping: Scoping, scope: Scope) -> Iterator[Reason]:
    """Everything that a launch takes before and beside the resources' handlers."""
    if scope.delivery is Delivery.SERVICE_CATALOG and not scope.inside:
        yield from _own_stack(scoping, scope)
    yield from _transforms(template, scoping, scope)
    yield from _parameters(template, scoping, scope)
    yield from _dynamic_references(template, scoping, scope)
    yield from _assets(scoping, scope)


def _reason(grant: Grant, because: str, logical_id: str = "", resource_type: str = "") -> Reason:
    return Reason(grant, logical_id, resource_type, "cloudformation", because)


def _grant(scoping: Scoping, name: str, arn: str, *, stack_call: bool = False) -> Grant:
    known = actions.action(name)
    if known is None:
        raise ValueError(f"{name} is no IAM action")
    return Grant(str(known), arn, scoping.base(known, arn, stack_call=stack_call))


def _own_stack(scoping: Scoping, scope: Scope) -> Iterator[Reason]:
    stack = f"arn:${{AWS::Partition}}:cloudformation:{scope.region}:${{AWS::AccountId}}:stack/{scope.stack_name}/*"
    for name in _STACK_CALLS:
        yield _reason(_grant(scoping, f"cloudformation:{name}", stack, stack_call=True), _STACK_SOURCE)
    # Before the stack exists its template is asked about, and neither call then has a resource.
    for name in ("ValidateTemplate", "GetTemplateSummary"):
        yield _reason(_grant(scoping, f"cloudformation:{name}", ANY, stack_call=True), _STACK_SOURCE)
    # The copy lies in a bucket of the service whose name nobody publishes; the tag is what tells it apart.
    copy = Grant(
        "s3:GetObject",
        ANY,
        (("StringEquals", "s3:ExistingObjectTag/servicecatalog:provisioning", ("true",)),),
    )
    yield _reason(copy, _COPY_SOURCE)


def _transforms(template: Mapping[str, Any], scoping: Scoping, scope: Scope) -> Iterator[Reason]:
    named = template.get("Transform") or []
    for name in named if isinstance(named, list) else [named]:
        if not isinstance(name, str) or not name.startswith("AWS::"):
            raise fail(
                scope.product,
                f"transform '{name}' is a macro of one account",
                "Expand it before publishing: a product must launch in every account.",
            )
        arn = f"arn:${{AWS::Partition}}:cloudformation:{scope.region}:aws:transform/{name.removeprefix('AWS::')}"
        grant = _grant(scoping, "cloudformation:CreateChangeSet", arn, stack_call=True)
        yield _reason(grant, f"Transform {name}")


def _parameters(template: Mapping[str, Any], scoping: Scoping, scope: Scope) -> Iterator[Reason]:
    for name, declared in (template.get("Parameters") or {}).items():
        if not isinstance(declared, Mapping) or not _SSM_VALUE.match(str(declared.get("Type", ""))):
            continue
        allowed = declared.get("AllowedValues")
        keys = [str(value) for value in allowed] if isinstance(allowed, list) and allowed else [ANY]
        for key in keys:
            grant = _grant(scoping, "ssm:GetParameters", _parameter_arn(key, scope))
            yield _reason(grant, f"parameter {name} of type {declared['Type']}")


def _parameter_arn(key: str, scope: Scope) -> str:
    account = "" if key.startswith("/aws/service/") else "${AWS::AccountId}"
    return f"arn:${{AWS::Partition}}:ssm:{scope.region}:{account or ANY}:parameter/{key.removeprefix('/')}"


def _dynamic_references(template: Mapping[str, Any], scoping: Scoping, scope: Scope) -> Iterator[Reason]:
    for logical_id, declared in (template.get("Resources") or {}).items():
        # Few resources have any, and their text tells it sooner than a walk through them.
        if not isinstance(declared, Mapping) or "{{resolve:" not in repr(declared):
            continue
        for service, name in sorted(set(_found(declared))):
            resource_type = str(declared.get("Type"))
            if service == "secretsmanager":
                arn = _secret_arn(name, scope)
                because = "dynamic reference to a secret"
                grant = _grant(scoping, "secretsmanager:GetSecretValue", arn)
                yield _reason(grant, because, logical_id, resource_type)
            else:
                key = name.partition(":")[0] or ANY
                grant = _grant(scoping, "ssm:GetParameters", _parameter_arn(key, scope))
                yield _reason(grant, "dynamic reference to a parameter", logical_id, resource_type)


def _found(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if "{{resolve:" not in value:
            return
        for found in _DYNAMIC.finditer(value):
            # Fn::Sub may stand inside: what it puts there is known at the launch.
            yield (
                "secretsmanager" if found[1] == "secretsmanager" else "ssm",
                re.sub(r"\$\{.*", ANY, found[2]),
            )
        if not _DYNAMIC.search(value):
            service = "secretsmanager" if "{{resolve:secretsmanager" in value else "ssm"
            yield service, ANY
    elif isinstance(value, list):
        for member in value:
            yield from _found(member)
    elif isinstance(value, Mapping):
        for child in value.values():
            yield from _found(child)


def _secret_arn(name: str, scope: Scope) -> str:
    if name.startswith("arn:"):
        return ":".join(name.split(":")[:7])
    bare = name.partition(":")[0]
    end = "" if bare.endswith(ANY) else "-*"
    return f"arn:${{AWS::Partition}}:secretsmanager:{scope.region}:${{AWS::AccountId}}:secret:{bare}{end}"


def _assets(scoping: Scoping, scope: Scope) -> Iterator[Reason]:
    for asset in scope.asset_paths:
        grant = _grant(scoping, "s3:GetObject", f"arn:${{AWS::Partition}}:s3:::{asset}")
        yield _reason(grant, "asset of the template, read from the target's bucket")
    for key in scope.asset_keys:
        grant = _grant(scoping, "kms:Decrypt", key)
        services = tuple(f"s3.{region}.amazonaws.com" for region in sorted(scope.regions))
        bound = Grant(
            grant.action, key, conditions([*grant.conditions, ("StringLike", "kms:ViaService", services)])
        )
        yield _reason(bound, "key of the assets' bucket")


def custom_resource(scoping: Scoping, logical_id: str) -> Iterator[Reason]:
    """The invocation of what stands behind a custom resource: a Lambda function, or a topic."""
    physical = scoping.physical
    resource_type = physical.type_of(logical_id) or ""
    for token in physical.values.patterns(physical.properties(logical_id).get("ServiceToken", ANY)):
        if ":sns:" in token:
            name, arn = "sns:Publish", token
        elif is_arn(token):
            name, arn = "lambda:InvokeFunction", token
        else:
            region = scoping.region
            name = "lambda:InvokeFunction"
            function = ANY if token.startswith("arn:") else token
            arn = f"arn:${{AWS::Partition}}:lambda:{region}:${{AWS::AccountId}}:function:{function}"
        yield Reason(_grant(scoping, name, arn), logical_id, resource_type, "cloudformation", "ServiceToken")


def vended_logs(scoping: Scoping, logical_id: str, scope: Scope) -> Iterator[Reason]:
    """The delivery of a resource's logs, which the resource's own service allows.

    Raises FactoryError where only the launch knows the resource.
    """
    physical = scoping.physical
    for arn in physical.values.patterns(physical.properties(logical_id).get("ResourceArn", [])):
        if not is_arn(arn):
            raise fail(
                f"{scope.product}: {logical_id}",
                "only the launch knows whose logs are delivered, and each service has a permission of its own for that",
                "Name the resource by an ARN or from the template, or keep the launch role elsewhere "
                "(launch.role: {arn: …}).",
            )
        service = arn.replace("${AWS::Partition}", "aws").split(":")[2]
        name = f"{service}:AllowVendedLogDeliveryForResource"
        if actions.action(name) is not None:
            grant = _grant(scoping, name, arn)
            yield Reason(grant, logical_id, "AWS::Logs::DeliverySource", "create", "ResourceArn")
