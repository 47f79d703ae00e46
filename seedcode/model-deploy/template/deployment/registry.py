"""The model registry: which version of a model is deployed, and what it consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class NothingToDeploy(Exception):
    """The registry has nothing that may be deployed; the message says what to do."""


@dataclass(frozen=True)
class Package:
    """A version of a model, with the container that serves it."""

    arn: str
    version: int
    image: str
    model_data: str  # the S3 address of the archive
    environment: dict[str, str]


def latest_approved(sagemaker: Any, group: str) -> str:
    """The ARN of the newest approved version of a model package group.

    Raises:
        NothingToDeploy: no version is approved.
    """
    newest: dict[str, Any] = {}
    # A page may be empty and still have a successor: SageMaker filters after it has cut the pages.
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group, ModelApprovalStatus="Approved", PaginationConfig={"PageSize": 100}
    )
    for page in pages:
        for summary in page["ModelPackageSummaryList"]:
            usable = summary.get("ModelPackageStatus", "Completed") == "Completed"
            if usable and summary["ModelPackageVersion"] > newest.get("ModelPackageVersion", 0):
                newest = summary
    if not newest:
        raise NothingToDeploy(
            f"model package group {group} has no approved version: approve one in SageMaker Studio or with "
            "`aws sagemaker update-model-package --model-approval-status Approved`"
        )
    return str(newest["ModelPackageArn"])


def read(sagemaker: Any, arn: str) -> Package:
    """What a version consists of.

    Raises:
        NothingToDeploy: it has more than one container, or none of its own.
    """
    found = sagemaker.describe_model_package(ModelPackageName=arn)
    containers = found.get("InferenceSpecification", {}).get("Containers", [])
    if len(containers) != 1 or not containers[0].get("ModelDataUrl"):
        raise NothingToDeploy(f"{arn} has {len(containers)} containers with model data; exactly one can be served here")
    (container,) = containers
    return Package(
        arn,
        int(found["ModelPackageVersion"]),
        container["Image"],
        container["ModelDataUrl"],
        container.get("Environment", {}),
    )
