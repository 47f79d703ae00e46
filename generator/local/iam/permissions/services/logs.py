"""What log groups and what hangs on them need, reviewed by hand.

Owns facts only. CloudWatch Logs asks about `log-group:<name>:log-stream:`, so a policy must end in `:*`; only the
tagging calls are asked about the group alone. It is the trap of this service.
"""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, passes, tags_by

_PAGE = authorization("amazoncloudwatchlogs")
_ARNS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html"
_GROUP = "arn:{partition}:logs:{region}:{account}:log-group:{name}"
_STREAMS = _GROUP + ":log-stream:"

LOG_GROUP = Reviewed(
    "AWS::Logs::LogGroup",
    _GROUP,
    _ARNS,
    (
        Call("logs:CreateLogGroup", "c", _STREAMS, tagging="sends"),
        Call("logs:DescribeLogGroups", "crud", "*", source=_PAGE),
        Call(
            "logs:PutRetentionPolicy", "cu", _STREAMS, when=("RetentionInDays",), changed=("RetentionInDays",)
        ),
        Call(
            "logs:DeleteRetentionPolicy",
            "u",
            _STREAMS,
            when=("!RetentionInDays",),
            changed=("RetentionInDays",),
        ),
        Call("logs:AssociateKmsKey", "u", _STREAMS, when=("KmsKeyId",), changed=("KmsKeyId",)),
        Call("logs:DisassociateKmsKey", "u", _STREAMS, when=("!KmsKeyId",), changed=("KmsKeyId",)),
        Call(
            "logs:PutDataProtectionPolicy",
            "cu",
            _STREAMS,
            when=("DataProtectionPolicy",),
            changed=("DataProtectionPolicy",),
        ),
        Call(
            "logs:DeleteDataProtectionPolicy",
            "u",
            _STREAMS,
            when=("!DataProtectionPolicy",),
            changed=("DataProtectionPolicy",),
        ),
        Call("logs:DeleteLogGroup", "d", _STREAMS),
        *tags_by("logs:TagResource", "logs:UntagResource", on=_GROUP, lists="logs:ListTagsForResource"),
    ),
    name="LogGroupName",
)

_FILTERED = "arn:{partition}:logs:{region}:{account}:log-group:{LogGroupName}:log-stream:"
METRIC_FILTER = Reviewed(
    "AWS::Logs::MetricFilter",
    _FILTERED,
    _ARNS,
    (
        Call("logs:PutMetricFilter", "cu"),
        Call("logs:DescribeMetricFilters", "crd"),
        Call("logs:DeleteMetricFilter", "d"),
    ),
    name="FilterName",
    tags="",
)

SUBSCRIPTION_FILTER = Reviewed(
    "AWS::Logs::SubscriptionFilter",
    _FILTERED,
    _ARNS,
    (
        Call("logs:PutSubscriptionFilter", "cu"),
        passes("RoleArn", "logs.amazonaws.com", "cu"),
        Call("logs:DescribeSubscriptionFilters", "crd"),
        Call("logs:DeleteSubscriptionFilter", "d"),
    ),
    name="FilterName",
    tags="",
)

RESOURCE_POLICY = Reviewed(
    "AWS::Logs::ResourcePolicy",
    "*",
    _PAGE,
    (
        Call("logs:PutResourcePolicy", "cu", "*"),
        Call("logs:DescribeResourcePolicies", "rd", "*"),
        Call("logs:DeleteResourcePolicy", "d", "*"),
    ),
    tags="",
)

TYPES = (LOG_GROUP, METRIC_FILTER, SUBSCRIPTION_FILTER, RESOURCE_POLICY)
