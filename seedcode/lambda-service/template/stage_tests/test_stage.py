"""What a stage must do before the next one is deployed: an order is stored, once, and nonsense is not."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from account import client
from settings import stack_name


@pytest.fixture(scope="session")
def outputs() -> Mapping[str, str]:
    """Of the stage's stack: STACK_NAME, or what `deploy.py` calls it."""
    name = os.environ.get("STACK_NAME") or stack_name(os.environ["STAGE_NAME"])
    (found,) = client("cloudformation", os.environ["AWS_REGION"]).describe_stacks(StackName=name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


def call(outputs: Mapping[str, str], body: str) -> list[Any]:
    """The messages that the function gives back, when it is called as the queue calls it."""
    event = {"Records": [{"messageId": "test", "body": body, "eventSource": "aws:sqs"}]}
    answer = client("lambda", os.environ["AWS_REGION"]).invoke(
        FunctionName=outputs["FunctionName"], Payload=json.dumps(event).encode()
    )
    content = answer["Payload"].read()
    assert "FunctionError" not in answer, content
    failures: list[Any] = json.loads(content)["batchItemFailures"]
    return failures


def test_an_order_is_stored_once(outputs: Mapping[str, str]) -> None:
    order = {"id": f"test-{uuid.uuid4()}", "amount": 12.5, "currency": "EUR"}
    assert call(outputs, json.dumps(order)) == []
    assert call(outputs, json.dumps(order)) == []
    dynamodb = client("dynamodb", os.environ["AWS_REGION"])
    found = dynamodb.get_item(TableName=outputs["TableName"], Key={"id": {"S": order["id"]}}, ConsistentRead=True)
    assert found["Item"]["amount"] == {"N": "12.5"}
    assert call(outputs, json.dumps(order | {"amount": 13})) == [{"itemIdentifier": "test"}]


def test_nonsense_comes_back(outputs: Mapping[str, str]) -> None:
    assert call(outputs, "nonsense") == [{"itemIdentifier": "test"}]
