"""Cleaning up when a project is terminated: what its pipelines made at run time, which its stack does not know.

Owns the custom resource and its function. A SageMaker pipeline outlives its stack, a model package group cannot be
deleted while it holds versions, nor a bucket while it holds objects: whatever goes with the project is emptied first.
The stacks of stages need the role that made them, and so go before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from troposphere import AWSObject, Ref, Sub, iam, s3
from troposphere.cloudformation import AWSCustomObject

from generator.blueprint import Context

from . import artifacts, stacks, training
from .access import Statement, allow
from .accounts import Rollout, own
from .functions import LONGEST_SECONDS, function
from .project import Project
from .registry import Registry
from .retention import Retention
from .rollout import take_back
from .surroundings import Surroundings

TITLE = "Cleanup"
ROLE = "cleanup"  # what the function's role is called, and the one that it assumes in other accounts


class ProjectCleanup(AWSCustomObject):  # type: ignore[misc]  # troposphere ships no types
    """Deletes the project's SageMaker pipelines and the stacks of its stages; also all that a bucket and groups hold."""

    resource_type = "Custom::ProjectCleanup"
    props = {
        "ServiceToken": (object, True),
        "ServiceTimeout": (int, True),
        "ProjectId": (object, True),
        "AccountId": (object, True),
        "Bucket": (object, False),
        "ModelPackageGroups": (list, False),
        "StackPrefix": (object, False),
        "StackRole": (object, False),
        "StackSetPrefix": (object, False),
        "AccountsOf": (list, False),
        "AccountRole": (object, False),
    }


def cleanup(
    project: Project,
    context: Context,
    around: Surroundings,
    retention: Retention,
    *,
    bucket: s3.Bucket,
    registry: Registry,
    deployer: iam.Role | None,
    rollout: Rollout | None,
    accounts_of: Sequence[Sub] = (),
    visit: Sequence[Statement] = (),
    after: Sequence[AWSObject],
) -> str:
    """Clean up at deletion; returns the title of the custom resource.

    `deployer` makes the stacks of stages, `rollout` those in other accounts, where there are any. The accounts in which the
    StackSets `accounts_of` have instances are cleaned as this one is, with the permissions `visit`.

    What could still write must be made after it, and so be deleted before it; what is cleaned needs `after`.
    """
    emptied: dict[str, Any] = {}
    permissions = [*clean(registry, retention), *visit]
    if deployer:
        emptied |= {"StackPrefix": stacks.prefix(project), "StackRole": deployer.get_att("Arn")}
        permissions += stacks.delete(deployer)
    if rollout and rollout.stack_sets:
        emptied |= {"StackSetPrefix": stacks.prefix(project)}
        permissions += take_back(rollout)
    if not retention.kept:
        emptied |= {"Bucket": bucket.ref(), "ModelPackageGroups": list(registry.names)}
    if accounts_of:
        emptied |= {"AccountsOf": list(accounts_of), "AccountRole": Sub(own(ROLE))}
    cleaner = function(
        project,
        context,
        around,
        title=TITLE,
        suffix=ROLE,
        description="Cleans up what a SageMaker project made at run time, when it is terminated.",
        permissions=permissions,
    )
    project.add(
        ProjectCleanup(
            TITLE,
            ServiceToken=cleaner.get_att("Arn"),
            # An answer that is lost must not hold the stack for CloudFormation's hour.
            ServiceTimeout=LONGEST_SECONDS + 60,
            ProjectId=project.id,
            AccountId=Ref("AWS::AccountId"),
            **emptied,
            DependsOn=sorted(resource.title for resource in after),
        )
    )
    return TITLE


def clean(registry: Registry, retention: Retention) -> list[Statement]:
    """To delete, in one account, what was made at run time."""
    statements = [
        allow(["sagemaker:ListPipelines"], "*"),
        allow(
            [
                "sagemaker:DeletePipeline",
                "sagemaker:DescribePipelineExecution",
                "sagemaker:ListPipelineExecutions",
                "sagemaker:StopPipelineExecution",
            ],
            [training.pipelines()],
        ),
    ]
    if not retention.kept:
        bucket = f"${{{artifacts.TITLE}.Arn}}"
        statements += [
            *registry.delete_versions(),
            allow(["s3:ListBucketVersions"], [Sub(bucket)]),
            allow(["s3:DeleteObject", "s3:DeleteObjectVersion"], [Sub(f"{bucket}/*")]),
        ]
    return statements
