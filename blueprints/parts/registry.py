"""The model registry of a project: one model package group, or one for each of several models.

Owns the groups, their policies and names, the permissions to register and read versions, and the event of an approval.
Approving is left to people, who do so under roles of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import Sub, sagemaker

from .access import Statement, allow, arn
from .project import PREFIX, PROJECT_ID, Project
from .retention import Retention

TITLE = "ModelPackageGroup"


@dataclass(frozen=True)
class Registry:
    """The groups, and how permissions reach them."""

    groups: tuple[sagemaker.ModelPackageGroup, ...]
    names: tuple[Sub, ...]
    told: Sub
    """For the repository's code: the name of the one group, or what the names of several begin with, before a hyphen."""

    @property
    def several(self) -> bool:
        return bool(self.groups[0].title != TITLE)

    def arns(self) -> list[object]:
        """The groups; several by what their names share, since a role's policy has little room."""
        if self.several:
            return [arn("sagemaker", f"model-package-group/{PREFIX}${{{PROJECT_ID}}}-*")]
        return [self.groups[0].ref()]

    def versions(self) -> Sub:
        """The versions in the groups. SageMaker lower-cases ARNs, so that only the project's id can be matched."""
        if self.several:
            return arn("sagemaker", f"model-package/{PREFIX}${{{PROJECT_ID}}}-*/*")
        return arn("sagemaker", f"model-package/*-${{{PROJECT_ID}}}/*")

    def register(self) -> list[Statement]:
        """To register a version and read it again."""
        return [
            allow(["sagemaker:DescribeModelPackageGroup", "sagemaker:ListTags"], self.arns()),
            allow(
                [
                    "sagemaker:AddTags",
                    "sagemaker:CreateModelPackage",
                    "sagemaker:DescribeModelPackage",
                    "sagemaker:ListModelPackages",
                ],
                [*self.arns(), self.versions()],
                # Holds for the other actions too, which do not know the key: a negated operator matches what is absent.
                {"StringNotEquals": {"sagemaker:ModelApprovalStatus": "Approved"}},
            ),
        ]

    def read(self) -> list[Statement]:
        """To find versions and read what is registered of them."""
        return [
            allow(
                ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"],
                [*self.arns(), self.versions()],
            )
        ]

    def delete_versions(self) -> list[Statement]:
        """To empty the groups."""
        return [
            allow(
                ["sagemaker:DeleteModelPackage", "sagemaker:ListModelPackages"],
                [*self.arns(), self.versions()],
            )
        ]

    def approved(self) -> Mapping[str, Any]:
        """The event that a version of these groups was approved, and nothing else.

        A change of metadata on an approved version says Approved again, with other fields as updated. An event that
        tells no fields may be about the status.
        """
        return {
            "source": ["aws.sagemaker"],
            "detail-type": ["SageMaker Model Package State Change"],
            "detail": {
                "ModelPackageGroupName": list(self.names),
                "ModelApprovalStatus": ["Approved"],
                "$or": [
                    {"UpdatedModelPackageFields": ["ModelApprovalStatus"]},
                    {"UpdatedModelPackageFields": [{"exists": False}]},
                ],
            },
        }


def model_registry(
    project: Project,
    retention: Retention,
    *,
    models: Sequence[str] = (),
    approvers: Sequence[str] = (),
    shared_with: Sequence[Statement] = (),
) -> Registry:
    """One group, or one for each of `models`; all names take at most the 63 characters that SageMaker allows.

    `approvers`: the roles that alone may approve. `shared_with`: what other accounts may do with the versions.
    """
    described = "Models of SageMaker project ${SageMakerProjectName}"
    made: list[sagemaker.ModelPackageGroup] = []
    names = [project.named(model, limit=63) for model in models] or [project.named(limit=63)]
    titles = [TITLE + "".join(word.capitalize() for word in model.split("-")) for model in models] or [TITLE]
    statements = [*_only(approvers), *shared_with]
    for title, name in zip(titles, names, strict=True):
        policy = (
            {"ModelPackageGroupPolicy": {"Version": "2012-10-17", "Statement": statements}}
            if statements
            else {}
        )
        made.append(
            project.add(
                sagemaker.ModelPackageGroup(
                    title,
                    ModelPackageGroupName=name,
                    ModelPackageGroupDescription=Sub(described),
                    **policy,
                    **retention.attributes(),
                )
            )
        )
    told = Sub(f"{PREFIX}${{{PROJECT_ID}}}") if models else names[0]
    return Registry(tuple(made), tuple(names), told)


def _only(approvers: Sequence[str]) -> list[Statement]:
    """Nobody but these roles sets a version Approved, whatever else they are allowed."""
    if not approvers:
        return []
    roles = [Sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{name}") for name in approvers]
    return [
        {
            "Sid": "OnlyApprovers",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["sagemaker:CreateModelPackage", "sagemaker:UpdateModelPackage"],
            "Resource": [arn("sagemaker", f"model-package/*${{{PROJECT_ID}}}*/*")],
            "Condition": {
                "StringEquals": {"sagemaker:ModelApprovalStatus": "Approved"},
                "ArnNotLike": {"aws:PrincipalArn": roles},
            },
        }
    ]
