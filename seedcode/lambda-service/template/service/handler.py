"""The Lambda function: each message of a batch on its own, so that one that fails brings no other back."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3

from service import logs
from service.orders import Order, Rejected, store

log = logging.getLogger(__name__)
logs.configure()


@cache
def dynamodb() -> Any:
    """One client for as long as the function's environment lives."""
    return boto3.client("dynamodb")


def handler(event: Mapping[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """What failed is delivered again, and after some tries lies in the dead-letter queue."""
    failed = []
    for record in event["Records"]:
        with logs.of(request_id=str(getattr(context, "aws_request_id", "")), message_id=record["messageId"]):
            if not taken(record):
                failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def taken(record: Mapping[str, Any]) -> bool:
    """Whether the message is done with."""
    try:
        order = Order.parse(record["body"])
        stored = store(dynamodb(), os.environ["TABLE_NAME"], order)
    except Rejected as error:
        log.warning("rejected", extra={"reason": str(error)})
        return False
    except Exception:  # of AWS or of ours: the message must not be lost for it
        log.exception("failed")
        return False
    log.info("stored" if stored else "already stored", extra={"order_id": order.id})
    return True
