"""Connections to git providers, under both names of the service: made, looked at, deleted.

There is no console in which a person completes one, so that a connection is AVAILABLE at once where AWS leaves it PENDING;
what lies behind it is a stand-in (`git/http.py`).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from generator.local.service import Call, Service, ServiceError

CODECONNECTIONS = Service("codeconnections")
CODESTAR = Service("codestar-connections")
Answer = Mapping[str, Any]


def create_connection(call: Call) -> Answer:
    params = call.params
    ident = str(uuid.uuid4())
    arn = call.arn(f"connection/{ident}")
    connection = {
        "ConnectionName": params["ConnectionName"],
        "ConnectionArn": arn,
        "ProviderType": params.get("ProviderType", "GitHubEnterpriseServer"),
        "OwnerAccountId": call.account,
        "ConnectionStatus": "AVAILABLE",
        **({"HostArn": params["HostArn"]} if params.get("HostArn") else {}),
    }
    tags = params.get("Tags", [])
    row = {"id": ident, "account": call.account, "region": call.region}
    call.tx.insert("connection", {**row, "content": json.dumps({"connection": connection, "tags": tags})})
    return {"ConnectionArn": arn, "Tags": tags}


def _found(call: Call, arn: str) -> tuple[str, dict[str, Any]]:
    """A connection by either form of its ARN."""
    ident = arn.rpartition("/")[2]
    text = call.tx.value(
        "SELECT content FROM connection WHERE id = ? AND account = ? AND region = ?",
        ident,
        call.account,
        call.region,
    )
    if text is None:
        raise ServiceError("ResourceNotFoundException", f"Connection {arn} not found")
    return ident, json.loads(text)


def get_connection(call: Call) -> Answer:
    return {"Connection": _found(call, call.params["ConnectionArn"])[1]["connection"]}


def list_connections(call: Call) -> Answer:
    rows = call.tx.all(
        "SELECT content FROM connection WHERE account = ? AND region = ? ORDER BY id",
        call.account,
        call.region,
    )
    found = [json.loads(row["content"])["connection"] for row in rows]
    kind = call.params.get("ProviderTypeFilter")
    return {"Connections": [each for each in found if kind in (None, each["ProviderType"])]}


def delete_connection(call: Call) -> Answer:
    ident, _ = _found(call, call.params["ConnectionArn"])
    call.tx.execute("DELETE FROM connection WHERE id = ?", ident)
    return {}


def list_tags(call: Call) -> Answer:
    return {"Tags": _found(call, call.params["ResourceArn"])[1]["tags"]}


def tag(call: Call) -> Answer:
    fresh = {each["Key"]: each["Value"] for each in call.params["Tags"]}
    return _tagged(call, lambda tags: {**tags, **fresh})


def untag(call: Call) -> Answer:
    gone = call.params["TagKeys"]
    return _tagged(call, lambda tags: {key: value for key, value in tags.items() if key not in gone})


def _tagged(call: Call, change: Any) -> Answer:
    ident, content = _found(call, call.params["ResourceArn"])
    tags = change({each["Key"]: each["Value"] for each in content["tags"]})
    content["tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    call.tx.execute("UPDATE connection SET content = ? WHERE id = ?", json.dumps(content), ident)
    return {}


for _service in (CODECONNECTIONS, CODESTAR):
    for _name, _handler in (
        ("CreateConnection", create_connection),
        ("GetConnection", get_connection),
        ("ListConnections", list_connections),
        ("DeleteConnection", delete_connection),
        ("ListTagsForResource", list_tags),
        ("TagResource", tag),
        ("UntagResource", untag),
    ):
        _service.operation(_name)(_handler)
