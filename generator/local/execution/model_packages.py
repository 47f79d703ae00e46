"""SageMaker's event of a model package that was made or changed.

Its shape is that of https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html (SageMaker model
package state change), which also lists what `UpdatedModelPackageFields` may hold: members of the update.
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
    "ModelMetrics",
    "CustomerMetadataProperties",
    "ModelLifeCycle",
    "LastModifiedTime",
)
# What the members of an update are called in the event, where it is something else.
_FIELDS: Final = {
    "SourceUri": "sourceUri",
    "CustomerMetadataPropertiesToRemove": "CustomerMetadataProperties",
}


def created(call: Call, _asked: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """The event of a new model package."""
    _tell(call, answer["ModelPackageArn"], {})


def updated(call: Call, asked: Mapping[str, Any], _answer: Mapping[str, Any]) -> None:
    """The event of a change, with the fields that it was about."""
    kept = {name: asked[name] for name in ("ModelLifeCycle",) if name in asked}  # which moto drops
    fields = [_FIELDS.get(name, name) for name in asked if name not in ("ModelPackageArn", "ClientToken")]
    _tell(call, asked["ModelPackageArn"], {**kept, "UpdatedModelPackageFields": list(dict.fromkeys(fields))})


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
