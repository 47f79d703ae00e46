"""What network access lists need, reviewed by hand. Owns facts only. See `ec2` for how EC2 asks."""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed
from generator.local.iam.permissions.services.ec2 import ARN, PAGE, tags_of_creation

ACCESS_LIST = Reviewed(
    "AWS::EC2::NetworkAcl",
    ARN + "network-acl/{name}",
    PAGE,
    (
        Call("ec2:CreateNetworkAcl", "c", tagging="sends"),
        Call("ec2:CreateNetworkAcl", "c", ARN + "vpc/{VpcId}"),
        Call("ec2:DescribeNetworkAcls", "crd", "*"),
        Call("ec2:DeleteNetworkAcl", "d"),
        *tags_of_creation("CreateNetworkAcl"),
    ),
)

ENTRY = Reviewed(
    "AWS::EC2::NetworkAclEntry",
    ARN + "network-acl/{NetworkAclId}",
    PAGE,
    (
        Call("ec2:CreateNetworkAclEntry", "c"),
        Call("ec2:DescribeNetworkAcls", "crd", "*"),
        Call("ec2:ReplaceNetworkAclEntry", "u"),
        Call("ec2:DeleteNetworkAclEntry", "d"),
    ),
    tags="",
)

ASSOCIATION = Reviewed(
    "AWS::EC2::SubnetNetworkAclAssociation",
    ARN + "network-acl/{NetworkAclId}",
    PAGE,
    (
        # A subnet always has a list: taking ours away puts the default one in its place.
        Call("ec2:DescribeNetworkAcls", "crd", "*"),
        Call("ec2:ReplaceNetworkAclAssociation", "cd"),
        Call("ec2:ReplaceNetworkAclAssociation", "cd", ARN + "subnet/{SubnetId}"),
    ),
    tags="",
)

TYPES = (ACCESS_LIST, ENTRY, ASSOCIATION)
