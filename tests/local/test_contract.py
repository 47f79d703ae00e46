"""Every operation of Service Catalog's model, over both wire protocols: what is refused, and how.

Requests are made by botocore's serialisers and answers read by its parsers, without the client in between, whose own
validation would hide ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal

import pytest
from botocore.compat import HTTPHeaders
from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from generator.local import ACCOUNT, LocalAws
from generator.local.identity import administrator_key
from generator.local.models import service_model
from generator.local.services import service
from generator.local.wire import Request

MODEL = service_model("servicecatalog")
OPERATIONS = sorted(MODEL.operation_names)
Protocol = Literal["json", "smithy-rpc-v2-cbor"]
PROTOCOLS: tuple[Protocol, ...] = ("json", "smithy-rpc-v2-cbor")
SAMPLES = {
    "AccountId": "123456789012",
    "NotificationArn": "arn:aws:sns:us-east-1:123456789012:t",
    "OrganizationNodeValue": "o-abcdefghij",
    "CodeStarConnectionArn": "arn:aws:codestar-connections:us-east-1:123456789012:connection/a",
    "ProductArn": "arn:aws:catalog:us-east-1:123456789012:product/prod-1",
    "ProvisionedProductNameOrArn": "name",
    "RoleArn": "arn:aws:iam::123456789012:role/r",
    "StackSetRegions": "us-east-1",
}


def send(
    local: LocalAws,
    protocol: Protocol,
    name: str,
    params: dict[str, Any],
    *,
    account: str = ACCOUNT,
    weather: str = "",
) -> tuple[int, dict[str, Any]]:
    """The status and the parsed answer of a request that no client has checked."""
    operation = MODEL.operation_model(name)
    made = create_serializer(protocol, include_validation=False).serialize_to_request(params, operation)
    scope = f"Credential={administrator_key(account)}/20260101/us-east-1/servicecatalog/aws4_request"
    headers = {key.lower(): value for key, value in made["headers"].items()}
    if weather:
        headers["x-catalog-weather"] = weather
    headers["authorization"] = f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"
    url = f"https://servicecatalog.us-east-1.amazonaws.com{made['url_path']}"
    body = made["body"] if isinstance(made["body"], bytes) else str(made["body"]).encode()
    response = local.app.answer(Request("POST", url, headers, body))
    received = {
        "status_code": response.status,
        "headers": HTTPHeaders.from_dict(response.headers),
        "body": response.body,
    }
    shape = operation.output_shape
    assert shape is not None
    parsed = create_parser(protocol).parse(received, shape)
    return response.status, parsed


def sample(shape: Shape) -> Any:
    """A smallest value that fits a shape."""
    if isinstance(shape, StructureShape):
        return {name: sample(shape.members[name]) for name in shape.required_members}
    if isinstance(shape, ListShape):
        return [sample(shape.member)]
    if isinstance(shape, MapShape):
        return {sample(shape.key): sample(shape.value)}
    if isinstance(shape, StringShape):
        return shape.enum[0] if shape.enum else SAMPLES.get(shape.name, "a")
    return {"boolean": True, "integer": shape.metadata.get("min", 1)}.get(shape.type_name, 0)


def wrong(shape: Shape) -> Iterator[Any]:
    """Values that break one rule of a shape each."""
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if isinstance(shape, StringShape):
        if shape.enum:
            yield "none-of-these"
        if shape.metadata.get("pattern"):
            yield "\x01"
        if low:
            yield ""
        if high is not None and high < 10_000:
            yield "a" * (high + 1)
    elif isinstance(shape, ListShape):
        for item in wrong(shape.member):
            yield [item]
        if high is not None:
            yield [sample(shape.member)] * (high + 1)
    elif isinstance(shape, MapShape):
        for item in wrong(shape.key):
            yield {item: sample(shape.value)}
        for item in wrong(shape.value):
            yield {sample(shape.key): item}
    elif isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            for item in wrong(member):
                yield {**sample(shape), name: item}
        for name in shape.required_members:
            yield {key: value for key, value in sample(shape).items() if key != name}
    elif shape.type_name == "integer":
        if low is not None:
            yield low - 1
        if high is not None:
            yield high + 1


@cache
def required(operation: OperationModel) -> tuple[str, ...]:
    return tuple(operation.input_shape.required_members) if operation.input_shape else ()


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_request_is_held_to_the_model(local: LocalAws, name: str) -> None:
    shape = MODEL.operation_model(name).input_shape
    assert shape is not None
    valid = sample(shape)
    bad = [(key, {k: v for k, v in valid.items() if k != key}) for key in shape.required_members]
    bad += [(key, {**valid, key: value}) for key, member in shape.members.items() for value in wrong(member)]
    for index, (key, params) in enumerate(bad):
        protocol = PROTOCOLS[index % 2]
        status, parsed = send(local, protocol, name, params)
        error = parsed["Error"]
        assert (status, error["Code"]) == (400, "ValidationException"), (key, params)
        assert "validation error" in error["Message"]
        assert key[0].lower() + key[1:] in error["Message"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_answers_and_none_makes_anything_up(
    local: LocalAws, protocol: Protocol, name: str
) -> None:
    """With a valid request for things that are not there: a result for lists and creations, else a modelled error."""
    operation = MODEL.operation_model(name)
    status, parsed = send(
        local, protocol, name, sample(operation.input_shape) if operation.input_shape else {}
    )
    if status == 200:
        assert parsed["ResponseMetadata"]["RequestId"]
    else:
        assert status == 400
        assert parsed["Error"]["Code"] in {shape.name for shape in operation.error_shapes}
        assert parsed["Error"]["Message"]


def test_the_whole_model_is_offered() -> None:
    assert set(service("servicecatalog").operations) == set(OPERATIONS)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_value_of_another_type_is_a_serialization_error(local: LocalAws, protocol: Protocol) -> None:
    for name, params in (
        ("ListPortfolios", {"PageSize": "many"}),
        ("DescribePortfolio", {"Id": 1}),
        ("CreatePortfolio", {"DisplayName": "a", "ProviderName": "b", "Tags": "c", "IdempotencyToken": "d"}),
    ):
        headers = {
            "json": {"x-amz-target": f"AWS242ServiceCatalogService.{name}"},
            "smithy-rpc-v2-cbor": {"smithy-protocol": "rpc-v2-cbor"},
        }[protocol]
        from generator.local.wire import cbor

        body = json.dumps(params).encode() if protocol == "json" else cbor.dumps(params)
        status, code = raw(local, f"/service/S/operation/{name}", headers, body)
        assert (status, code) == (400, "SerializationException")


def raw(local: LocalAws, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
    scope = f"Credential={administrator_key(ACCOUNT)}/20260101/us-east-1/servicecatalog/aws4_request"
    signed = {"authorization": f"AWS4-HMAC-SHA256 {scope}", **headers}
    url = f"https://servicecatalog.us-east-1.amazonaws.com{path}"
    response = local.app.answer(Request("POST", url, signed, body))
    if response.headers["Content-Type"] == "application/cbor":
        from generator.local.wire import cbor

        return response.status, cbor.loads(response.body)["__type"].rpartition("#")[2]
    return response.status, json.loads(response.body)["__type"]


@pytest.mark.parametrize(
    ("headers", "path", "body", "code"),
    [
        ({"x-amz-target": "AWS242ServiceCatalogService.Nope"}, "/", b"{}", "UnknownOperationException"),
        ({"x-amz-target": "AWS242ServiceCatalogService.ListPortfolios"}, "/", b"{", "SerializationException"),
        ({"x-amz-target": "AWS242ServiceCatalogService.ListPortfolios"}, "/", b"[]", "SerializationException"),
        ({"x-amz-target": "AWS242ServiceCatalogService.ListPortfolios"}, "/", b"[" * 9999, "SerializationException"),
        ({"smithy-protocol": "rpc-v2-cbor"}, "/service/S/operation/Nope", b"\xa0", "UnknownOperationException"),
        ({"smithy-protocol": "rpc-v2-cbor"}, "/service/S/operation/ListPortfolios", b"\xff", "SerializationException"),
        ({"smithy-protocol": "rpc-v2-cbor"}, "/service/S/operation/ListPortfolios", b"\x81" * 999, "SerializationException"),
        ({"smithy-protocol": "rpc-v2-cbor"}, "/service/S/operation/ListPortfolios", b"\x5b\xff\xff", "SerializationException"),
    ],
)  # fmt: skip
def test_nonsense_on_the_wire(
    local: LocalAws, headers: dict[str, str], path: str, body: bytes, code: str
) -> None:
    assert raw(local, path, headers, body) == (400, code)


def test_both_protocols_say_the_same(local: LocalAws) -> None:
    _, made = send(
        local,
        "smithy-rpc-v2-cbor",
        "CreatePortfolio",
        {"DisplayName": "Ä €", "ProviderName": "p", "IdempotencyToken": "t"},
    )
    answers = [
        send(local, p, "DescribePortfolio", {"Id": made["PortfolioDetail"]["Id"]})[1] for p in PROTOCOLS
    ]
    for answer in answers:
        assert answer["PortfolioDetail"].pop("CreatedTime") == made["PortfolioDetail"]["CreatedTime"]
        assert answer["PortfolioDetail"]["DisplayName"] == "Ä €"
        answer.pop("ResponseMetadata")
    assert answers[0] == answers[1]
