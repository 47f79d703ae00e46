"""Properties of a template as parameters of an API call, by the shapes of botocore's service models.

Pure. Most properties are named as the API's members but for the case of letters; values come as strings where the API
wants numbers, and documents as objects where it wants their text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from ..intrinsics import text


def fit(
    properties: Mapping[str, Any], shape: StructureShape, rename: Mapping[str, str] = {}
) -> dict[str, Any]:
    """The parameters that a set of properties gives; `rename` maps properties to members of another name ('' drops one).

    Properties that the API does not know are left out: other calls carry them.
    """
    members = {name.lower(): name for name in shape.members}
    found: dict[str, Any] = {}
    for name, value in properties.items():
        member = members.get(rename.get(name, name).lower())
        if member is not None and value is not None:
            found[member] = _value(value, shape.members[member])
    return found


def _value(value: Any, shape: Shape) -> Any:
    if isinstance(shape, StructureShape):
        return fit(value, shape) if isinstance(value, Mapping) else value
    if isinstance(shape, ListShape):
        items = _tags(value) if isinstance(value, Mapping) and _is_tag(shape.member) else value
        items = items if isinstance(items, list) else [items]
        return [_value(item, shape.member) for item in items]
    if isinstance(shape, MapShape):
        if isinstance(value, list):  # tags, which templates write as a list and some APIs as a map
            return {
                text(tag.get("Key", tag.get("key"))): text(tag.get("Value", tag.get("value")))
                for tag in value
            }
        return (
            {key: _value(item, shape.value) for key, item in value.items()}
            if isinstance(value, Mapping)
            else value
        )
    return _scalar(value, shape.type_name)


def _is_tag(shape: Shape) -> bool:
    return isinstance(shape, StructureShape) and {name.lower() for name in shape.members} == {"key", "value"}


def _tags(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Tags that a template writes as a map and the API takes as a list."""
    return [{"Key": key, "Value": item} for key, item in value.items()]


def _scalar(value: Any, kind: str) -> Any:
    match kind:
        case "integer" | "long":
            return int(float(text(value)))
        case "float" | "double":
            return float(text(value))
        case "boolean":
            return value if isinstance(value, bool) else text(value).lower() == "true"
        case "blob":
            return value.encode() if isinstance(value, str) else value
        case "string":
            return (
                text(value)
                if isinstance(value, (str, int, float, bool))
                else json.dumps(value, separators=(",", ":"))
            )
    return value


def pick(answer: Any, path: str) -> Any:
    """A member of an answer by dotted path, letters' case aside, also one level below the top; None where there is none."""
    found = _walk(answer, path.split("."))
    if found is None and isinstance(answer, Mapping):
        for value in answer.values():
            found = _walk(value, path.split("."))
            if found is not None:
                return found
    return found


def _walk(node: Any, steps: list[str]) -> Any:
    for step in steps:
        if not isinstance(node, Mapping):
            return None
        node = next((value for key, value in node.items() if key.lower() == step.lower()), None)
    return node
