"""Where a project's builds, jobs and functions run: on AWS's own network, or inside the user's VPC.

Owns the questions for VPC, subnets and security groups, and the permissions of network interfaces. The VPC itself, its
endpoints and routes are another product's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from troposphere import Join, Ref, Sub, awslambda, codebuild

from .access import Statement, allow, arn
from .form import ask
from .project import Project

GROUP = "Network"
PYPI = "https://pypi.org/simple"
# EC2's Describe actions know no resource.
_LOOK = allow(
    [
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
    ],
    "*",
)


@dataclass(frozen=True)
class Vpc:
    """The answers: everything that runs, runs in these subnets with these security groups."""

    id: Ref
    subnets: Ref
    security_groups: Ref
    package_index: Ref

    def environment(self) -> dict[str, Any]:
        """For builds: where SageMaker jobs are to run, and where packages come from."""
        return {
            "SUBNET_IDS": Join(",", self.subnets),
            "SECURITY_GROUP_IDS": Join(",", self.security_groups),
            "PIP_INDEX_URL": self.package_index,
        }

    def of_build(self) -> codebuild.VpcConfig:
        return codebuild.VpcConfig(VpcId=self.id, Subnets=self.subnets, SecurityGroupIds=self.security_groups)

    def of_function(self) -> awslambda.VPCConfig:
        return awslambda.VPCConfig(SubnetIds=self.subnets, SecurityGroupIds=self.security_groups)

    def required(self) -> dict[str, Any]:
        """The condition that a SageMaker job runs in this VPC and not on AWS's network."""
        return {
            "ForAllValues:StringEquals": {
                "sagemaker:VpcSubnets": self.subnets,
                "sagemaker:VpcSecurityGroupIds": self.security_groups,
            },
            # A condition over all values holds for none, too.
            "Null": {"sagemaker:VpcSubnets": "false", "sagemaker:VpcSecurityGroupIds": "false"},
        }

    def connect_builds(self) -> list[Statement]:
        """For CodeBuild, which passes its interfaces on to itself."""
        return [*self._interfaces(), self._permission({"ec2:AuthorizedService": "codebuild.amazonaws.com"})]

    def connect_jobs(self) -> list[Statement]:
        """For SageMaker's processing and training jobs."""
        return [
            *self._interfaces(),
            self._permission({}),
            allow(
                ["ec2:DeleteNetworkInterfacePermission"], [arn("ec2", "network-interface/*")], self._here()
            ),
        ]

    def connect_function(self, name: Sub) -> list[Statement]:
        """For Lambda, which makes the interfaces under the function's role; the function's own code may not.

        Lambda checks these permissions before there is a VPC to compare with, so that they cannot be bound to it.
        """
        actions = [
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:UnassignPrivateIpAddresses",
        ]
        everything = allow(actions, [arn("ec2", "*/*")])
        function = arn("lambda", f"function:{name.data['Fn::Sub']}")
        return [
            _LOOK,
            everything,
            {
                **everything,
                "Effect": "Deny",
                "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": function}},
            },
        ]

    def _interfaces(self) -> list[Statement]:
        return [
            _LOOK,
            allow(["ec2:CreateNetworkInterface"], [arn("ec2", "network-interface/*")]),
            allow(
                ["ec2:CreateNetworkInterface"],
                [arn("ec2", "security-group/*"), arn("ec2", "subnet/*")],
                self._here(),
            ),
            allow(["ec2:DeleteNetworkInterface"], [arn("ec2", "network-interface/*")], self._here()),
        ]

    def _permission(self, equal: dict[str, str]) -> Statement:
        conditions = {**self._here(), **({"StringEquals": equal} if equal else {})}
        return allow(
            ["ec2:CreateNetworkInterfacePermission"], [arn("ec2", "network-interface/*")], conditions
        )

    def _here(self) -> dict[str, Any]:
        return {"ArnEquals": {"ec2:Vpc": arn("ec2", "vpc/${VpcId}")}}


def ask_vpc(project: Project) -> Vpc:
    """Ask for the VPC at launch."""
    template = project.template
    return Vpc(
        ask(
            template,
            "VpcId",
            group=GROUP,
            label="VPC",
            description="The VPC in which builds, training and functions run.",
            type="AWS::EC2::VPC::Id",
        ),
        ask(
            template,
            "SubnetIds",
            group=GROUP,
            label="Subnets",
            description=(
                "Private subnets of the VPC with endpoints for S3, SageMaker, CodeBuild, ECR, STS, KMS and CloudWatch Logs."
            ),
            type="List<AWS::EC2::Subnet::Id>",
        ),
        ask(
            template,
            "SecurityGroupIds",
            group=GROUP,
            label="Security groups",
            description="Security groups of all that runs; they must let HTTPS out to the endpoints.",
            type="List<AWS::EC2::SecurityGroup::Id>",
        ),
        ask(
            template,
            "PackageIndexUrl",
            group=GROUP,
            label="Python package index",
            description="Where builds get Python packages from: an index that the subnets reach.",
            default=PYPI,
            pattern=r"^https://[^\s@]+$",
            constraint="An https address without a password, such as https://packages.example.com/simple.",
        ),
    )
