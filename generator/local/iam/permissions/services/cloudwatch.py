"""What alarms, dashboards and scaling need, reviewed by hand. Owns facts only."""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, passes, tags_by

_CLOUDWATCH = authorization("amazoncloudwatch")
_SCALING = authorization("awsapplicationautoscaling")
_SCALING_CALLERS = (
    "https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html"
)
_LINKED = "https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html"

ALARM = Reviewed(
    "AWS::CloudWatch::Alarm",
    "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}",
    _CLOUDWATCH,
    (
        Call("cloudwatch:PutMetricAlarm", "c", tagging="sends"),
        Call("cloudwatch:PutMetricAlarm", "u"),
        Call("cloudwatch:DescribeAlarms", "crud"),
        Call("cloudwatch:DeleteAlarms", "d"),
        *tags_by(
            "cloudwatch:TagResource", "cloudwatch:UntagResource", lists="cloudwatch:ListTagsForResource"
        ),
    ),
    name="AlarmName",
)

DASHBOARD = Reviewed(
    "AWS::CloudWatch::Dashboard",
    # Dashboards belong to no region.
    "arn:{partition}:cloudwatch::{account}:dashboard/{name}",
    _CLOUDWATCH,
    (
        Call("cloudwatch:PutDashboard", "cu"),
        Call("cloudwatch:GetDashboard", "crd"),
        Call("cloudwatch:DeleteDashboards", "d"),
    ),
    name="DashboardName",
    tags="",
)

_TARGET = "arn:{partition}:application-autoscaling:{region}:{account}:scalable-target/*"
_SAGEMAKER = ("ServiceNamespace=sagemaker",)
_ENDPOINTS = "arn:{partition}:sagemaker:{region}:{account}:{ResourceId}"

SCALABLE_TARGET = Reviewed(
    "AWS::ApplicationAutoScaling::ScalableTarget",
    _TARGET,
    _SCALING,
    (
        Call(
            "application-autoscaling:RegisterScalableTarget",
            "c",
            keys={
                "application-autoscaling:service-namespace": "{ServiceNamespace}",
                "application-autoscaling:scalable-dimension": "{ScalableDimension}",
            },
            tagging="sends",
        ),
        Call(
            "application-autoscaling:RegisterScalableTarget",
            "u",
            keys={
                "application-autoscaling:service-namespace": "{ServiceNamespace}",
                "application-autoscaling:scalable-dimension": "{ScalableDimension}",
            },
        ),
        Call("application-autoscaling:DescribeScalableTargets", "crud", "*"),
        Call(
            "application-autoscaling:PutScheduledAction",
            "cu",
            when=("ScheduledActions",),
            changed=("ScheduledActions",),
        ),
        Call("application-autoscaling:DescribeScheduledActions", "r", "*"),
        Call(
            "application-autoscaling:DeleteScheduledAction",
            "u",
            each="ScheduledActions[].ScheduledActionName",
            delta="went",
            changed=("ScheduledActions",),
        ),
        passes("RoleARN", "application-autoscaling.amazonaws.com", "cu", changed=("RoleARN",)),
        # First use in an account makes the role of the service, for each kind of target its own.
        Call(
            "iam:CreateServiceLinkedRole",
            "c",
            "arn:{partition}:iam::{account}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
            "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
            when=(*_SAGEMAKER, "!RoleARN"),
            keys={"iam:AWSServiceName": "sagemaker.application-autoscaling.amazonaws.com"},
            source=_LINKED,
        ),
        Call(
            "application-autoscaling:DeregisterScalableTarget",
            "d",
            keys={
                "application-autoscaling:service-namespace": "{ServiceNamespace}",
                "application-autoscaling:scalable-dimension": "{ScalableDimension}",
            },
        ),
        *tags_by(
            "application-autoscaling:TagResource",
            "application-autoscaling:UntagResource",
            lists="application-autoscaling:ListTagsForResource",
        ),
    ),
)

_KEYS = {
    "application-autoscaling:service-namespace": "{ServiceNamespace}",
    "application-autoscaling:scalable-dimension": "{ScalableDimension}",
}
_ALARMS = "arn:{partition}:cloudwatch:{region}:{account}:alarm:TargetTracking-{ResourceId}-*"
_TRACKING = ("PolicyType=TargetTrackingScaling",)

SCALING_POLICY = Reviewed(
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    _TARGET,
    _SCALING,
    (
        Call("application-autoscaling:PutScalingPolicy", "cu", _TARGET, keys=_KEYS),
        Call("application-autoscaling:DescribeScalingPolicies", "crud", "*"),
        # The alarms of target tracking are made as the caller.
        Call("cloudwatch:PutMetricAlarm", "cu", _ALARMS, when=_TRACKING, source=_SCALING_CALLERS),
        Call("cloudwatch:DescribeAlarms", "cu", _ALARMS, when=_TRACKING, source=_SCALING_CALLERS),
        Call("cloudwatch:DeleteAlarms", "d", _ALARMS, when=_TRACKING, source=_SCALING_CALLERS),
        Call("application-autoscaling:DeleteScalingPolicy", "d", _TARGET, keys=_KEYS),
    ),
    tags="",
)

COMPOSITE_ALARM = Reviewed(
    "AWS::CloudWatch::CompositeAlarm",
    "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}",
    _CLOUDWATCH,
    (
        Call("cloudwatch:PutCompositeAlarm", "c", tagging="sends"),
        Call("cloudwatch:PutCompositeAlarm", "u"),
        Call("cloudwatch:DescribeAlarms", "crud"),
        Call("cloudwatch:DeleteAlarms", "d"),
        *tags_by(
            "cloudwatch:TagResource", "cloudwatch:UntagResource", lists="cloudwatch:ListTagsForResource"
        ),
    ),
    name="AlarmName",
)

TYPES = (ALARM, COMPOSITE_ALARM, DASHBOARD, SCALABLE_TARGET, SCALING_POLICY)
