"""SageMaker's event of a model package that was made or changed.

Its shape is that of https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html (Model package
state change); `UpdatedModelPackageFields` are the members of the update, as services have told them since 2024.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from generator.local.execution.events import emit
from generator.local.identity import administrator
from generator.local.service import Call

KIND: Final = "SageMaker Model Package State Change"
_TOLD: Final = (
    "ModelPackageGroupName",
    "ModelPackageName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    "InferenceSpecification",
    "SourceAlgorithmSpecification",
    "ModelPackageStatus",
    "ModelPackageStatusDetails",
    "CertifyForMarketplace",
    "ModelApprovalStatus",
    "ApprovalDescription",
    "MetadataProperties",
    "CustomerMetadataProperties",
    "LastModifiedTime",
)


def created(call: Call, _asked: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """The event of a new model package."""
    _tell(call, answer["ModelPackageArn"], {})


def updated(call: Call, asked: Mapping[str, Any], _answer: Mapping[str, Any]) -> None:
    """The event of a change, with the fields that it was about."""
    fields = [name for name in asked if name not in ("ModelPackageArn", "ClientToken")]
    _tell(call, asked["ModelPackageArn"], {"UpdatedModelPackageFields": fields})


def _tell(call: Call, arn: str, more: Mapping[str, Any]) -> None:
    client = call.client("sagemaker", identity=administrator(call.account))
    found = client.describe_model_package(ModelPackageName=arn)
    if found.get("ModelPackageGroupName"):
        found.pop("ModelPackageName", None)  # a version of a group has no name of its own
    detail = {name: _plain(found[name]) for name in _TOLD if found.get(name) is not None}
    emit(call, call.region, "aws.sagemaker", KIND, [found["ModelPackageArn"]], {**detail, **more})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
