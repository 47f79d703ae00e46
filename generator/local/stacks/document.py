"""A template as a document: read from text, and checked for CloudFormation's shape and limits.

Owns what is wrong with a template before any value is known. It evaluates nothing and knows no account.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from generator.local.service import ServiceError

from .decisions import names_of_conditions
from .fault import format_error, invalid

INLINE_LIMIT: Final = 51_200
URL_LIMIT: Final = 1_048_576
RESOURCE_LIMIT: Final = 500
OUTPUT_LIMIT: Final = 200
MAPPING_LIMIT: Final = 200
DESCRIPTION_LIMIT: Final = 1024

SECTIONS: Final = frozenset(
    (
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Hooks",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Rules",
        "Transform",
    )
)
_ATTRIBUTES: Final = frozenset(
    (
        "Condition",
        "CreationPolicy",
        "DeletionPolicy",
        "DependsOn",
        "Description",
        "Metadata",
        "Properties",
        "Type",
        "UpdatePolicy",
        "UpdateReplacePolicy",
        "Version",
    )
)
_DELETION: Final = frozenset(("Delete", "Retain", "RetainExceptOnCreate", "Snapshot"))
_REPLACE: Final = frozenset(("Delete", "Retain", "Snapshot"))

# Types that make CloudFormation ask for a capability, and the property that gives each a name of the author's.
_IAM: Final[Mapping[str, str]] = {
    "AWS::IAM::AccessKey": "",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": "",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserToGroupAddition": "",
}


def read(text: str, parse: Callable[[str], Any]) -> dict[str, Any]:
    """The template in a text, JSON or YAML; raises ValidationError as CloudFormation words it."""
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        try:
            document = json.loads(text.lstrip("\ufeff"))
        except json.JSONDecodeError as error:
            raise format_error(f"JSON not well-formed. (line {error.lineno}, column {error.colno})") from None
    else:
        document = parse(text)
    if not isinstance(document, dict):
        raise format_error("unsupported structure.")
    return document


def check(template: Mapping[str, Any], known_type: Callable[[str], bool]) -> None:
    """Raise ValidationError for what is no template; the transforms must already be expanded."""
    unknown = sorted(str(key) for key in template if key not in SECTIONS)
    if unknown:
        raise invalid(f"Invalid template property or properties [{', '.join(unknown)}]")
    version = template.get("AWSTemplateFormatVersion", "2010-09-09")
    if str(version) != "2010-09-09":
        raise format_error(f"{version} is not a supported value for AWSTemplateFormatVersion.")
    _check_description(template)
    _check_nulls(template, "")
    for name in ("Conditions", "Mappings", "Metadata", "Outputs", "Rules"):
        if not isinstance(template.get(name, {}), Mapping):
            raise format_error(f"{name} must be an object.")
    _check_mappings(template.get("Mappings", {}))
    _check_resources(template, known_type)
    _check_outputs(template)


def _check_description(template: Mapping[str, Any]) -> None:
    description = template.get("Description", "")
    if not isinstance(description, str):
        raise format_error("Every Description member must be a string.")
    if len(description.encode()) > DESCRIPTION_LIMIT:
        raise format_error(f"Template description length must be less than {DESCRIPTION_LIMIT} bytes")


def _check_nulls(node: Any, path: str) -> None:
    if node is None:
        raise format_error(f"[{path}] 'null' values are not allowed in templates")
    if isinstance(node, Mapping):
        for key, value in node.items():
            _check_nulls(value, f"{path}/{key}")
    elif isinstance(node, (list, tuple)):
        for number, item in enumerate(node):
            _check_nulls(item, f"{path}/{number}")


def _check_mappings(mappings: Mapping[str, Any]) -> None:
    if len(mappings) > MAPPING_LIMIT:
        raise format_error(
            f"Number of mappings, {len(mappings)}, is greater than maximum allowed, {MAPPING_LIMIT}"
        )
    for name, rows in mappings.items():
        if not isinstance(rows, Mapping) or not all(isinstance(row, Mapping) for row in rows.values()):
            raise format_error("Every Mappings member must be a map of maps.")
        for row in rows.values():
            for value in row.values():
                if isinstance(value, Mapping):
                    raise format_error(
                        f"Every Mappings attribute must be a String or a List. (mapping {name})"
                    )


def _check_resources(template: Mapping[str, Any], known_type: Callable[[str], bool]) -> None:
    resources = template.get("Resources")
    if not isinstance(resources, Mapping) or not resources:
        raise format_error("At least one Resources member must be defined.")
    if len(resources) > RESOURCE_LIMIT:
        raise format_error(
            f"Number of resources, {len(resources)}, is greater than maximum allowed, {RESOURCE_LIMIT}"
        )
    conditions = template.get("Conditions", {})
    unrecognized: list[str] = []
    for name, resource in resources.items():
        if not isinstance(name, str) or not (name.isalnum() and name.isascii()):
            raise format_error(f"Resource name {name} is non alphanumeric.")
        if len(name) > 255:
            raise format_error(f"Resource name {name} exceeds the maximum length of 255.")
        if not isinstance(resource, Mapping):
            raise format_error("Any Resources member must be an object.")
        kind = resource.get("Type")
        if not isinstance(kind, str):
            raise format_error(f"[/Resources/{name}] Every Resources object must contain a Type member.")
        for key in resource:
            if key not in _ATTRIBUTES:
                raise invalid(f"Invalid template resource property '{key}'")
        if not isinstance(resource.get("Properties", {}), Mapping):
            raise format_error(f"[/Resources/{name}/Properties] 'Properties' must be an object.")
        if not known_type(kind):
            unrecognized.append(kind)
        _check_conditions(resource, conditions, "Resources")
        _check_policies(name, resource)
    if unrecognized:
        raise format_error(f"Unrecognized resource types: [{', '.join(sorted(set(unrecognized)))}]")


def _check_policies(name: str, resource: Mapping[str, Any]) -> None:
    for key, allowed in (("DeletionPolicy", _DELETION), ("UpdateReplacePolicy", _REPLACE)):
        policy = resource.get(key, "Delete")
        if isinstance(policy, str) and policy not in allowed:
            raise format_error(f"Unrecognized {key} {policy} for resource {name}")


def _check_conditions(part: Mapping[str, Any], conditions: Collection[str], block: str) -> None:
    named = part.get("Condition")
    if named is not None and not isinstance(named, str):
        raise format_error("Every Condition member must be a string.")
    for condition in [named] if named else []:
        if condition not in conditions:
            raise format_error(
                f"Unresolved condition dependency {condition} in the {block} block of the template"
            )
    for condition in names_of_conditions(part):
        if condition not in conditions:
            raise format_error(
                f"Unresolved condition dependency {condition} in the {block} block of the template"
            )


def _check_outputs(template: Mapping[str, Any]) -> None:
    outputs = template.get("Outputs", {})
    if len(outputs) > OUTPUT_LIMIT:
        raise format_error(
            f"Number of outputs, {len(outputs)}, is greater than maximum allowed, {OUTPUT_LIMIT}"
        )
    for name, output in outputs.items():
        if not isinstance(name, str) or not (name.isalnum() and name.isascii()):
            raise format_error(f"Output name {name} is non alphanumeric.")
        if not isinstance(output, Mapping):
            raise format_error("Every Outputs member must be an object.")
        if "Value" not in output:
            raise format_error("Every Outputs member must contain a Value object")
        if set(output) - {"Condition", "Description", "Export", "Value"}:
            raise format_error(f"Output {name} is malformed.")
        export = output.get("Export")
        if export is not None and (not isinstance(export, Mapping) or set(export) != {"Name"}):
            raise format_error("Output Export must be an object with a Name.")
        _check_conditions(output, template.get("Conditions", {}), "Outputs")


def transforms(template: Mapping[str, Any]) -> list[str]:
    """The names in the Transform section and of every Fn::Transform, in order, each once."""
    section = template.get("Transform", [])
    entries = list(section) if isinstance(section, (list, tuple)) else [section]
    names = [entry.get("Name") if isinstance(entry, Mapping) else entry for entry in entries]
    return list(dict.fromkeys(map(str, [*names, *_inline(template)])))


def _inline(node: Any) -> list[str]:
    if isinstance(node, Mapping):
        found = []
        for key, value in node.items():
            if key == "Fn::Transform" and isinstance(value, Mapping):
                found.append(str(value.get("Name")))
            found += _inline(value)
        return found
    if isinstance(node, (list, tuple)):
        return [name for item in node for name in _inline(item)]
    return []


@dataclass(frozen=True)
class Capabilities:
    """The capabilities that a template needs, and CloudFormation's sentence about why."""

    names: tuple[str, ...]
    reason: str


