"""Which services are rows of our own: their modules (loaded at the first call) and their tables.

A module has a `Service`; a tables module has `TABLES`, SQL that only ever creates what is missing, and
imports nothing, because it is read whenever a state is opened. Every other service is moto's (`world.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any, cast

from generator.local.service import Call, Service

After = Callable[[Call, Mapping[str, Any], Mapping[str, Any]], None]

# By the name that requests are signed for.
MODULES = {
    "cloudformation": "generator.local.stacks.service:SERVICE",
    "codeconnections": "generator.local.connections:CODECONNECTIONS",
    "codestar-connections": "generator.local.connections:CODESTAR",
    "servicecatalog": "generator.local.servicecatalog:SERVICE",
    "sts": "generator.local.sts:SERVICE",
}
# Over a service of moto's: operations of our own, and what is to be done after some of moto's.
OVERLAYS = {
    "codebuild": "generator.local.execution.builds",
    "codecommit": "generator.local.git.codecommit",
    "events": "generator.local.execution.events",
}
AFTER = {
    ("codecommit", "DeleteRepository"): "generator.local.git.codecommit:deleted",
    ("sagemaker", "CreateModelPackage"): "generator.local.execution.model_packages:created",
    ("sagemaker", "UpdateModelPackage"): "generator.local.execution.model_packages:updated",
}
TABLES = (
    "generator.local.tables",
    "generator.local.servicecatalog.tables",
    "generator.local.stacks.tables",
    "generator.local.execution.tables",
)


@cache
def service(name: str) -> Service:
    """The service of this name, which must be one of `MODULES`."""
    module, _, variable = MODULES[name].partition(":")
    return cast(Service, getattr(import_module(module), variable))


@cache
def overlay(name: str, operation: str) -> Service | None:
    """The service of our own that answers this operation of one of moto's."""
    found = cast(Service, import_module(OVERLAYS[name]).SERVICE) if name in OVERLAYS else None
    return found if found is not None and operation in found.operations else None


@cache
def after(name: str, operation: str) -> After | None:
    """What is to be done once moto has carried out this operation."""
    module, _, function = AFTER.get((name, operation), "").partition(":")
    return cast(After, getattr(import_module(module), function)) if module else None


def tables() -> str:
    return ";\n".join(str(import_module(name).TABLES) for name in TABLES)
