"""SageMaker pipelines, stopped and deleted; what is already gone is no error."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from .custom_resource import Deadline

logger = logging.getLogger(__name__)

Client = Any  # boto3 makes the classes of its clients at run time


def delete(sagemaker: Client, names: Sequence[str], deadline: Deadline) -> None:
    """Stop what runs of the pipelines, then delete them."""
    for name in names:
        for execution in _executions(sagemaker, name, "Executing"):
            _stop(sagemaker, execution)
    for name in names:
        pauses = deadline.pauses()
        while _executions(sagemaker, name, "Executing", "Stopping"):
            next(pauses)
        unless_gone(sagemaker.delete_pipeline, PipelineName=name)
        logger.info("deleted pipeline", extra={"pipeline": name})


def _executions(sagemaker: Client, pipeline: str, *statuses: str) -> list[str]:
    pages = sagemaker.get_paginator("list_pipeline_executions").paginate(PipelineName=pipeline)
    try:
        return [
            summary["PipelineExecutionArn"]
            for page in pages
            for summary in page["PipelineExecutionSummaries"]
            if summary["PipelineExecutionStatus"] in statuses
        ]
    except ClientError as error:
        if gone(error):
            return []
        raise


def _stop(sagemaker: Client, execution: str) -> None:
    try:
        sagemaker.stop_pipeline_execution(PipelineExecutionArn=execution)
    except ClientError as error:
        if error.response["Error"]["Code"] not in (
            "ConflictException",
            "ResourceNotFound",
            "ValidationException",
        ):
            raise
        # It ended by itself meanwhile, or somebody else is stopping it; waiting for its end shows which.
        logger.info("not stopped", extra={"execution": execution, "reason": str(error)})


def unless_gone(call: Any, **arguments: str) -> None:
    """Call SageMaker to delete something that may not be there."""
    try:
        call(**arguments)
    except ClientError as error:
        if not gone(error):
            raise


def gone(error: ClientError) -> bool:
    """SageMaker calls what is missing ResourceNotFound, or by a ValidationException that says so."""
    detail = error.response["Error"]
    return detail["Code"] == "ResourceNotFound" or (
        detail["Code"] == "ValidationException" and "does not exist" in detail["Message"]
    )
