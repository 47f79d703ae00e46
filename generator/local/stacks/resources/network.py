"""EC2's network: VPCs, subnets, routes, gateways, security groups and endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from botocore import xform_name

from .. import names
from . import simulated
from .fitting import fit
from .iam import document
from .provider import Made, Request, tag_list


def _shape(request: Request, operation: str) -> Any:
    return request.client("ec2").meta.service_model.operation_model(operation).input_shape


def _call(request: Request, operation: str, **arguments: Any) -> Any:
    return getattr(request.client("ec2"), xform_name(operation))(**arguments)


def _specification(request: Request, kind: str) -> dict[str, Any]:
    tags = request.tags()
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]} if tags else {}


def _retag(request: Request) -> None:
    before = {tag["Key"]: tag["Value"] for tag in tag_list(request.previous.get(request.kind.tag_property))}
    after = {tag["Key"]: tag["Value"] for tag in request.tags()}
    fresh = [{"Key": key, "Value": value} for key, value in after.items() if before.get(key) != value]
    gone = [{"Key": key} for key in before if key not in after]
    if fresh:
        _call(request, "CreateTags", Resources=[request.physical_id], Tags=fresh)
    if gone:
        _call(request, "DeleteTags", Resources=[request.physical_id], Tags=gone)


def _true(value: Any) -> bool:
    return str(value).lower() == "true"


class Plain:
    """A type of one create and one delete call.

    `word` is EC2's name for tags, `found` the member of the answer that holds the new thing, `identifier` its id there.
    """

    simulated = False

    def __init__(
        self, noun: str, word: str, found: str, identifier: str, attributes: Mapping[str, str] = {}
    ) -> None:
        self.noun = noun
        self.word = word
        self.found = found
        self.identifier = identifier
        self.attributes = attributes

    def create(self, request: Request) -> Made:
        operation = f"Create{self.noun}"
        kept = {k: v for k, v in request.properties.items() if k not in {"Tags", "TagSpecifications"}}
        answer = _call(
            request, operation, **fit(kept, _shape(request, operation)), **_specification(request, self.word)
        )
        made = answer[self.found]
        values = simulated.attributes(request)
        values |= {name: made[member] for name, member in self.attributes.items() if member in made}
        values |= {path: made[path] for path in request.kind.read_only if isinstance(made.get(path), str)}
        physical = made[self.identifier]
        for path in request.kind.identifier:
            if path in request.kind.read_only:
                values[path] = physical
        return Made(physical, values)

    def update(self, request: Request) -> Made:
        _retag(request)
        return Made(request.physical_id, dict(request.attributes))

    def delete(self, request: Request) -> None:
        known = request.client("ec2").meta.service_model.operation_names
        operation = f"Delete{self.noun}" if f"Delete{self.noun}" in known else f"Delete{self.noun}s"
        members = _shape(request, operation).members
        name = self.identifier if self.identifier in members else f"{self.identifier}s"
        _call(
            request,
            operation,
            **{name: [request.physical_id] if name != self.identifier else request.physical_id},
        )


class Vpc(Plain):
    def __init__(self) -> None:
        super().__init__("Vpc", "vpc", "Vpc", "VpcId")

    def create(self, request: Request) -> Made:
        made = super().create(request)
        self._switches(request, made.physical_id)
        groups = _call(
            request,
            "DescribeSecurityGroups",
            Filters=[
                {"Name": "vpc-id", "Values": [made.physical_id]},
                {"Name": "group-name", "Values": ["default"]},
            ],
        )["SecurityGroups"]
        acls = _call(
            request, "DescribeNetworkAcls", Filters=[{"Name": "vpc-id", "Values": [made.physical_id]}]
        )["NetworkAcls"]
        made.attributes.update(
            CidrBlock=request.properties.get("CidrBlock", ""),
            CidrBlockAssociations=[],
            DefaultSecurityGroup=groups[0]["GroupId"] if groups else "",
            DefaultNetworkAcl=acls[0]["NetworkAclId"] if acls else "",
            Ipv6CidrBlocks=[],
        )
        return made

    def update(self, request: Request) -> Made:
        self._switches(request, request.physical_id)
        return super().update(request)

    def _switches(self, request: Request, vpc: str) -> None:
        # One attribute a call, as EC2 wants it.
        for name in ("EnableDnsSupport", "EnableDnsHostnames"):
            if name in request.properties and request.changed(name):
                _call(
                    request,
                    "ModifyVpcAttribute",
                    VpcId=vpc,
                    **{name: {"Value": _true(request.properties[name])}},
                )

    def delete(self, request: Request) -> None:
        _call(request, "DeleteVpc", VpcId=request.physical_id)


class Subnet(Plain):
    def __init__(self) -> None:
        super().__init__("Subnet", "subnet", "Subnet", "SubnetId", {"AvailabilityZone": "AvailabilityZone"})

    def create(self, request: Request) -> Made:
        made = super().create(request)
        if _true(request.properties.get("MapPublicIpOnLaunch", False)):
            self._public(request, made.physical_id)
        made.attributes["Ipv6CidrBlocks"] = []
        return made

    def update(self, request: Request) -> Made:
        if request.changed("MapPublicIpOnLaunch"):
            self._public(request, request.physical_id)
        return super().update(request)

    def _public(self, request: Request, subnet: str) -> None:
        value = _true(request.properties.get("MapPublicIpOnLaunch", False))
        _call(request, "ModifySubnetAttribute", SubnetId=subnet, MapPublicIpOnLaunch={"Value": value})


_RANGES: Final[Mapping[str, tuple[str, str]]] = {
    "CidrIp": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "DestinationPrefixListId": ("PrefixListIds", "PrefixListId"),
    "DestinationSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "SourcePrefixListId": ("PrefixListIds", "PrefixListId"),
    "SourceSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
}


def _permission(rule: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"IpProtocol": str(rule["IpProtocol"])}
    for name in ("FromPort", "ToPort"):
        if name in rule:
            found[name] = int(rule[name])
    for name, (member, key) in _RANGES.items():
        if name in rule:
            entry = {key: rule[name]}
            if "Description" in rule:
                entry["Description"] = rule["Description"]
            found[member] = [entry]
    return found


class SecurityGroup:
    simulated = False

    def create(self, request: Request) -> Made:
        properties = request.properties
        name = properties.get("GroupName") or request.name()
        vpc = {"VpcId": properties["VpcId"]} if "VpcId" in properties else {}
        group = _call(
            request,
            "CreateSecurityGroup",
            GroupName=name,
            Description=properties["GroupDescription"],
            **vpc,
            **_specification(request, "security-group"),
        )["GroupId"]
        self._allow(request, group, "Ingress", {}, properties)
        if properties.get("SecurityGroupEgress"):
            # Rules of one's own replace the one that allows everything out.
            _call(
                request,
                "RevokeSecurityGroupEgress",
                GroupId=group,
                IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
            )
            self._allow(request, group, "Egress", {}, properties)
        return Made(group, {"GroupId": group, "Id": group, "VpcId": properties.get("VpcId", "")})

    def update(self, request: Request) -> Made:
        for way in ("Ingress", "Egress"):
            self._allow(request, request.physical_id, way, request.previous, request.properties)
        _retag(request)
        return Made(request.physical_id, dict(request.attributes))

    def delete(self, request: Request) -> None:
        _call(request, "DeleteSecurityGroup", GroupId=request.physical_id)

    def _allow(
        self, request: Request, group: str, way: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> None:
        name = f"SecurityGroup{way}"
        before = [_permission(rule) for rule in old.get(name, [])]
        after = [_permission(rule) for rule in new.get(name, [])]
        if gone := [rule for rule in before if rule not in after]:
            _call(request, f"Revoke{name}", GroupId=group, IpPermissions=gone)
        if fresh := [rule for rule in after if rule not in before]:
            _call(request, f"Authorize{name}", GroupId=group, IpPermissions=fresh)


class SecurityGroupRule:
    """A rule that is a resource of its own: `way` is Ingress or Egress."""

    simulated = False

    def __init__(self, way: str) -> None:
        self.way = way

    def create(self, request: Request) -> Made:
        _call(request, f"AuthorizeSecurityGroup{self.way}", **self._arguments(request.properties))
        physical = f"sgr-{names.hex_token(request.stack_id, request.logical_id, str(request.generation))}"
        return Made(physical, {"Id": physical})

    def update(self, request: Request) -> Made:
        _call(request, f"RevokeSecurityGroup{self.way}", **self._arguments(request.previous))
        _call(request, f"AuthorizeSecurityGroup{self.way}", **self._arguments(request.properties))
        return Made(request.physical_id, dict(request.attributes))

    def delete(self, request: Request) -> None:
        _call(request, f"RevokeSecurityGroup{self.way}", **self._arguments(request.properties))

    def _arguments(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        return {"GroupId": properties["GroupId"], "IpPermissions": [_permission(properties)]}


class GatewayAttachment:
    simulated = False

    def create(self, request: Request) -> Made:
        properties = request.properties
        _call(
            request,
            "AttachInternetGateway",
            InternetGatewayId=properties["InternetGatewayId"],
            VpcId=properties["VpcId"],
        )
        return Made(f"IGW|{properties['VpcId']}", {"AttachmentType": "IGW"})

    def update(self, request: Request) -> Made:
        return Made(request.physical_id, dict(request.attributes))

    def delete(self, request: Request) -> None:
        properties = request.properties
        _call(
            request,
            "DetachInternetGateway",
            InternetGatewayId=properties["InternetGatewayId"],
            VpcId=properties["VpcId"],
        )


class Route:
    simulated = False

    def create(self, request: Request) -> Made:
        _call(request, "CreateRoute", **fit(request.properties, _shape(request, "CreateRoute")))
        return Made(
            f"{request.properties['RouteTableId']}|{self._destination(request)[1]}",
            {"CidrBlock": self._destination(request)[1]},
        )

    def update(self, request: Request) -> Made:
        _call(request, "ReplaceRoute", **fit(request.properties, _shape(request, "ReplaceRoute")))
        return Made(request.physical_id, dict(request.attributes))

    def delete(self, request: Request) -> None:
        name, value = self._destination(request)
        _call(request, "DeleteRoute", RouteTableId=request.properties["RouteTableId"], **{name: value})

    def _destination(self, request: Request) -> tuple[str, str]:
        for name in ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"):
            if name in request.properties:
                return name, request.properties[name]
        return "DestinationCidrBlock", ""


class RouteTableAssociation:
    simulated = False

    def create(self, request: Request) -> Made:
        properties = request.properties
        physical = _call(
            request,
            "AssociateRouteTable",
            RouteTableId=properties["RouteTableId"],
            SubnetId=properties["SubnetId"],
        )["AssociationId"]
        return Made(physical, {"Id": physical})

    def update(self, request: Request) -> Made:
        physical = _call(
            request,
            "ReplaceRouteTableAssociation",
            AssociationId=request.physical_id,
            RouteTableId=request.properties["RouteTableId"],
        )["NewAssociationId"]
        return Made(physical, {"Id": physical})

    def delete(self, request: Request) -> None:
        _call(request, "DisassociateRouteTable", AssociationId=request.physical_id)


class Address:
    """An elastic IP: Ref gives the address, the id is an attribute."""

    simulated = False

    def create(self, request: Request) -> Made:
        answer = _call(request, "AllocateAddress", Domain="vpc", **_specification(request, "elastic-ip"))
        return Made(
            answer["PublicIp"], {"AllocationId": answer["AllocationId"], "PublicIp": answer["PublicIp"]}
        )

    def update(self, request: Request) -> Made:
        return Made(request.physical_id, dict(request.attributes))

    def delete(self, request: Request) -> None:
        _call(request, "ReleaseAddress", AllocationId=request.attributes["AllocationId"])


class Endpoint(Plain):
    def __init__(self) -> None:
        super().__init__("VpcEndpoint", "vpc-endpoint", "VpcEndpoint", "VpcEndpointId")

    def create(self, request: Request) -> Made:
        policy = request.properties.get("PolicyDocument")
        if policy is not None:
            request = _with(request, PolicyDocument=document(policy))
        made = super().create(request)
        made.attributes["Id"] = made.physical_id
        return made

    def update(self, request: Request) -> Made:
        changes: dict[str, Any] = {}
        for name, add, remove in (
            ("RouteTableIds", "AddRouteTableIds", "RemoveRouteTableIds"),
            ("SubnetIds", "AddSubnetIds", "RemoveSubnetIds"),
            ("SecurityGroupIds", "AddSecurityGroupIds", "RemoveSecurityGroupIds"),
        ):
            before, after = request.previous.get(name, []), request.properties.get(name, [])
            changes |= {add: added} if (added := [item for item in after if item not in before]) else {}
            changes |= {remove: gone} if (gone := [item for item in before if item not in after]) else {}
        if request.changed("PolicyDocument") and "PolicyDocument" in request.properties:
            changes["PolicyDocument"] = document(request.properties["PolicyDocument"])
        if changes:
            _call(request, "ModifyVpcEndpoint", VpcEndpointId=request.physical_id, **changes)
        _retag(request)
        return Made(request.physical_id, dict(request.attributes))


def _with(request: Request, **properties: Any) -> Request:
    from dataclasses import replace

    return replace(request, properties={**request.properties, **properties})
