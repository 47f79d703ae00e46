"""What connections to git hosts need, reviewed by hand. Owns facts only.

The prefix of the actions is the one of the resource type: connections made before the service was renamed keep theirs.
"""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, tags_by


def _connection(resource_type: str, prefix: str, page: str) -> Reviewed:
    return Reviewed(
        resource_type,
        f"arn:{{partition}}:{prefix}:{{region}}:{{account}}:connection/{{name}}",
        authorization(page),
        (
            # What is to be made has no ARN yet, and creation has no resource level.
            Call(
                f"{prefix}:CreateConnection",
                "c",
                "*",
                tagging="sends",
                keys={f"{prefix}:ProviderType": "{ProviderType}"},
            ),
            Call(f"{prefix}:GetConnection", "crd"),
            Call(f"{prefix}:DeleteConnection", "d"),
            *tags_by(
                f"{prefix}:TagResource", f"{prefix}:UntagResource", lists=f"{prefix}:ListTagsForResource"
            ),
        ),
    )


TYPES = (
    _connection("AWS::CodeConnections::Connection", "codeconnections", "awscodeconnections"),
    _connection("AWS::CodeStarConnections::Connection", "codestar-connections", "awscodestarconnections"),
)
