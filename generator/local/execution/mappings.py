"""Event source mappings: queues whose messages functions are run for.

Owns the mappings, because moto's would start containers whenever a message is sent. Of SQS only: other sources are refused.
Where code is run a thread looks for messages (`poll`); elsewhere a mapping is kept and its queue fills.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import uuid
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from botocore.exceptions import ClientError

from generator.local.execution import functions
from generator.local.execution.delivery import queue_url
from generator.local.execution.pattern import matches
from generator.local.execution.role import RoleRefused, assume
from generator.local.service import Call, ServiceError
from generator.local.wire import Request, Response

if TYPE_CHECKING:
    from generator.local.execution.runner import Runner
    from generator.local.world import Content

log = logging.getLogger("catalog.local")
_PATH: Final = re.compile(r"/2015-03-31/event-source-mappings(?:/([\w-]*))?/?")
_KEPT: Final = (
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "FunctionResponseTypes",
    "FilterCriteria",
    "ScalingConfig",
    "KMSKeyArn",
    "MetricsConfig",
)
PAUSE: Final = 0.3  # seconds between two looks at the queues


def asked(request: Request) -> str | None:
    """The id of the mapping that a request is about, empty for all of them; None for any other request."""
    found = _PATH.fullmatch(request.path)
    return None if found is None else found[1] or ""


def respond(call: Call, request: Request, ident: str) -> Response:
    try:
        answer, status = _respond(call, request, ident)
    except ServiceError as error:
        headers = {"x-amzn-ErrorType": error.code, "Content-Type": "application/json"}
        body = json.dumps({"Type": "User", "Message": error.message})
        return Response(error.status, headers, body.encode())
    return Response(status, {"Content-Type": "application/json"}, json.dumps(answer).encode())


def _respond(call: Call, request: Request, ident: str) -> tuple[Mapping[str, Any], int]:
    body = json.loads(request.body or b"{}")
    match request.method, bool(ident):
        case "POST", False:
            return _create(call, body), 202
        case "GET", False:
            return _list(call, request), 200
        case "GET", True:
            return _found(call, ident), 200
        case "PUT", True:
            return _update(call, ident, body), 202
        case "DELETE", True:
            found = _found(call, ident)
            with call.state.write() as tx:
                tx.execute("DELETE FROM event_source_mapping WHERE id = ?", ident)
            return {**found, "State": "Deleting"}, 202
    raise ServiceError("InvalidParameterValueException", f"{request.method} is not understood here")


def _create(call: Call, body: Mapping[str, Any]) -> Mapping[str, Any]:
    source = str(body.get("EventSourceArn", ""))
    if source.split(":")[2:3] != ["sqs"]:
        raise ServiceError(
            "InvalidParameterValueException",
            f"The local AWS maps queues of SQS to functions; {source or 'this source'} is none.",
        )
    named = functions.ARN.fullmatch(str(body.get("FunctionName", "")))
    if named is None:
        raise ServiceError("InvalidParameterValueException", "FunctionName is no name of a function")
    qualifier = f":{named[4]}" if named[4] else ""
    arn = call.arn(f"function:{named[3]}{qualifier}", service="lambda")
    mappings = _all(call)
    if any((each["EventSourceArn"], each["FunctionArn"]) == (source, arn) for each in mappings):
        raise ServiceError(
            "ResourceConflictException",
            f'The event source arn (" {source} ") and function (" {named[3]} ") provided mapping already exists.',
            409,
        )
    ident = str(uuid.uuid4())
    made = {
        "UUID": ident,
        "EventSourceArn": source,
        "FunctionArn": arn,
        "EventSourceMappingArn": call.arn(f"event-source-mapping:{ident}", service="lambda"),
        "BatchSize": 10,
        "MaximumBatchingWindowInSeconds": 0,
        "State": "Enabled" if body.get("Enabled", True) else "Disabled",
        "StateTransitionReason": "USER_INITIATED",
        "LastModified": call.now.timestamp(),
        **{name: body[name] for name in _KEPT if name in body},
    }
    with call.state.write() as tx:
        row = {"id": ident, "account": call.account, "region": call.region, "content": json.dumps(made)}
        tx.insert("event_source_mapping", row)
    return made


def _update(call: Call, ident: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    found = _found(call, ident) | {name: body[name] for name in _KEPT if name in body}
    if "Enabled" in body:
        found["State"] = "Enabled" if body["Enabled"] else "Disabled"
    found["LastModified"] = call.now.timestamp()
    with call.state.write() as tx:
        tx.execute("UPDATE event_source_mapping SET content = ? WHERE id = ?", json.dumps(found), ident)
    return found


def _list(call: Call, request: Request) -> Mapping[str, Any]:
    given = parse_qs(urlsplit(request.url).query)
    source, name = given.get("EventSourceArn", [""])[0], given.get("FunctionName", [""])[0]
    found = [
        each
        for each in _all(call)
        if source in ("", each["EventSourceArn"])
        and (not name or name in (each["FunctionArn"], each["FunctionArn"].split(":")[6]))
    ]
    return {"EventSourceMappings": found}


def _all(call: Call) -> list[dict[str, Any]]:
    with call.state.read() as tx:
        rows = tx.all(
            "SELECT content FROM event_source_mapping WHERE account = ? AND region = ? ORDER BY id",
            call.account,
            call.region,
        )
    return [json.loads(row["content"]) for row in rows]


def _found(call: Call, ident: str) -> dict[str, Any]:
    found = next((each for each in _all(call) if each["UUID"] == ident), None)
    if found is None:
        raise ServiceError("ResourceNotFoundException", "The resource you requested does not exist.", 404)
    return found


# Running functions for messages


def poll(runner: Runner) -> None:
    """Run functions for the messages of mapped queues until the local AWS is closed."""
    busy: set[str] = set()
    while not runner.closing.wait(PAUSE):
        with runner.state.read() as tx:
            rows = tx.all("SELECT id, account, region, content FROM event_source_mapping")
        for row in rows:
            mapping = json.loads(row["content"])
            if row["id"] in busy or mapping["State"] != "Enabled":
                continue
            if not _waiting(runner, mapping["EventSourceArn"]):
                continue
            busy.add(row["id"])
            runner.aside(partial(_handled, runner, mapping, busy, row["id"]))


def _waiting(runner: Runner, queue: str) -> bool:
    *_, region, account, name = queue.split(":")

    def read(content: Content) -> bool:
        backend = content.get("sqs", ({}, {}))[0].get(account, {}).get(region)
        kept = backend.queues.get(name) if backend else None
        return kept is not None and any(message.visible for message in kept._messages)

    return bool(runner.look(read))


def _handled(runner: Runner, mapping: Mapping[str, Any], busy: set[str], ident: str) -> None:
    try:
        _handle(runner, mapping)
    except (ServiceError, ClientError, RoleRefused) as error:
        log.warning("%s gets no messages of %s: %s", mapping["FunctionArn"], mapping["EventSourceArn"], error)
        runner.pause(1.0)
    finally:
        busy.discard(ident)


def _handle(runner: Runner, mapping: Mapping[str, Any]) -> None:
    """One batch: received and deleted as the function's role, whose permission it takes."""
    region, account = mapping["FunctionArn"].split(":")[3:5]
    function = functions.find(runner, account, region, mapping["FunctionArn"])
    session = assume(runner.state, runner.clients, function.role, "lambda.amazonaws.com", function.name)
    sqs = runner.clients("sqs", region, session.identity)
    url = queue_url(sqs, mapping["EventSourceArn"])
    received = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=min(int(mapping["BatchSize"]), 10),
        AttributeNames=["All"],
        MessageAttributeNames=["All"],
    ).get("Messages", [])
    records = {each["MessageId"]: _record(each, mapping, region) for each in received}
    wanted = {ident: record for ident, record in records.items() if _passes(mapping, record)}
    done = set(records) - set(wanted)  # what the filter leaves out is deleted unseen
    if wanted:
        outcome = functions.invoke(runner, function, {"Records": list(wanted.values())})
        if not outcome.error:
            done |= set(wanted) - _failures(mapping, outcome.payload, set(wanted))
    for each in received:
        if each["MessageId"] in done:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])


def _failures(mapping: Mapping[str, Any], payload: str, all_of_them: set[str]) -> set[str]:
    """The messages that a function says to have failed on, where the mapping lets it."""
    if "ReportBatchItemFailures" not in mapping.get("FunctionResponseTypes", []):
        return set()
    answer = json.loads(payload)
    if not isinstance(answer, Mapping):
        return set()
    named = {each.get("itemIdentifier") for each in answer.get("batchItemFailures") or []}
    return named if named <= all_of_them else all_of_them


def _record(message: Mapping[str, Any], mapping: Mapping[str, Any], region: str) -> dict[str, Any]:
    attributes = {
        name: {
            "stringValue": value.get("StringValue"),
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": value["DataType"],
        }
        for name, value in message.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": attributes,
        "md5OfBody": message.get("MD5OfBody")
        or hashlib.md5(message["Body"].encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": mapping["EventSourceArn"],
        "awsRegion": region,
    }


def _passes(mapping: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    patterns = [json.loads(each["Pattern"]) for each in mapping.get("FilterCriteria", {}).get("Filters", [])]
    try:
        seen = {**record, "body": json.loads(record["body"])}
    except ValueError:
        seen = dict(record)
    return not patterns or any(matches(pattern, seen) for pattern in patterns)
