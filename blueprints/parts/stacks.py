"""The stacks of stages: what they are called, and what making and deleting them takes of the pipeline and the clean-up.

Owns names and permissions on CloudFormation; what a stack may hold, its role says (`parts/deployer.py`).
"""

from __future__ import annotations

from troposphere import Sub, iam

from .access import Statement, allow, arn, pass_role
from .project import PREFIX, PROJECT_ID, PROJECT_NAME, Project


def prefix(project: Project) -> Sub:
    """What the names of all stages' stacks begin with; the clean-up finds those of former stages by it, too."""
    return Sub(f"{project.named('deploy', limit=111).data['Fn::Sub']}-")


def name(project: Project, stage: str) -> Sub:
    """The stack of one stage: at most 88 of 128 characters."""
    return Sub(f"{prefix(project).data['Fn::Sub']}{stage}")


def _arns() -> Sub:
    return arn("cloudformation", f"stack/{PREFIX}${{{PROJECT_NAME}}}-${{{PROJECT_ID}}}-deploy-*/*")


def deploy(deployer: iam.Role) -> tuple[Statement, ...]:
    """To create and update the stacks, whose resources `deployer` makes; one that never came to life is deleted for it."""
    return (
        allow(
            [
                "cloudformation:CreateStack",
                "cloudformation:DeleteStack",
                "cloudformation:DescribeStackEvents",
                "cloudformation:DescribeStackResources",
                "cloudformation:DescribeStacks",
                "cloudformation:GetTemplate",
                "cloudformation:TagResource",
                "cloudformation:UntagResource",
                "cloudformation:UpdateStack",
            ],
            [_arns()],
        ),
        pass_role(deployer.get_att("Arn"), "cloudformation"),
    )


def look() -> Statement:
    """To read the outputs of the stacks."""
    return allow(["cloudformation:DescribeStacks"], [_arns()])


def delete(deployer: iam.Role) -> list[Statement]:
    """To find the stacks, delete them under the role that made them, and wait for their end."""
    return [
        allow(["cloudformation:ListStacks"], "*"),
        allow(
            [
                "cloudformation:DeleteStack",
                "cloudformation:DescribeStackEvents",
                "cloudformation:DescribeStacks",
            ],
            [_arns()],
        ),
        pass_role(deployer.get_att("Arn"), "cloudformation"),
    ]
