"""Where a project's builds, jobs and functions run: on AWS's own network, or inside the user's VPC.

Owns the questions for VPC, subnets and security groups, the permissions of network interfaces, and word of the endpoints that
the subnets need. The VPC itself, its endpoints and routes are another product's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import Join, Ref, Sub, Template, awslambda, codebuild, encode_to_dict

from .access import Statement, allow, arn
from .form import ask
from .project import Project

GROUP = "Network"
SUBNETS = "SubnetIds"
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


# Endpoints by the services of permissions, where they are called otherwise. None where services act on their own network
# (CodeBuild and Lambda make the interfaces, and roles are passed on), and for connections' former name, under which they are
# allowed and not asked.
_ENDPOINTS: Mapping[str, str] = {
    "cloudwatch": "monitoring",
    "codeconnections": "codeconnections.api",
    "codestar-connections": "",
    "ec2": "",
    "iam": "",
    "sagemaker": "sagemaker.api",
}
_OF_ACTIONS: Mapping[str, str] = {
    "codecommit:GitPull": "git-codecommit",
    "codecommit:GitPush": "git-codecommit",
    "sagemaker:InvokeEndpoint": "sagemaker.runtime",
    "sagemaker:InvokeEndpointAsync": "sagemaker.runtime",
}
# Whose roles act in the VPC. Jobs and models do, too, but of them only S3's endpoint is asked: SageMaker itself pulls images and
# writes logs and metrics.
_INSIDE = ("codebuild.amazonaws.com", "lambda.amazonaws.com")


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
            SUBNETS,
            group=GROUP,
            label="Subnets",
            description="Private subnets of the VPC.",
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


def name_endpoints(template: Template, servers: Sequence[str] = ()) -> None:
    """Say on the form which endpoints the subnets need, when all that runs in them is there; `servers` are reached besides."""
    if SUBNETS not in template.parameters:
        return
    needed = ", ".join(sorted({"s3", *_called(template)}))
    beside = "".join(f"{server}, " for server in servers) + "the Python package index"
    template.parameters[SUBNETS].properties["Description"] = (
        f"Private subnets of the VPC, which has these endpoints: {needed}. What runs in them also reaches {beside}."
    )


def _called(template: Template) -> Iterator[str]:
    """What the builds and functions may call is what they do call; a function's dead letters are sent by Lambda."""
    resources = encode_to_dict(template.resources)
    letters = [
        one["Properties"]["DeadLetterConfig"]["TargetArn"]
        for one in resources.values()
        if "DeadLetterConfig" in one["Properties"]
    ]
    for one in resources.values():
        if one["Type"] != "AWS::IAM::Role":
            continue
        trusted = one["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"].get("Service")
        if trusted not in _INSIDE:
            continue
        for policy in one["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                if all(resource in letters for resource in statement["Resource"]):
                    continue
                if statement["Effect"] == "Allow":
                    yield from filter(None, map(_endpoint, statement["Action"]))


def _endpoint(action: str) -> str:
    service = action.partition(":")[0]
    return _OF_ACTIONS.get(action, _ENDPOINTS.get(service, service))
