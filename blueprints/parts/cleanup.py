"""Cleaning up when a project is terminated: what its pipelines made at run time, which no stack knows.

Owns the custom resource and its function. A SageMaker pipeline outlives its stack, a model package group cannot be
deleted while it holds versions, nor a bucket while it holds objects: whatever goes with the project is emptied first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from troposphere import AWSObject, Ref, Sub, s3, sagemaker
from troposphere.cloudformation import AWSCustomObject

from generator.blueprint import Context

from . import artifacts, registry, training
from .access import Statement, allow
from .functions import LONGEST_SECONDS, function
from .project import Project
from .retention import Retention
from .surroundings import Surroundings

TITLE = "Cleanup"


class ProjectCleanup(AWSCustomObject):  # type: ignore[misc]  # troposphere ships no types
    """Deletes the project's SageMaker pipelines; with a bucket and a group, also all that these hold."""

    resource_type = "Custom::ProjectCleanup"
    props = {
        "ServiceToken": (object, True),
        "ServiceTimeout": (int, True),
        "ProjectId": (object, True),
        "AccountId": (object, True),
        "Bucket": (object, False),
        "ModelPackageGroup": (object, False),
    }


def cleanup(
    project: Project,
    context: Context,
    around: Surroundings,
    retention: Retention,
    *,
    bucket: s3.Bucket,
    group: sagemaker.ModelPackageGroup,
    after: Sequence[AWSObject],
) -> str:
    """Clean up at deletion; returns the title of the custom resource.

    What could still write must be made after it, and so be deleted before it; what is cleaned needs `after`.
    """
    emptied: dict[str, Any] = {}
    permissions = _delete_pipelines()
    if not retention.kept:
        emptied = {"Bucket": bucket.ref(), "ModelPackageGroup": registry.group_name(project)}
        permissions += [*_delete_versions(group), *_empty_bucket()]
    cleaner = function(
        project,
        context,
        around,
        title=TITLE,
        suffix="cleanup",
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


def _delete_pipelines() -> list[Statement]:
    return [
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


def _delete_versions(group: sagemaker.ModelPackageGroup) -> list[Statement]:
    return [
        allow(
            ["sagemaker:DeleteModelPackage", "sagemaker:ListModelPackages"],
            [group.ref(), registry.versions()],
        )
    ]


def _empty_bucket() -> list[Statement]:
    return [
        allow(["s3:ListBucketVersions"], [Sub(f"${{{artifacts.TITLE}.Arn}}")]),
        allow(["s3:DeleteObject", "s3:DeleteObjectVersion"], [Sub(f"${{{artifacts.TITLE}.Arn}}/*")]),
    ]
