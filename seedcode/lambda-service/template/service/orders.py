"""An order: what a message must say, and storing it exactly once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from botocore.exceptions import ClientError


class Rejected(Exception):
    """The message can never become an order; the text says why."""


@dataclass(frozen=True)
class Order:
    id: str
    amount: Decimal
    currency: str

    @classmethod
    def parse(cls, body: str) -> Order:
        """Read a message's body.

        Raises:
            Rejected: naming what is wrong.
        """
        try:
            found = json.loads(body, parse_float=Decimal)
        except ValueError as error:
            raise Rejected(f"no JSON: {error}") from None
        if not isinstance(found, Mapping):
            raise Rejected("no JSON object")
        missing = [name for name in ("id", "amount", "currency") if name not in found]
        if missing:
            raise Rejected(f"missing: {', '.join(missing)}")
        identity, currency = str(found["id"]), str(found["currency"])
        if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", identity):
            raise Rejected("id: 1 to 64 letters, digits and hyphens")
        if not re.fullmatch(r"[A-Z]{3}", currency):
            raise Rejected("currency: three capital letters")
        try:
            amount = Decimal(str(found["amount"]))
        except InvalidOperation:
            raise Rejected("amount: a number") from None
        if not amount.is_finite() or amount <= 0:
            raise Rejected("amount: a number above 0")
        return cls(identity, amount, currency)

    @property
    def item(self) -> dict[str, Any]:
        """The order as the table has it."""
        return {"id": {"S": self.id}, "amount": {"N": str(self.amount)}, "currency": {"S": self.currency}}


def store(dynamodb: Any, table: str, order: Order) -> bool:
    """Store an order; False when it is there already, since a queue may deliver a message more than once.

    Raises:
        Rejected: another order has this id.
    """
    try:
        dynamodb.put_item(TableName=table, Item=order.item, ConditionExpression="attribute_not_exists(id)")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
    else:
        return True
    found = dynamodb.get_item(TableName=table, Key={"id": {"S": order.id}}, ConsistentRead=True)["Item"]
    if (Decimal(found["amount"]["N"]), found["currency"]) != (order.amount, order.item["currency"]):
        raise Rejected(f"order {order.id} is stored with another content")
    return False
