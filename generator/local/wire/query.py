"""The query protocol: form fields in, XML out, both by botocore's shapes."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

# XML 1.0 cannot carry these at all, so they are left out rather than sent as something no parser accepts.
UNSENDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def parse(shape: StructureShape | None, form: Mapping[str, str]) -> dict[str, Any]:
    """The parameters of a request; ValueError where a field does not have its type."""
    return {} if shape is None else _structure(shape, form, "")


def _structure(shape: StructureShape, form: Mapping[str, str], prefix: str) -> dict[str, Any]:
    found = {}
    for name, member in shape.members.items():
        key = prefix + str(_location(member, name))
        value = _member(member, form, key)
        if value is not None:
            found[name] = value
    return found


def _location(member: Shape, name: str) -> str:
    if isinstance(member, ListShape) and member.serialization.get("flattened"):
        return str(member.member.serialization.get("name", member.serialization.get("name", name)))
    return str(member.serialization.get("name", name))


def _member(shape: Shape, form: Mapping[str, str], key: str) -> Any:
    if isinstance(shape, StructureShape):
        return _structure(shape, form, f"{key}.") if _has(form, key) else None
    if isinstance(shape, ListShape):
        return _list(shape, form, key)
    if isinstance(shape, MapShape):
        return _map(shape, form, key)
    return _scalar(shape, form[key]) if key in form else None


def _has(form: Mapping[str, str], key: str) -> bool:
    return any(name.startswith(f"{key}.") for name in form)


def _list(shape: ListShape, form: Mapping[str, str], key: str) -> list[Any] | None:
    if not shape.serialization.get("flattened"):
        if form.get(key) == "" and not _has(form, key):
            return []  # how the protocol writes an empty list
        key = f"{key}.{shape.member.serialization.get('name', 'member')}"
    found, index = [], 1
    while (item := _member(shape.member, form, f"{key}.{index}")) is not None:
        found.append(item)
        index += 1
    return found or None


def _map(shape: MapShape, form: Mapping[str, str], key: str) -> dict[str, Any] | None:
    if not shape.serialization.get("flattened"):
        key = f"{key}.entry"
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    found, index = {}, 1
    while (name := form.get(f"{key}.{index}.{key_name}")) is not None:
        found[name] = _member(shape.value, form, f"{key}.{index}.{value_name}")
        index += 1
    return found or None


def _scalar(shape: Shape, given: str) -> Any:
    match shape.type_name:
        case "boolean":
            if given not in ("true", "false"):
                raise ValueError(f"'{given}' is no boolean")
            return given == "true"
        case "integer" | "long":
            return int(given)
        case "float" | "double":
            return float(given)
        case "timestamp":
            parsed = datetime.fromisoformat(given)
            return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        case "blob":
            return b64decode(given)
        case _:
            return given


def result(operation: OperationModel, value: Mapping[str, Any], request_id: str) -> str:
    """The XML of a successful answer."""
    space = operation.service_model.metadata.get("xmlNamespace", "")
    shape = operation.output_shape
    body = "" if shape is None else _xml_members(shape, value)
    if shape is not None and (wrapper := shape.serialization.get("resultWrapper")):
        body = f"<{wrapper}>{body}</{wrapper}>"
    name = f"{operation.name}Response"
    return (
        f'<{name} xmlns="{space}">{body}<ResponseMetadata><RequestId>{request_id}</RequestId>'
        f"</ResponseMetadata></{name}>"
    )


def error(namespace: str, code: str, message: str, status: int, request_id: str) -> str:
    kind = "Receiver" if status >= 500 else "Sender"
    return (
        f'<ErrorResponse xmlns="{namespace}"><Error><Type>{kind}</Type><Code>{text(code)}</Code>'
        f"<Message>{text(message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )


def _xml_members(shape: StructureShape, value: Mapping[str, Any]) -> str:
    return "".join(
        _xml(member, value[name], str(member.serialization.get("name", name)))
        for name, member in shape.members.items()
        if value.get(name) is not None
    )


def _xml(shape: Shape, value: Any, name: str) -> str:
    if isinstance(shape, StructureShape):
        return f"<{name}>{_xml_members(shape, value)}</{name}>"
    if isinstance(shape, ListShape):
        if shape.serialization.get("flattened"):
            inner = str(shape.member.serialization.get("name", name))
            return "".join(_xml(shape.member, item, inner) for item in value)
        inner = str(shape.member.serialization.get("name", "member"))
        return f"<{name}>{''.join(_xml(shape.member, item, inner) for item in value)}</{name}>"
    if isinstance(shape, MapShape):
        return f"<{name}>{''.join(_xml_entry(shape, k, v) for k, v in value.items())}</{name}>"
    return f"<{name}>{text(_xml_scalar(shape, value))}</{name}>"


def _xml_entry(shape: MapShape, key: Any, value: Any) -> str:
    key_name = str(shape.key.serialization.get("name", "key"))
    value_name = str(shape.value.serialization.get("name", "value"))
    return f"<entry>{_xml(shape.key, key, key_name)}{_xml(shape.value, value, value_name)}</entry>"


def _xml_scalar(shape: Shape, value: Any) -> str:
    match shape.type_name:
        case "boolean":
            return "true" if value else "false"
        case "timestamp":
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
        case "blob":
            return b64encode(value).decode()
        case _:
            return str(value)


def text(value: str) -> str:
    """Character data for XML."""
    return escape(UNSENDABLE.sub("", value), {"\r": "&#13;"})
