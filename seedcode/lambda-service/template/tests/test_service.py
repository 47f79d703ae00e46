"""The function, with events as the queue sends them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from botocore.stub import Stubber
from conftest import ROOT

from service import handler as module
from service import logs
from service.handler import handler
from service.orders import Order, Rejected

Stubbed = tuple[Any, Stubber]
EVENT: dict[str, Any] = json.loads((ROOT / "events" / "orders.json").read_text())
FIRST, SECOND = (record["messageId"] for record in EVENT["Records"])


@dataclass(frozen=True)
class Context:
    aws_request_id: str = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


@pytest.fixture
def table(dynamodb: Stubbed, environment: pytest.MonkeyPatch) -> Stubber:
    """The orders' table, by what it answers."""
    environment.setattr(module, "dynamodb", lambda: dynamodb[0])
    return dynamodb[1]


def put(table: Stubber, order: Order, *, there: bool = False) -> None:
    asked = {"TableName": "orders", "Item": order.item, "ConditionExpression": "attribute_not_exists(id)"}
    if there:
        table.add_client_error("put_item", "ConditionalCheckFailedException", expected_params=asked)
    else:
        table.add_response("put_item", {}, asked)


def get(table: Stubber, order: Order, item: dict[str, Any]) -> None:
    asked = {"TableName": "orders", "Key": {"id": {"S": order.id}}, "ConsistentRead": True}
    table.add_response("get_item", {"Item": item}, asked)


def orders() -> list[Order]:
    return [Order.parse(record["body"]) for record in EVENT["Records"]]


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_batch(table: Stubber, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    for order in orders():
        put(table, order)
    assert handler(EVENT, Context()) == {"batchItemFailures": []}
    assert lines(capsys) == [
        {
            "level": "INFO",
            "message": "stored",
            "request_id": Context.aws_request_id,
            "message_id": message,
            "order_id": order,
        }
        for message, order in ((FIRST, "A-1001"), (SECOND, "A-1002"))
    ]


def test_a_message_that_comes_twice_is_stored_once(table: Stubber, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    first, second = orders()
    put(table, first, there=True)
    get(table, first, {**first.item, "amount": {"N": "12.50"}})
    put(table, second)
    assert handler(EVENT, Context()) == {"batchItemFailures": []}
    assert [line["message"] for line in lines(capsys)] == ["already stored", "stored"]


def test_another_order_of_the_same_id_is_given_back(table: Stubber, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    first, second = orders()
    put(table, first, there=True)
    get(table, first, {**first.item, "amount": {"N": "99"}})
    put(table, second)
    assert handler(EVENT, Context()) == {"batchItemFailures": [{"itemIdentifier": FIRST}]}
    (said, _) = lines(capsys)
    assert (said["message"], said["reason"]) == ("rejected", "order A-1001 is stored with another content")


def test_a_failure_gives_back_one_message_and_says_why(table: Stubber, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    _, second = orders()
    table.add_client_error("put_item", "ProvisionedThroughputExceededException", "too fast")
    put(table, second)
    assert handler(EVENT, Context()) == {"batchItemFailures": [{"itemIdentifier": FIRST}]}
    (said, _) = lines(capsys)
    assert (said["level"], said["message_id"]) == ("ERROR", FIRST)
    assert "too fast" in said["error"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        ('{"id": "1"}', "missing: amount, currency"),
        ('{"id": "a b", "amount": 1, "currency": "EUR"}', "id: 1 to 64"),
        ('{"id": "1", "amount": "x", "currency": "EUR"}', "amount: a number"),
        ('{"id": "1", "amount": "NaN", "currency": "EUR"}', "amount: a number above 0"),
        ('{"id": "1", "amount": 0, "currency": "EUR"}', "amount: a number above 0"),
        ('{"id": "1", "amount": 1, "currency": "eur"}', "currency: three capital letters"),
    ],
)
def test_messages_that_are_no_order(body: str, said: str) -> None:
    with pytest.raises(Rejected, match=said):
        Order.parse(body)


def test_amounts_are_exact() -> None:
    assert Order.parse('{"id": "1", "amount": 0.1, "currency": "EUR"}').amount == Decimal("0.1")
