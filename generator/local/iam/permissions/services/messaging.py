"""What SNS topics and SQS queues need, reviewed by hand, with their policies and subscriptions. Owns facts only."""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, queue_arn, tags_by

_SNS = authorization("amazonsns")
_SQS = authorization("amazonsqs")

TOPIC = Reviewed(
    "AWS::SNS::Topic",
    "arn:{partition}:sns:{region}:{account}:{name}",
    _SNS,
    (
        Call("sns:CreateTopic", "c", tagging="sends"),
        Call("sns:GetTopicAttributes", "crud"),
        Call("sns:Subscribe", "cu", when=("Subscription",), changed=("Subscription",)),
        Call("sns:Unsubscribe", "u", each="Subscription[].Endpoint", delta="went", changed=("Subscription",)),
        Call(
            "sns:SetTopicAttributes",
            "u",
            changed=(
                "ArchivePolicy",
                "ContentBasedDeduplication",
                "DeliveryStatusLogging",
                "DisplayName",
                "FifoThroughputScope",
                "KmsMasterKeyId",
                "SignatureVersion",
                "TracingConfig",
            ),
        ),
        Call(
            "sns:PutDataProtectionPolicy",
            "cu",
            when=("DataProtectionPolicy",),
            changed=("DataProtectionPolicy",),
        ),
        Call("sns:GetDataProtectionPolicy", "r"),
        Call("sns:ListSubscriptionsByTopic", "ru"),
        Call("sns:DeleteTopic", "d"),
        *tags_by("sns:TagResource", "sns:UntagResource", lists="sns:ListTagsForResource"),
    ),
    name="TopicName",
)

TOPIC_POLICY = Reviewed(
    "AWS::SNS::TopicPolicy",
    "{Topics[]}",
    _SNS,
    (
        # A topic always has a policy: taking ours away puts the default one in its place.
        Call("sns:SetTopicAttributes", "cud", "{each}", each="Topics[]"),
        Call("sns:GetTopicAttributes", "r", "{each}", each="Topics[]"),
    ),
    tags="",
)

SUBSCRIPTION = Reviewed(
    "AWS::SNS::Subscription",
    "{TopicArn}",
    _SNS,
    (
        Call(
            "sns:Subscribe",
            "c",
            "{TopicArn}",
            keys={"sns:Protocol": "{Protocol}", "sns:Endpoint": "{Endpoint}"},
        ),
        Call("sns:GetSubscriptionAttributes", "rd", "{TopicArn}"),
        Call("sns:SetSubscriptionAttributes", "u", "{TopicArn}"),
        Call("sns:Unsubscribe", "d", "{TopicArn}"),
    ),
    tags="",
)

QUEUE = Reviewed(
    "AWS::SQS::Queue",
    "arn:{partition}:sqs:{region}:{account}:{name}",
    _SQS,
    (
        Call("sqs:CreateQueue", "c", tagging="sends"),
        Call("sqs:GetQueueAttributes", "crud"),
        Call(
            "sqs:SetQueueAttributes",
            "u",
            changed=(
                "ContentBasedDeduplication",
                "DeduplicationScope",
                "DelaySeconds",
                "FifoThroughputLimit",
                "KmsDataKeyReusePeriodSeconds",
                "KmsMasterKeyId",
                "MaximumMessageSize",
                "MessageRetentionPeriod",
                "ReceiveMessageWaitTimeSeconds",
                "RedriveAllowPolicy",
                "RedrivePolicy",
                "SqsManagedSseEnabled",
                "VisibilityTimeout",
            ),
        ),
        Call("sqs:DeleteQueue", "d"),
        *tags_by("sqs:TagQueue", "sqs:UntagQueue", lists="sqs:ListQueueTags"),
    ),
    name="QueueName",
)

QUEUE_POLICY = Reviewed(
    "AWS::SQS::QueuePolicy",
    "{Queues[]}",
    _SQS,
    (
        Call("sqs:SetQueueAttributes", "cud", "{each}", each="Queues[]", to=queue_arn),
        Call("sqs:GetQueueAttributes", "r", "{each}", each="Queues[]", to=queue_arn),
    ),
    tags="",
)

TYPES = (TOPIC, TOPIC_POLICY, SUBSCRIPTION, QUEUE, QUEUE_POLICY)
