"""A model and the endpoint that serves it: Model, EndpointConfig and Endpoint, replaceable on every update.

Owns the three resources. Model and configuration have generated names, because both are replaced whenever they change;
the endpoint keeps its name, and traffic shifts from the old configuration to the new one behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from troposphere import AWSProperty, GetAtt, Sub, Template
from troposphere.cloudwatch import Alarm
from troposphere.sagemaker import Alarm as RollbackAlarm
from troposphere.sagemaker import (
    AutoRollbackConfig,
    BlueGreenUpdatePolicy,
    CapacitySize,
    CaptureContentTypeHeader,
    CaptureOption,
    ContainerDefinition,
    DeploymentConfig,
    Endpoint,
    EndpointConfig,
    Model,
    ProductionVariant,
    ServerlessConfig,
    TrafficRoutingConfig,
    VariantProperty,
    VpcConfig,
)

from .endpoint_alarms import VARIANT

Rollout = Literal["all-at-once", "canary", "linear"]
BAKE_SECONDS = 300  # how long alarms watch each step of a deployment


class DataCaptureConfig(AWSProperty):  # type: ignore[misc]  # troposphere ships no type information
    """The capture configuration of an endpoint.

    troposphere 4.11.1 has two types of this name in one module, and the one of transform jobs won.
    """

    props = {
        "CaptureContentTypeHeader": (CaptureContentTypeHeader, False),
        "CaptureOptions": ([CaptureOption], True),
        "DestinationS3Uri": (str, True),
        "EnableCapture": (bool, False),
        "InitialSamplingPercentage": (int, True),
        "KmsKeyId": (str, False),
    }


@dataclass(frozen=True)
class Instances:
    """An endpoint on instances."""

    instance_type: Any
    count: Any
    rollout: Rollout
    scales: bool  # then their number is scaling's, also across updates


@dataclass(frozen=True)
class Serverless:
    """An endpoint without instances."""

    memory_mb: int
    max_concurrency: int
    provisioned: int
    scales: bool


@dataclass(frozen=True)
class Hosting:
    """How the model is served; the empty values are for what is not wanted."""

    on: Instances | Serverless
    key: Any = None
    subnets: Any = None
    security_groups: Any = None
    isolated: bool = False
    capture_percent: int = 0
    capture_to: Sub | str = ""
    alarms: Sequence[Alarm] = ()
    condition: str = ""
    attributes: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "attributes", {"Condition": self.condition} if self.condition else {})


def hosted(
    template: Template, name: Sub, role: GetAtt, container: Mapping[str, Any], hosting: Hosting
) -> None:
    """Add the model, its configuration and the endpoint `name`."""
    network: dict[str, Any] = {}
    if hosting.subnets is not None:
        network = {"VpcConfig": VpcConfig(Subnets=hosting.subnets, SecurityGroupIds=hosting.security_groups)}
    if hosting.isolated:
        network["EnableNetworkIsolation"] = True
    template.add_resource(
        Model(
            "Model",
            ExecutionRoleArn=role,
            PrimaryContainer=ContainerDefinition(**container),
            **network,
            **hosting.attributes,
        )
    )
    key = {"KmsKeyId": hosting.key} if hosting.key is not None else {}
    configuration = EndpointConfig(
        "EndpointConfig",
        ProductionVariants=[_variant(hosting.on)],
        **key,
        **hosting.attributes,
    )
    if hosting.capture_to:
        # Around troposphere's check, which knows the other type of this name only.
        configuration.properties["DataCaptureConfig"] = DataCaptureConfig(
            EnableCapture=True,
            InitialSamplingPercentage=hosting.capture_percent,
            DestinationS3Uri=hosting.capture_to,
            CaptureOptions=[CaptureOption(CaptureMode=mode) for mode in ("Input", "Output")],
            CaptureContentTypeHeader=CaptureContentTypeHeader(
                # What is not named here is stored as base64.
                CsvContentTypes=["text/csv"],
                JsonContentTypes=["application/json"],
            ),
            **key,
        )
    template.add_resource(configuration)
    template.add_resource(
        Endpoint(
            "Endpoint",
            EndpointName=name,
            EndpointConfigName=configuration.get_att("EndpointConfigName"),
            **_deployment(hosting),
            **hosting.attributes,
        )
    )


def _variant(on: Instances | Serverless) -> ProductionVariant:
    model = {
        "VariantName": VARIANT,  # the same for ever: alarms and scaling name it
        "ModelName": GetAtt("Model", "ModelName"),
        "InitialVariantWeight": 1,
    }
    if isinstance(on, Instances):
        return ProductionVariant(InstanceType=on.instance_type, InitialInstanceCount=on.count, **model)
    provisioned = {"ProvisionedConcurrency": on.provisioned} if on.provisioned else {}
    return ProductionVariant(
        ServerlessConfig=ServerlessConfig(
            MemorySizeInMB=on.memory_mb, MaxConcurrency=on.max_concurrency, **provisioned
        ),
        **model,
    )


def _deployment(hosting: Hosting) -> dict[str, Any]:
    """How updates go: what scaling has set stays, and on instances an alarm brings the old configuration back."""
    properties: dict[str, Any] = {}
    if hosting.on.scales:
        properties["RetainAllVariantProperties"] = True
        # Otherwise a changed capture would never reach the endpoint.
        properties["ExcludeRetainedVariantProperties"] = [
            VariantProperty(VariantPropertyType="DataCaptureConfig")
        ]
    if isinstance(hosting.on, Instances):
        steps: dict[str, Any] = {"Type": hosting.on.rollout.replace("-", "_").upper()}
        # SageMaker allows a first step of at most half of the instances, and linear ones of 10 to 50 %.
        if hosting.on.rollout == "canary":
            steps["CanarySize"] = CapacitySize(Type="INSTANCE_COUNT", Value=1)
        if hosting.on.rollout == "linear":
            steps["LinearStepSize"] = CapacitySize(Type="CAPACITY_PERCENT", Value=25)
        properties["DeploymentConfig"] = DeploymentConfig(
            BlueGreenUpdatePolicy=BlueGreenUpdatePolicy(
                TrafficRoutingConfiguration=TrafficRoutingConfig(WaitIntervalInSeconds=BAKE_SECONDS, **steps),
                TerminationWaitInSeconds=BAKE_SECONDS,
                MaximumExecutionTimeoutInSeconds=7200,
            ),
            AutoRollbackConfiguration=AutoRollbackConfig(
                Alarms=[RollbackAlarm(AlarmName=alarm.ref()) for alarm in hosting.alarms]
            ),
        )
    return properties
