"""Properties against a type's schema, as CloudFormation checks them before it calls a handler.

Pure. Checks what would surprise on AWS (missing and unknown keys, types, enumerations); values beyond that are
cfn-lint's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..kind import Kind


def complaints(kind: Kind, properties: Mapping[str, Any]) -> list[str]:
    """What is wrong, a line each, in the words of the registry's validator."""
    if kind.custom:
        return []
    return list(_object(kind, kind.schema, properties, "#"))


def _object(kind: Kind, part: Mapping[str, Any], value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in part.get("required", []):
        if name not in value and f"{path}/{name}".removeprefix("#/") not in kind.read_only:
            yield f"{path}: required key [{name}] not found"
    declared = part.get("properties", {})
    closed = part.get("additionalProperties") is False and not part.get("patternProperties")
    for name, item in value.items():
        if name in declared:
            yield from _value(kind, declared[name], item, f"{path}/{name}")
        elif closed and declared:
            yield f"{path}: extraneous key [{name}] is not permitted"


def _value(kind: Kind, part: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    part = kind.resolved(part)
    declared = part.get("type", [])
    types = [declared] if isinstance(declared, str) else list(declared)
    if isinstance(value, Mapping):
        if types and "object" not in types and "string" not in types:
            yield f"{path}: expected type: {types[0].title()}, found: JSONObject"
        elif part.get("properties"):
            yield from _object(kind, part, value, path)
    elif isinstance(value, list):
        if types and "array" not in types:
            # A single value may stand for a list and a list of one for a value in many old types.
            yield f"{path}: expected type: {types[0].title()}, found: JSONArray"
        elif isinstance(part.get("items"), Mapping):
            for number, item in enumerate(value):
                yield from _value(kind, part["items"], item, f"{path}/{number}")
    elif types and not any(name in types for name in ("string", "number", "integer", "boolean")):
        yield f"{path}: expected type: {'JSONArray' if types[0] == 'array' else 'JSONObject'}, found: {_java(value)}"
    elif part.get("enum") and "{{resolve:" not in str(value):
        allowed = [str(choice).lower() for choice in part["enum"]]
        if str(value).lower() not in allowed:
            yield f"{path}: {value} is not a valid enum value"


def _java(value: Any) -> str:
    return "Boolean" if isinstance(value, bool) else "Integer" if isinstance(value, int) else "String"
