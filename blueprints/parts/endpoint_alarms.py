"""Alarms of a real-time endpoint: errors of the model and its latency, which also end a bad deployment.

Owns the alarms. They name the endpoint by its name and not by reference, since the endpoint in turn names them.
"""

from __future__ import annotations

from typing import Any

from troposphere import Sub, Template
from troposphere.cloudwatch import Alarm, MetricDimension

VARIANT = "AllTraffic"


def endpoint_alarms(
    template: Template,
    name: Sub,
    *,
    max_errors: int,
    max_latency_ms: int,
    topic: Any = None,
    condition: str = "",
) -> list[Alarm]:
    """An alarm each for errors and latency; a quiet endpoint is a healthy one."""
    shared: dict[str, Any] = {
        "Namespace": "AWS/SageMaker",
        "Dimensions": [
            MetricDimension(Name="EndpointName", Value=name),
            MetricDimension(Name="VariantName", Value=VARIANT),
        ],
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    if topic is not None:
        shared |= {"AlarmActions": [topic], "OKActions": [topic]}
    if condition:
        shared["Condition"] = condition
    called = name.data["Fn::Sub"]
    return [
        template.add_resource(
            Alarm(
                "ErrorsAlarm",
                AlarmDescription=Sub(
                    f"Endpoint {called} answered more than {max_errors} requests in five minutes with an error."
                ),
                MetricName="Invocation5XXErrors",
                Statistic="Sum",
                Period=300,
                EvaluationPeriods=1,
                Threshold=max_errors,
                **shared,
            )
        ),
        template.add_resource(
            Alarm(
                "LatencyAlarm",
                AlarmDescription=Sub(
                    f"The model of endpoint {called} took more than {max_latency_ms} ms for one request in twenty."
                ),
                MetricName="ModelLatency",
                ExtendedStatistic="p95",
                Period=60,
                EvaluationPeriods=5,
                DatapointsToAlarm=3,
                Threshold=max_latency_ms * 1000,  # the metric is in microseconds
                **shared,
            )
        ),
    ]
