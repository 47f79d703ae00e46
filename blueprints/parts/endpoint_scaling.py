"""Target tracking of a real-time endpoint: instances by requests, or provisioned concurrency by its use.

Owns the scalable target and its policy. Scaling acts through the service-linked role of Application Auto Scaling.
"""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, Sub, Template
from troposphere.applicationautoscaling import (
    PredefinedMetricSpecification,
    ScalableTarget,
    ScalingPolicy,
    TargetTrackingScalingPolicyConfiguration,
)

from .endpoint_alarms import VARIANT


def _tracking(
    template: Template, dimension: str, metric: str, *, least: Any, most: Any, target: float, condition: str
) -> None:
    only: dict[str, Any] = {"Condition": condition} if condition else {}
    where = {
        "ServiceNamespace": "sagemaker",
        # By reference, so that the endpoint is there before and goes after.
        "ResourceId": Sub(f"endpoint/${{Name}}/variant/{VARIANT}", Name=GetAtt("Endpoint", "EndpointName")),
        "ScalableDimension": f"sagemaker:variant:{dimension}",
    }
    scalable = template.add_resource(
        ScalableTarget("ScalableTarget", MinCapacity=least, MaxCapacity=most, **where, **only)
    )
    template.add_resource(
        ScalingPolicy(
            "ScalingPolicy",
            PolicyName=metric,
            PolicyType="TargetTrackingScaling",
            ScalingTargetId=scalable.ref(),
            TargetTrackingScalingPolicyConfiguration=TargetTrackingScalingPolicyConfiguration(
                PredefinedMetricSpecification=PredefinedMetricSpecification(PredefinedMetricType=metric),
                TargetValue=target,
                ScaleOutCooldown=60,
                ScaleInCooldown=300,  # slower down than up: new instances take minutes
            ),
            **only,
        )
    )


def instances_by_requests(
    template: Template, *, least: Any, most: Any, per_minute: int, condition: str = ""
) -> None:
    """As many instances as keep each at `per_minute` requests."""
    _tracking(
        template,
        "DesiredInstanceCount",
        "SageMakerVariantInvocationsPerInstance",
        least=least,
        most=most,
        target=per_minute,
        condition=condition,
    )


def provisioned_concurrency_by_use(template: Template, *, least: Any, most: Any, condition: str = "") -> None:
    """As much provisioned concurrency as keeps 70 % of it in use."""
    _tracking(
        template,
        "DesiredProvisionedConcurrency",
        "SageMakerVariantProvisionedConcurrencyUtilization",
        least=least,
        most=most,
        target=0.7,
        condition=condition,
    )
