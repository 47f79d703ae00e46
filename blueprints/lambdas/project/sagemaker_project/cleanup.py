"""Cleans up, when a project is terminated, what was made at run time: stages' stacks, SageMaker pipelines, versions, objects; those of a
promoted pipeline in the accounts of its stages, too.

Only a deletion does anything, so that creation and update cannot fail; what is already gone is no error, so that a deletion
can be repeated at any point.
"""

from __future__ import annotations

import logging
import re
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from . import pipelines
from .custom_resource import Deadline, LambdaContext, serve
from .stack_sets import accounts_of, delete_stack_sets
from .stacks import delete_stacks
from .visiting import visiting

logger = logging.getLogger(__name__)

Client = Any  # boto3 makes the classes of its clients at run time

_CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 6})
_PREFIX = "sagemaker-"  # of all names of a project


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    properties = event["ResourceProperties"]

    def work(deadline: Deadline) -> None:
        if event["RequestType"] != "Delete":
            return
        if prefix := properties.get("StackPrefix"):
            # What is deployed goes first: it uses the versions and the objects.
            cloudformation = boto3.client("cloudformation", config=_CONFIG)
            delete_stacks(cloudformation, prefix, properties["StackRole"], deadline)
        if prefix := properties.get("StackSetPrefix"):
            delete_stack_sets(boto3.client("cloudformation", config=_CONFIG), prefix, deadline)
        if sets := properties.get("AccountsOf"):
            found = accounts_of(boto3.client("cloudformation", config=_CONFIG), sets)
            for account in sorted(found):
                clean(visiting(account, properties["AccountRole"]), properties, account, deadline)
        clean(boto3.Session(), properties, properties["AccountId"], deadline)

    serve(event, context, f"cleanup-{properties['ProjectId']}", work)


def clean(session: boto3.Session, properties: dict[str, Any], account: str, deadline: Deadline) -> None:
    """Clean one account, in which the project has what it has in its own, but for the account in the bucket's name."""
    sagemaker = session.client("sagemaker", config=_CONFIG)
    delete_pipelines(sagemaker, properties["ProjectId"], deadline)
    for group in properties.get("ModelPackageGroups", []):
        delete_versions(sagemaker, group, deadline)
    if bucket := properties.get("Bucket"):
        here = bucket.replace(f"-{properties['AccountId']}-", f"-{account}-")
        empty(session.client("s3", config=_CONFIG), here, account, deadline)
    logger.info("cleaned", extra={"account": account})


def delete_pipelines(sagemaker: Client, project_id: str, deadline: Deadline) -> None:
    """Stop and delete the SageMaker pipelines whose names contain the project's id as a whole."""
    ours = re.compile(rf"(?<![a-z0-9]){re.escape(project_id)}(?![a-z0-9])")
    pages = sagemaker.get_paginator("list_pipelines").paginate(PipelineNamePrefix=_PREFIX)
    names = [
        summary["PipelineName"]
        for page in pages
        for summary in page["PipelineSummaries"]
        if ours.search(summary["PipelineName"])
    ]
    pipelines.delete(sagemaker, names, deadline)


def delete_versions(sagemaker: Client, group: str, deadline: Deadline) -> None:
    """Delete all versions of a model package group, which cannot be deleted before."""
    pages = sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
    try:
        versions = [
            summary["ModelPackageArn"] for page in pages for summary in page["ModelPackageSummaryList"]
        ]
    except ClientError as error:
        if pipelines.gone(error):
            return
        raise
    for version in versions:
        deadline.check()
        pipelines.unless_gone(sagemaker.delete_model_package, ModelPackageName=version)
    logger.info("deleted model versions", extra={"group": group, "count": len(versions)})


def empty(s3: Client, bucket: str, account: str, deadline: Deadline) -> None:
    """Delete all versions of all objects, again until none is found, since a stopping job may still write."""
    count = 0
    while found := _delete_listed(s3, bucket, account, deadline):
        count += found
    logger.info("emptied bucket", extra={"bucket": bucket, "count": count})


def _delete_listed(s3: Client, bucket: str, account: str, deadline: Deadline) -> int:
    """Delete what one listing finds, a page of at most 1,000 at a time; how many there were."""
    count = 0
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, ExpectedBucketOwner=account)
    try:
        for page in pages:
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if not found:
                continue
            deadline.check()
            answer = s3.delete_objects(
                Bucket=bucket,
                ExpectedBucketOwner=account,
                Delete={
                    "Objects": [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found],
                    "Quiet": True,
                },
            )
            if errors := answer.get("Errors"):
                first = errors[0]
                raise RuntimeError(
                    f"{len(errors)} objects of {bucket} could not be deleted, such as {first.get('Key')}: "
                    f"{first.get('Code')} {first.get('Message', '')}"
                )
            count += len(found)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            return 0
        raise
    return count
