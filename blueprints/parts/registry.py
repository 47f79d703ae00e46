"""The model package group, in which a project registers the versions of its model."""

from __future__ import annotations

from troposphere import Sub, sagemaker

from .access import Statement, allow, arn
from .project import PROJECT_ID, Project
from .retention import Retention

TITLE = "ModelPackageGroup"


def model_package_group(project: Project, retention: Retention) -> sagemaker.ModelPackageGroup:
    """The group; its name takes all 63 characters that SageMaker allows for the longest project."""
    return project.add(
        sagemaker.ModelPackageGroup(
            TITLE,
            ModelPackageGroupName=group_name(project),
            ModelPackageGroupDescription=Sub("Models of SageMaker project ${SageMakerProjectName}"),
            **retention.attributes(),
        )
    )


def group_name(project: Project) -> Sub:
    """The group's name, which the resource does not give back: its reference is the ARN."""
    return project.named(limit=63)


def versions() -> Sub:
    """The ARNs of the group's versions. SageMaker lower-cases them, so that only the project's id can be matched."""
    return arn("sagemaker", f"model-package/*-${{{PROJECT_ID}}}/*")


def register(group: sagemaker.ModelPackageGroup) -> list[Statement]:
    """To register a version and read it again. Approving it is left to people, who do so under roles of their own."""
    return [
        allow(
            ["sagemaker:DescribeModelPackageGroup", "sagemaker:ListTags"],
            [group.ref()],
        ),
        allow(
            [
                "sagemaker:AddTags",
                "sagemaker:CreateModelPackage",
                "sagemaker:DescribeModelPackage",
                "sagemaker:ListModelPackages",
            ],
            [group.ref(), versions()],
            # Holds for the other actions too, which do not know the key: a negated operator matches what is absent.
            {"StringNotEquals": {"sagemaker:ModelApprovalStatus": "Approved"}},
        ),
    ]
