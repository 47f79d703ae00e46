"""What parameters and documents of Systems Manager need, reviewed by hand. Owns facts only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.local.iam.permissions.review import Call, Reviewed, authorization, tags_by

_PAGE = authorization("awssystemsmanager")


def _path(properties: Mapping[str, Any]) -> str:
    """The ARN has a single slash before the name, whether the name begins with one or not."""
    return str(properties.get("Name", "*")).lstrip("/")


PARAMETER = Reviewed(
    "AWS::SSM::Parameter",
    "arn:{partition}:ssm:{region}:{account}:parameter/{path}",
    _PAGE,
    (
        Call("ssm:PutParameter", "c", tagging="sends"),
        Call("ssm:PutParameter", "u"),
        Call("ssm:GetParameters", "cru"),
        Call("ssm:DescribeParameters", "r", "*"),
        Call("ssm:DeleteParameter", "d"),
        *tags_by("ssm:AddTagsToResource", "ssm:RemoveTagsFromResource", lists="ssm:ListTagsForResource"),
    ),
    name="Name",
    parts={"path": _path},
)

DOCUMENT = Reviewed(
    "AWS::SSM::Document",
    "arn:{partition}:ssm:{region}:{account}:document/{name}",
    _PAGE,
    (
        Call("ssm:CreateDocument", "c", tagging="sends"),
        Call("ssm:DescribeDocument", "crd"),
        Call("ssm:GetDocument", "r"),
        Call("ssm:UpdateDocument", "u", changed=("Content", "Attachments", "VersionName")),
        Call("ssm:UpdateDocumentDefaultVersion", "u", changed=("Content",)),
        Call("ssm:DeleteDocument", "d"),
        *tags_by("ssm:AddTagsToResource", "ssm:RemoveTagsFromResource", lists="ssm:ListTagsForResource"),
    ),
    name="Name",
)

TYPES = (PARAMETER, DOCUMENT)