def capabilities(template: Mapping[str, Any]) -> Capabilities:
    """What a caller must acknowledge; conditions are not looked at, as in CloudFormation."""
    named: set[str] = set()
    types: set[str] = set()
    resources = template.get("Resources")
    for resource in resources.values() if isinstance(resources, Mapping) else ():
        if not isinstance(resource, Mapping) or resource.get("Type") not in _IAM:
            continue
        kind = str(resource["Type"])
        types.add(kind)
        properties = resource.get("Properties", {})
        if _IAM[kind] and isinstance(properties, Mapping) and _IAM[kind] in properties:
            named.add(kind)
    names = ["CAPABILITY_NAMED_IAM"] if named else ["CAPABILITY_IAM"] if types else []
    if transforms(template):
        names.append("CAPABILITY_AUTO_EXPAND")
    reason = (
        f"The following resource(s) require capabilities: [{', '.join(sorted(named or types))}]"
        if types
        else ""
    )
    return Capabilities(tuple(names), reason)


def require_capabilities(template: Mapping[str, Any], given: Collection[str], *, macros: bool) -> None:
    """Raise InsufficientCapabilitiesException; `macros` is False for change sets, which may expand unasked."""
    held = set(given)
    if "CAPABILITY_NAMED_IAM" in held:
        held.add("CAPABILITY_IAM")
    lacking = [name for name in capabilities(template).names if name not in held]
    if not macros:
        lacking = [name for name in lacking if name != "CAPABILITY_AUTO_EXPAND"]
    if lacking:
        raise ServiceError(
            "InsufficientCapabilitiesException", f"Requires capabilities : [{', '.join(lacking)}]"
        )
