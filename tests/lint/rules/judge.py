"""One rule on one template, without the rest of cfn-lint around it."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from generator.lint.house import HouseRule, Subject


def rule(module: str) -> HouseRule:
    """The rule of a file in the rules folder."""
    found = importlib.import_module(f"generator.lint.rules.{module}")
    (kind,) = [
        one
        for one in vars(found).values()
        if isinstance(one, type) and issubclass(one, HouseRule) and one.__module__ == found.__name__
    ]
    made: HouseRule = kind()
    return made


def faults(
    module: str, template: Mapping[str, Any], regions: Sequence[str] = ("us-east-1",)
) -> dict[str, str]:
    """The messages of a rule's faults by their paths; several at one path are joined."""
    found: dict[str, str] = {}
    for fault in rule(module).faults(Subject(template, regions)):
        path = "/".join(map(str, fault.path))
        found[path] = f"{found[path]} {fault.message}" if path in found else fault.message
    return found


def one(kind: str, properties: Mapping[str, Any], **sections: Any) -> dict[str, Any]:
    """A template with one resource, called It."""
    return {**sections, "Resources": {"It": {"Type": kind, "Properties": properties}}}


IT = "Resources/It/Properties"
PROJECT = {
    "SageMakerProjectName": {
        "Type": "String",
        "MaxLength": 32,
        "AllowedPattern": "^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}",
    },
    "SageMakerProjectId": {"Type": "String", "MaxLength": 20},
}
NO_VALUE = {"Ref": "AWS::NoValue"}
