"""Requests to parameters and answers to bytes, for the protocols of our own services.

smithy-rpc-v2-cbor, JSON 1.1 and query; which one is told by the request. It reads and writes the wire and decides
nothing.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

from generator.local.service import ServiceError
from generator.local.wire import cbor, query

Protocol = Literal["cbor", "json", "query"]
CBOR_HEADERS = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}


@dataclass(frozen=True)
class Request:
    """A request as it arrived: the full URL, header names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Asked:
    """What a request asks for, before anything is validated."""

    protocol: Protocol
    operation: str
    body: Any


def asked(request: Request) -> Asked:
    """The operation and the undecoded parameters of a request to an RPC service."""
    try:
        if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
            operation = unquote(request.path.rpartition("/")[2])
            return Asked("cbor", operation, cbor.loads(request.body) if request.body else {})
        if target := request.headers.get("x-amz-target"):
            return Asked("json", target.rpartition(".")[2], json.loads(request.body or b"{}"))
        text = request.body.decode() if request.method == "POST" else urlsplit(request.url).query
        form = dict(parse_qsl(text, keep_blank_values=True))
        return Asked("query", form.get("Action", ""), form)
    except (ValueError, RecursionError) as error:
        raise ServiceError("SerializationException", f"the request cannot be read: {error}") from error


def operation_model(model: ServiceModel, request: Asked) -> OperationModel:
    if request.operation not in model.operation_names:
        if request.protocol == "query":
            raise ServiceError(
                "InvalidAction",
                f"Could not find operation {request.operation} for version {model.api_version}",
            )
        raise ServiceError("UnknownOperationException", f"{model.service_name} has no {request.operation}")
    return model.operation_model(request.operation)


def parameters(operation: OperationModel, request: Asked) -> dict[str, Any]:
    """The request's parameters in Python's types; members unknown to the model are dropped, as AWS does."""
    try:
        if request.protocol == "query":
            return query.parse(operation.input_shape, request.body)
        if not isinstance(request.body, Mapping):
            raise ValueError("the body is no structure")
        return dict(_decoded(operation.input_shape, request.body)) if operation.input_shape else {}
    except (ValueError, TypeError, OverflowError) as error:
        raise ServiceError("SerializationException", str(error)) from error


def _decoded(shape: Shape, value: Any) -> Any:
    """JSON's and CBOR's values by shape; values of a wrong type stay, for the validation to name."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        return {
            name: _decoded(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_decoded(shape.member, item) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {key: _decoded(shape.value, item) for key, item in value.items()}
    if shape.type_name == "timestamp" and isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC)
    if shape.type_name == "blob" and isinstance(value, str):
        return b64decode(value)
    return value


def answer(
    protocol: Protocol, operation: OperationModel, value: Mapping[str, Any], request_id: str
) -> Response:
    headers = {"x-amzn-RequestId": request_id}
    if protocol == "query":
        xml = query.result(operation, value, request_id)
        return Response(200, {**headers, "Content-Type": "text/xml"}, xml.encode())
    shape = operation.output_shape
    members = _encoded(shape, value, protocol) if shape is not None else {}
    if protocol == "cbor":
        return Response(200, {**headers, **CBOR_HEADERS}, cbor.dumps(members))
    return Response(
        200, {**headers, "Content-Type": "application/x-amz-json-1.1"}, json.dumps(members).encode()
    )


def _encoded(shape: Shape, value: Any, protocol: Protocol) -> Any:
    if isinstance(shape, StructureShape):
        unknown = set(value) - set(shape.members)
        if unknown:
            raise TypeError(f"{shape.name} has no {sorted(unknown)}")
        return {
            name: _encoded(member, value[name], protocol)
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if isinstance(shape, ListShape):
        return [_encoded(shape.member, item, protocol) for item in value]
    if isinstance(shape, MapShape):
        return {key: _encoded(shape.value, item, protocol) for key, item in value.items()}
    if protocol == "json" and isinstance(value, datetime):
        return value.timestamp()
    if protocol == "json" and isinstance(value, bytes):
        return b64encode(value).decode()
    return value


def refusal(protocol: Protocol, model: ServiceModel, error: ServiceError, request_id: str) -> Response:
    """An error in the shape that the protocol's clients understand."""
    headers = {"x-amzn-RequestId": request_id}
    if protocol == "query":
        xml = query.error(
            model.metadata.get("xmlNamespace", ""), error.code, error.message, error.status, request_id
        )
        return Response(error.status, {**headers, "Content-Type": "text/xml"}, xml.encode())
    members = {"Message": error.message, **error.members}
    if protocol == "cbor":
        content = cbor.dumps({"__type": f"com.amazonaws.{model.service_name}#{error.code}", **members})
        return Response(error.status, {**headers, **CBOR_HEADERS}, content)
    headers |= {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": error.code}
    return Response(error.status, headers, json.dumps({"__type": error.code, **members}).encode())
