"""What network resources need, reviewed by hand. EC2 asks once for every resource that a call touches.

Owns facts only. Describe calls have no resource level; a resource to be made is asked about as `*`.
"""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization

PAGE = authorization("amazonec2")
_TAGGING = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html"
ARN = "arn:{partition}:ec2:{region}:{account}:"


def tags_of_creation(creation: str) -> tuple[Call, ...]:
    return (
        Call("ec2:CreateTags", "c", tagging="adds", keys={"ec2:CreateAction": creation}, source=_TAGGING),
        Call("ec2:CreateTags", "u", tagging="adds", source=_TAGGING),
        Call("ec2:DeleteTags", "u", tagging="removes", source=_TAGGING),
    )


SECURITY_GROUP = Reviewed(
    "AWS::EC2::SecurityGroup",
    ARN + "security-group/{name}",
    PAGE,
    (
        Call("ec2:CreateSecurityGroup", "c", tagging="sends"),
        Call("ec2:CreateSecurityGroup", "c", ARN + "vpc/{VpcId}", when=("VpcId",)),
        Call("ec2:DescribeSecurityGroups", "crud", "*"),
        Call("ec2:AuthorizeSecurityGroupIngress", "c", when=("SecurityGroupIngress",)),
        Call("ec2:AuthorizeSecurityGroupIngress", "u", changed=("SecurityGroupIngress",)),
        Call("ec2:RevokeSecurityGroupIngress", "u", changed=("SecurityGroupIngress",)),
        # A new group may reach everything; rules of one's own replace that.
        Call("ec2:AuthorizeSecurityGroupEgress", "c", when=("SecurityGroupEgress",)),
        Call("ec2:RevokeSecurityGroupEgress", "c", when=("SecurityGroupEgress",)),
        Call("ec2:AuthorizeSecurityGroupEgress", "u", changed=("SecurityGroupEgress",)),
        Call("ec2:RevokeSecurityGroupEgress", "u", changed=("SecurityGroupEgress",)),
        Call("ec2:DeleteSecurityGroup", "d"),
        *tags_of_creation("CreateSecurityGroup"),
    ),
)


def _rule(direction: str) -> Reviewed:
    return Reviewed(
        f"AWS::EC2::SecurityGroup{direction}",
        ARN + "security-group/{GroupId}",
        PAGE,
        (
            Call(f"ec2:AuthorizeSecurityGroup{direction}", "c"),
            Call("ec2:DescribeSecurityGroupRules", "crd", "*"),
            Call(f"ec2:UpdateSecurityGroupRuleDescriptions{direction}", "u", changed=("Description",)),
            Call(f"ec2:RevokeSecurityGroup{direction}", "d"),
        ),
        name="GroupId",
        tags="",
    )


VPC = Reviewed(
    "AWS::EC2::VPC",
    ARN + "vpc/{name}",
    PAGE,
    (
        Call("ec2:CreateVpc", "c", tagging="sends"),
        Call("ec2:DescribeVpcs", "crd", "*"),
        Call("ec2:ModifyVpcAttribute", "c", when=("EnableDnsHostnames",)),
        Call("ec2:ModifyVpcAttribute", "c", when=("EnableDnsSupport",)),
        Call("ec2:ModifyVpcAttribute", "u", changed=("EnableDnsHostnames", "EnableDnsSupport")),
        Call("ec2:ModifyVpcTenancy", "u", changed=("InstanceTenancy",)),
        Call("ec2:DescribeVpcAttribute", "r", ARN + "vpc/{name}"),
        Call("ec2:DescribeSecurityGroups", "r", "*"),
        Call("ec2:DescribeNetworkAcls", "r", "*"),
        Call("ec2:DeleteVpc", "d"),
        *tags_of_creation("CreateVpc"),
    ),
)

SUBNET = Reviewed(
    "AWS::EC2::Subnet",
    ARN + "subnet/{name}",
    PAGE,
    (
        Call("ec2:CreateSubnet", "c", tagging="sends"),
        Call("ec2:CreateSubnet", "c", ARN + "vpc/{VpcId}"),
        Call("ec2:DescribeSubnets", "crud", "*"),
        Call("ec2:ModifySubnetAttribute", "c", when=("MapPublicIpOnLaunch=true",)),
        Call(
            "ec2:ModifySubnetAttribute",
            "u",
            changed=(
                "MapPublicIpOnLaunch",
                "AssignIpv6AddressOnCreation",
                "EnableDns64",
                "PrivateDnsNameOptionsOnLaunch",
            ),
        ),
        Call("ec2:DeleteSubnet", "d"),
        *tags_of_creation("CreateSubnet"),
    ),
)

_PRIVATE_DNS = "https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html"
VPC_ENDPOINT = Reviewed(
    "AWS::EC2::VPCEndpoint",
    ARN + "vpc-endpoint/{name}",
    PAGE,
    (
        Call("ec2:CreateVpcEndpoint", "c", tagging="sends", keys={"ec2:VpceServiceName": "{ServiceName}"}),
        Call("ec2:CreateVpcEndpoint", "c", ARN + "vpc/{VpcId}"),
        Call("ec2:CreateVpcEndpoint", "c", ARN + "route-table/{each}", each="RouteTableIds[]"),
        Call("ec2:CreateVpcEndpoint", "c", ARN + "subnet/{each}", each="SubnetIds[]"),
        Call("ec2:CreateVpcEndpoint", "c", ARN + "security-group/{each}", each="SecurityGroupIds[]"),
        Call("ec2:DescribeVpcEndpoints", "crud", "*"),
        Call(
            "route53:AssociateVPCWithHostedZone",
            "c",
            "*",
            when=("PrivateDnsEnabled=true",),
            source=_PRIVATE_DNS,
        ),
        Call(
            "ec2:ModifyVpcEndpoint",
            "u",
            changed=(
                "PolicyDocument",
                "RouteTableIds",
                "SubnetIds",
                "SecurityGroupIds",
                "PrivateDnsEnabled",
                "DnsOptions",
                "IpAddressType",
            ),
        ),
        Call(
            "ec2:ModifyVpcEndpoint",
            "u",
            ARN + "route-table/{each}",
            each="RouteTableIds[]",
            delta="came",
            changed=("RouteTableIds",),
        ),
        Call(
            "ec2:ModifyVpcEndpoint",
            "u",
            ARN + "subnet/{each}",
            each="SubnetIds[]",
            delta="came",
            changed=("SubnetIds",),
        ),
        Call(
            "ec2:ModifyVpcEndpoint",
            "u",
            ARN + "security-group/{each}",
            each="SecurityGroupIds[]",
            delta="came",
            changed=("SecurityGroupIds",),
        ),
        Call("ec2:DeleteVpcEndpoints", "d"),
        *tags_of_creation("CreateVpcEndpoint"),
    ),
)

TYPES = (SECURITY_GROUP, _rule("Ingress"), _rule("Egress"), VPC, SUBNET, VPC_ENDPOINT)
