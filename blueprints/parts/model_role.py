"""The role that a hosted model acts as: its image, its data, its logs and nothing else.

Owns the role and the statements for what a model may need; SageMaker's guide lists them under CreateModel.
"""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, Sub, Template
from troposphere.iam import Policy, Role
from troposphere.logs import LogGroup

from .access import THIS_ACCOUNT, Statement, allow, arn
from .customer_key import use_through
from .locations import S3Place


def logs_and_metrics(group: LogGroup) -> list[Statement]:
    """To write into the endpoint's log group, and into SageMaker's metrics of endpoints."""
    return [
        allow(
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], [group.get_att("Arn")]
        ),
        # PutMetricData knows no resource, only the namespace.
        allow(
            ["cloudwatch:PutMetricData"],
            "*",
            {"StringEquals": {"cloudwatch:namespace": "/aws/sagemaker/Endpoints"}},
        ),
    ]


def pull(repository: Sub | GetAtt) -> list[Statement]:
    """To pull from one repository; the login belongs to the whole registry."""
    return [
        allow(["ecr:GetAuthorizationToken"], "*"),
        allow(
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [repository],
        ),
    ]


def read(place: S3Place) -> list[Statement]:
    """To read the model data."""
    return [allow(["s3:GetObject"], [place.arn()])]


def capture(place: S3Place, key: Any) -> list[Statement]:
    """To store captured requests and answers."""
    written = [allow(["s3:PutObject"], [place.arn()])]
    return [*written, *([use_through(key, "s3", write=True)] if key is not None else [])]


def network_interfaces() -> list[Statement]:
    """To connect containers to a VPC; the Describe actions know no resource."""
    return [
        allow(
            [
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ],
            "*",
        ),
        allow(
            ["ec2:CreateNetworkInterface"],
            [arn("ec2", f"{kind}/*") for kind in ("network-interface", "security-group", "subnet")],
        ),
        allow(
            [
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteNetworkInterfacePermission",
            ],
            [arn("ec2", "network-interface/*")],
        ),
    ]


def model_role(template: Template, description: str, statements: list[Statement]) -> GetAtt:
    """The role, with just these statements; its ARN."""
    template.add_resource(
        Role(
            "ModelRole",
            Description=Sub(description),
            AssumeRolePolicyDocument={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "sagemaker.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                        "Condition": THIS_ACCOUNT,
                    }
                ],
            },
            Policies=[
                Policy(
                    PolicyName="model",
                    PolicyDocument={"Version": "2012-10-17", "Statement": statements},
                )
            ],
        )
    )
    return GetAtt("ModelRole", "Arn")
