"""On what an endpoint runs: instances of a curated list, or serverless, with the limits of either.

Owns the options, what goes together in SageMaker, and the questions about instances.
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, model_validator
from troposphere import Template

from generator.blueprint import BlueprintParams

from .form import ask
from .model_hosting import Instances, Rollout, Serverless

GROUP = "Endpoint"

# Options that say nothing about the other kind of hosting.
ON_INSTANCES = ("instance_types", "instances_min", "instances_max", "requests_per_instance", "rollout")
SERVERLESS = ("memory_mb", "max_concurrency", "provisioned_concurrency", "provisioned_concurrency_max")


class HostingOptions(BlueprintParams):
    """The options that say on what the model runs."""

    hosting: Literal["instances", "serverless"] = Field(
        "instances",
        description="instances: always on, for steady traffic; serverless: paid per request, with cold starts.",
    )
    instance_types: tuple[str, ...] = Field(
        ("ml.m5.large", "ml.m5.xlarge", "ml.c5.xlarge"),
        min_length=1,
        max_length=20,
        description="The instance types on offer; the first is the default.",
    )
    instances_min: int = Field(1, ge=1, le=100, description="The fewest instances that can be asked for.")
    instances_max: int = Field(4, ge=1, le=100, description="The most instances, by hand or by autoscaling.")
    requests_per_instance: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="Autoscaling: as many instances as keep each at so many requests a minute. 0: no autoscaling.",
    )
    rollout: Rollout = Field(
        "all-at-once",
        description="How an update takes over the traffic: all-at-once; canary: one instance first; linear: in four "
        "steps. An alarm brings the old model back in each case.",
    )
    memory_mb: Literal[1024, 2048, 3072, 4096, 5120, 6144] = Field(
        2048, description="Serverless: memory in MB; processors come in proportion."
    )
    max_concurrency: int = Field(
        10, ge=1, le=200, description="Serverless: the most requests at one time; more are refused."
    )
    provisioned_concurrency: int = Field(
        0, ge=0, le=200, description="Serverless: for how many requests capacity is kept warm, for a price."
    )
    provisioned_concurrency_max: int = Field(
        0,
        ge=0,
        le=200,
        description="Serverless autoscaling: warm capacity grows up to this as it is used. 0: no autoscaling.",
    )

    @model_validator(mode="after")
    def _runs(self) -> HostingOptions:
        for name in SERVERLESS if self.hosting == "instances" else ON_INSTANCES:
            if name in self.model_fields_set:
                raise ValueError(f"{name} has no meaning with hosting: {self.hosting}")
        problem = (
            self._problem_with_instances() if self.hosting == "instances" else self._problem_with_serverless()
        )
        if problem:
            raise ValueError(problem)
        return self

    def _problem_with_serverless(self) -> str:
        if self.provisioned_concurrency > self.max_concurrency:
            return f"provisioned_concurrency {self.provisioned_concurrency} passes max_concurrency {self.max_concurrency}"
        if self.provisioned_concurrency_max and not (
            0 < self.provisioned_concurrency < self.provisioned_concurrency_max <= self.max_concurrency
        ):
            return (
                "provisioned_concurrency_max must be over provisioned_concurrency, which must be set, "
                f"and at most max_concurrency {self.max_concurrency}"
            )
        return ""

    def _problem_with_instances(self) -> str:
        for instance_type in self.instance_types:
            if not re.fullmatch(r"ml\.[a-z0-9-]+\.[a-z0-9]+", instance_type):
                return f"'{instance_type}' is no instance type, such as ml.m5.large"
            if self.instance_types.count(instance_type) > 1:
                return f"instance type {instance_type} stands in the list twice"
            if self.requests_per_instance and instance_type.startswith("ml.t2."):
                return f"autoscaling does not work with {instance_type}, a burstable type"
        if self.instances_min > self.instances_max:
            return f"instances_min {self.instances_min} passes instances_max {self.instances_max}"
        if self.requests_per_instance and self.instances_min == self.instances_max:
            return "autoscaling needs instances_max over instances_min"
        if self.rollout != "all-at-once" and self.instances_min < 2:
            return (
                f"rollout: {self.rollout} needs instances_min: 2, since a first step is at most half of them"
            )
        return ""


def runs_on(template: Template, params: HostingOptions) -> Instances | Serverless:
    if params.hosting == "serverless":
        return Serverless(
            params.memory_mb,
            params.max_concurrency,
            params.provisioned_concurrency,
            scales=bool(params.provisioned_concurrency_max),
        )
    scales = bool(params.requests_per_instance)
    instance_type = ask(
        template,
        "InstanceType",
        group=GROUP,
        label="Instance type",
        description="On what the model runs. Changing it replaces the instances without interruption.",
        default=params.instance_types[0],
        allowed=params.instance_types,
    )
    # Scaling must have something to do: its least may not be its most.
    most = params.instances_max - 1 if scales else params.instances_max
    count = ask(
        template,
        "InstanceCount",
        group=GROUP,
        label="Fewest instances" if scales else "Instances",
        description=f"There are at least so many; with the traffic up to {params.instances_max}."
        if scales
        else "How many instances serve the model; two or more survive the loss of one.",
        type="Number",
        default=params.instances_min,
        value=(params.instances_min, most),
        constraint=f"{params.instances_min} to {most}.",
    )
    return Instances(instance_type, count, params.rollout, scales)
