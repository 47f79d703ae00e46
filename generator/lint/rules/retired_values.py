"""E9002: property values that AWS has retired, or will within the quarter.

cfn-lint compares Lambda's calendar with the day it runs on, so that a template fails overnight. Here the day is that of
the pinned schemas, plus a margin: a product that is published today is launched for months.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

from generator.lint import schemas
from generator.lint.house import Fault, HouseRule, Subject
from generator.lint.intrinsics import Placed, Resource, at, call, items, parameters, resources

MARGIN = timedelta(days=90)
PLATFORM = "notebook-al2023-v1"
# Amazon Linux 2 reached its end of support on 2026-06-30, Amazon Linux 1 on 2023-12-31.
RETIRED_PLATFORMS = ("notebook-al1-v1", "notebook-al2-v1", "notebook-al2-v2", "notebook-al2-v3")
PLATFORM_SOURCE = "https://docs.aws.amazon.com/sagemaker/latest/dg/nbi-al2.html"

# Elastic Inference ended in April 2024.
ACCELERATORS = {
    "AWS::SageMaker::NotebookInstance": ("AcceleratorTypes",),
    "AWS::SageMaker::EndpointConfig": ("ProductionVariants", "AcceleratorType"),
    "AWS::EC2::Instance": ("ElasticInferenceAccelerators",),
    "AWS::EC2::LaunchTemplate": ("LaunchTemplateData", "ElasticInferenceAccelerators"),
    "AWS::ECS::TaskDefinition": ("InferenceAccelerators",),
}


@cache
def _runtimes() -> dict[str, dict[str, str | None]]:
    calendar = schemas.folder().parent / "AdditionalSpecs" / "LmbdRuntimeLifecycle.json"
    found: dict[str, dict[str, str | None]] = json.loads(calendar.read_text("utf-8"))
    return found


class RetiredValues(HouseRule):
    id = "E9002"
    shortdesc = "Property value that AWS has retired"
    description = "Lambda runtimes near or past deprecation, notebook platforms on Amazon Linux 1 and 2, Elastic Inference."
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"
    tags = ["resources", "lifecycle"]

    def faults(self, subject: Subject) -> Iterator[Fault]:
        for resource in resources(subject.template):
            if resource.type in ("AWS::Lambda::Function", "AWS::Serverless::Function"):
                yield from self._runtime(subject.template, resource)
            if resource.type == "AWS::Lambda::LayerVersion":
                yield from self._layer(resource)
            if resource.type == "AWS::SageMaker::NotebookInstance":
                yield from self._platform(subject.template, resource)
            if resource.type in ACCELERATORS:
                yield from self._accelerator(resource)

    def _runtime(self, template: Mapping[str, Any], resource: Resource) -> Iterator[Fault]:
        for placed in _values(template, resource, "Runtime"):
            yield from _old_runtime(placed)

    def _layer(self, resource: Resource) -> Iterator[Fault]:
        # A layer may name old runtimes among others; only one with none but old ones is of no use.
        named = [
            one
            for found in at(Placed(resource.path, resource.properties), "CompatibleRuntimes")
            for one in items(found)
        ]
        faults = [fault for one in named for fault in _old_runtime(one)]
        if named and len(faults) == len(named):
            yield from faults

    def _platform(self, template: Mapping[str, Any], resource: Resource) -> Iterator[Fault]:
        for placed in _values(template, resource, "PlatformIdentifier"):
            if placed.value is None:
                message = "The default notebook platform is notebook-al2-v3, on Amazon Linux 2, which is no longer maintained."
            elif placed.value in RETIRED_PLATFORMS:
                message = f"The notebook platform {placed.value} is retired."
            else:
                continue
            yield Fault(placed.path, f"{message} Set PlatformIdentifier to {PLATFORM} ({PLATFORM_SOURCE}).")

    def _accelerator(self, resource: Resource) -> Iterator[Fault]:
        first, *rest = ACCELERATORS[resource.type]
        for found in at(Placed(resource.path, resource.properties), first):
            if found.path[-1] != first and found.value is None:
                continue
            for one in items(found) if rest and isinstance(found.value, list) else [found]:
                for placed in at(one, *rest):
                    if placed.value is not None:
                        yield Fault(
                            placed.path,
                            "Elastic Inference ended in April 2024. Use a GPU or Inferentia instance type "
                            "(https://docs.aws.amazon.com/elastic-inference/latest/developerguide/what-is-ei.html).",
                        )


def _values(template: Mapping[str, Any], resource: Resource, name: str) -> Iterator[Placed]:
    """The literal values of a property, and the default and allowed values of a parameter that it refers to."""
    declared = parameters(template)
    for placed in at(Placed(resource.path, resource.properties), name):
        called = call(placed.value)
        if called and called[0] == "Ref" and called[1] in declared:
            parameter = declared[called[1]]
            if "Default" in parameter:
                yield Placed(("Parameters", called[1], "Default"), parameter["Default"])
            yield from items(
                Placed(("Parameters", called[1], "AllowedValues"), parameter.get("AllowedValues"))
            )
        else:
            yield placed


def _old_runtime(placed: Placed) -> Iterator[Fault]:
    known = _runtimes().get(placed.value) if isinstance(placed.value, str) else None
    deprecated = known["deprecated"] if known else None
    if (
        known
        and deprecated
        and date.fromisoformat(deprecated) <= date.fromisoformat(schemas.date()[:10]) + MARGIN
    ):
        successor = known["successor"] or "a current runtime"
        yield Fault(
            placed.path, f"Lambda deprecates the runtime {placed.value} on {deprecated}. Use {successor}."
        )
