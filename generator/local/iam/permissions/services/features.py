"""What SageMaker's feature groups, images and monitoring need, reviewed by hand. Owns facts only."""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, authorization, passes, tags_by

_PAGE = authorization("amazonsagemaker")
_ARN = "arn:{partition}:sagemaker:{region}:{account}:"
_SERVICE = "sagemaker.amazonaws.com"
_TAGS = tags_by("sagemaker:AddTags", "sagemaker:DeleteTags", lists="sagemaker:ListTags")

FEATURE_GROUP = Reviewed(
    "AWS::SageMaker::FeatureGroup",
    _ARN + "feature-group/{name}",
    _PAGE,
    (
        Call("sagemaker:CreateFeatureGroup", "c", tagging="sends"),
        passes("RoleArn", _SERVICE, "c"),
        Call("sagemaker:DescribeFeatureGroup", "crud"),
        Call("sagemaker:UpdateFeatureGroup", "u", changed=("FeatureDefinitions", "OnlineStoreConfig")),
        Call("sagemaker:DeleteFeatureGroup", "d"),
        *_TAGS,
    ),
    name="FeatureGroupName",
    lower=True,
)

IMAGE = Reviewed(
    "AWS::SageMaker::Image",
    _ARN + "image/{name}",
    _PAGE,
    (
        Call("sagemaker:CreateImage", "c", tagging="sends"),
        passes("ImageRoleArn", _SERVICE, "cu", changed=("ImageRoleArn",)),
        Call("sagemaker:DescribeImage", "crud"),
        Call("sagemaker:UpdateImage", "u", changed=("ImageRoleArn", "ImageDisplayName", "ImageDescription")),
        Call("sagemaker:DeleteImage", "d"),
        *_TAGS,
    ),
    name="ImageName",
    lower=True,
)

DATA_QUALITY = Reviewed(
    "AWS::SageMaker::DataQualityJobDefinition",
    _ARN + "data-quality-job-definition/{name}",
    _PAGE,
    (
        Call("sagemaker:CreateDataQualityJobDefinition", "c", tagging="sends"),
        passes("RoleArn", _SERVICE, "c"),
        Call("sagemaker:DescribeDataQualityJobDefinition", "crd"),
        Call("sagemaker:DeleteDataQualityJobDefinition", "d"),
        *_TAGS,
    ),
    name="JobDefinitionName",
    lower=True,
)

MONITORING_SCHEDULE = Reviewed(
    "AWS::SageMaker::MonitoringSchedule",
    _ARN + "monitoring-schedule/{name}",
    _PAGE,
    (
        Call("sagemaker:CreateMonitoringSchedule", "c", tagging="sends"),
        passes("MonitoringScheduleConfig.MonitoringJobDefinition.RoleArn", _SERVICE, "cu"),
        Call("sagemaker:DescribeMonitoringSchedule", "crud"),
        Call("sagemaker:UpdateMonitoringSchedule", "u", changed=("MonitoringScheduleConfig",)),
        Call("sagemaker:DeleteMonitoringSchedule", "d"),
        *_TAGS,
    ),
    name="MonitoringScheduleName",
    lower=True,
)

TYPES = (FEATURE_GROUP, IMAGE, DATA_QUALITY, MONITORING_SCHEDULE)
