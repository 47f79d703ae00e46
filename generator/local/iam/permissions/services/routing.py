"""What gateways, addresses and routes need, reviewed by hand. Owns facts only. See `ec2` for how EC2 asks."""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed
from generator.local.iam.permissions.services.ec2 import ARN, PAGE, tags_of_creation

INTERNET_GATEWAY = Reviewed(
    "AWS::EC2::InternetGateway",
    ARN + "internet-gateway/{name}",
    PAGE,
    (
        Call("ec2:CreateInternetGateway", "c", tagging="sends"),
        Call("ec2:DescribeInternetGateways", "crd", "*"),
        Call("ec2:DeleteInternetGateway", "d"),
        *tags_of_creation("CreateInternetGateway"),
    ),
)

GATEWAY_ATTACHMENT = Reviewed(
    "AWS::EC2::VPCGatewayAttachment",
    ARN + "vpc/{VpcId}",
    PAGE,
    (
        Call(
            "ec2:AttachInternetGateway",
            "c",
            ARN + "internet-gateway/{InternetGatewayId}",
            when=("InternetGatewayId",),
        ),
        Call("ec2:AttachInternetGateway", "c", ARN + "vpc/{VpcId}", when=("InternetGatewayId",)),
        Call("ec2:DescribeInternetGateways", "crd", "*", when=("InternetGatewayId",)),
        Call(
            "ec2:DetachInternetGateway",
            "d",
            ARN + "internet-gateway/{InternetGatewayId}",
            when=("InternetGatewayId",),
        ),
        Call("ec2:DetachInternetGateway", "d", ARN + "vpc/{VpcId}", when=("InternetGatewayId",)),
        Call("ec2:AttachVpnGateway", "c", ARN + "vpn-gateway/{VpnGatewayId}", when=("VpnGatewayId",)),
        Call("ec2:AttachVpnGateway", "c", ARN + "vpc/{VpcId}", when=("VpnGatewayId",)),
        Call("ec2:DescribeVpnGateways", "crd", "*", when=("VpnGatewayId",)),
        Call("ec2:DetachVpnGateway", "d", ARN + "vpn-gateway/{VpnGatewayId}", when=("VpnGatewayId",)),
        Call("ec2:DetachVpnGateway", "d", ARN + "vpc/{VpcId}", when=("VpnGatewayId",)),
    ),
    name="VpcId",
    tags="",
)

ROUTE_TABLE = Reviewed(
    "AWS::EC2::RouteTable",
    ARN + "route-table/{name}",
    PAGE,
    (
        Call("ec2:CreateRouteTable", "c", tagging="sends"),
        Call("ec2:CreateRouteTable", "c", ARN + "vpc/{VpcId}"),
        Call("ec2:DescribeRouteTables", "crd", "*"),
        Call("ec2:DeleteRouteTable", "d"),
        *tags_of_creation("CreateRouteTable"),
    ),
)

ROUTE = Reviewed(
    "AWS::EC2::Route",
    ARN + "route-table/{RouteTableId}",
    PAGE,
    (
        Call("ec2:CreateRoute", "c"),
        Call("ec2:ReplaceRoute", "u"),
        Call("ec2:DescribeRouteTables", "crd", "*"),
        Call("ec2:DeleteRoute", "d"),
    ),
    name="RouteTableId",
    tags="",
)

ASSOCIATION = Reviewed(
    "AWS::EC2::SubnetRouteTableAssociation",
    ARN + "route-table/{RouteTableId}",
    PAGE,
    (
        Call("ec2:AssociateRouteTable", "c"),
        Call("ec2:AssociateRouteTable", "c", ARN + "subnet/{SubnetId}"),
        Call("ec2:DescribeRouteTables", "crd", "*"),
        Call("ec2:DisassociateRouteTable", "d"),
        Call("ec2:DisassociateRouteTable", "d", ARN + "subnet/{SubnetId}"),
    ),
    name="RouteTableId",
    tags="",
)

ADDRESS = Reviewed(
    "AWS::EC2::EIP",
    # Its physical id is the address; ARNs have the allocation, which the stack does not know.
    ARN + "elastic-ip/*",
    PAGE,
    (
        Call("ec2:AllocateAddress", "c", tagging="sends"),
        Call("ec2:DescribeAddresses", "crud", "*"),
        Call("ec2:ReleaseAddress", "d"),
        *tags_of_creation("AllocateAddress"),
    ),
)

NAT_GATEWAY = Reviewed(
    "AWS::EC2::NatGateway",
    ARN + "natgateway/{name}",
    PAGE,
    (
        Call("ec2:CreateNatGateway", "c", tagging="sends"),
        Call("ec2:CreateNatGateway", "c", ARN + "subnet/{SubnetId}"),
        Call("ec2:CreateNatGateway", "c", ARN + "elastic-ip/{AllocationId}", when=("AllocationId",)),
        Call("ec2:DescribeNatGateways", "crd", "*"),
        Call("ec2:DeleteNatGateway", "d"),
        *tags_of_creation("CreateNatGateway"),
    ),
)

TYPES = (INTERNET_GATEWAY, GATEWAY_ATTACHMENT, ROUTE_TABLE, ROUTE, ASSOCIATION, ADDRESS, NAT_GATEWAY)
