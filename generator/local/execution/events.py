"""EventBridge: events put or emitted by services, held against the rules of a bus, delivered to their targets.

Owns PutEvents and the choice of what gets an event; rules, targets and buses are moto's. Delivery is `targets.py`'s.
What services say of themselves is in the shape of their own events: CodeCommit's references, SageMaker's model packages
and S3's objects. Archives and replays get nothing.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from generator.local import iam
from generator.local.execution.pattern import PatternError, matches
from generator.local.execution.targets import deliver
from generator.local.identity import EVERYTHING, administrator, policy_caller
from generator.local.service import Call, Service, ServiceError

log = logging.getLogger("catalog.local")
SERVICE = Service("events")
HOPS: Final = 5  # from bus to bus
ENTRY_LIMIT: Final = 1024 * 1024  # bytes of all entries


@dataclass(frozen=True)
class Bus:
    account: str
    region: str
    name: str


def emit(
    call: Call,
    region: str,
    source: str,
    kind: str,
    resources: Sequence[str],
    detail: Mapping[str, Any],
    *,
    account: str = "",
) -> None:
    """Put an event of a service onto the default bus of an account, the caller's where none is named."""
    bus = Bus(account or call.account, region, "default")
    publish(call, bus, _event(bus.account, region, source, kind, resources, detail, call.now))


def _event(
    account: str,
    region: str,
    source: str,
    kind: str,
    resources: Sequence[str],
    detail: Mapping[str, Any],
    time: datetime,
) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": source,
        "account": account,
        "time": time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": list(resources),
        "detail": dict(detail),
    }


def publish(call: Call, bus: Bus, event: Mapping[str, Any], *, hops: int = 0) -> None:
    """Deliver an event to the targets of every rule of a bus that matches it."""
    events = call.client("events", region=bus.region, identity=administrator(bus.account))
    rules = [
        rule
        for page in _pages(events.list_rules, "Rules", EventBusName=bus.name)
        for rule in page
        if rule.get("EventPattern") and rule.get("State", "ENABLED") != "DISABLED"
    ]
    for rule in rules:
        try:
            if not matches(json.loads(rule["EventPattern"]), event):
                continue
        except PatternError as error:
            log.warning("rule %s matches nothing: %s", rule["Name"], error)
            continue
        for page in _pages(events.list_targets_by_rule, "Targets", Rule=rule["Name"], EventBusName=bus.name):
            for target in page:
                if target["Arn"].split(":")[2] == "events" and ":event-bus/" in target["Arn"]:
                    _forward(call, target["Arn"], event, hops)
                else:
                    deliver(call, bus.account, rule["Arn"], target, event)


def _forward(call: Call, arn: str, event: Mapping[str, Any], hops: int) -> None:
    if hops >= HOPS:
        log.warning("an event went over %d buses and stays there", HOPS)
        return
    _, _, _, region, account, resource = arn.split(":", 5)
    publish(call, Bus(account, region, resource.partition("/")[2]), event, hops=hops + 1)


def _pages(operation: Any, member: str, **asked: Any) -> Any:
    more: dict[str, str] = {}
    while True:
        answer = operation(**asked, **more)
        yield answer[member]
        if not answer.get("NextToken"):
            return
        more = {"NextToken": answer["NextToken"]}


@SERVICE.operation("PutEvents")
def put_events(call: Call) -> Mapping[str, Any]:
    entries = call.params["Entries"]
    if not 1 <= len(entries) <= 10:
        raise ServiceError("ValidationException", "Entries must have 1 to 10 members")
    if sum(len(entry.get("Detail", "")) for entry in entries) > ENTRY_LIMIT:
        raise ServiceError(
            "ValidationException",
            f"Total size of the entries in the request is over the limit of {ENTRY_LIMIT}",
        )
    answers = [_put(call, entry) for entry in entries]
    return {"FailedEntryCount": sum("ErrorCode" in answer for answer in answers), "Entries": answers}


def _put(call: Call, entry: Mapping[str, Any]) -> dict[str, str]:
    """One entry: its id, or why it was not taken."""
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            return _refused(
                "InvalidArgument", f"Parameter {name} is not valid. Reason: {name} is a required argument."
            )
    if entry["Source"].startswith("aws."):
        return _refused("NotAuthorizedForSourceException", "Not authorized for the source.")
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        detail = None
    if not isinstance(detail, Mapping):
        return _refused("MalformedDetail", "Detail is malformed.")
    bus = _bus(call, entry.get("EventBusName") or "default")
    why = _closed(call, bus)
    if why:
        return _refused(*why)
    at = entry.get("Time") or call.now
    event = _event(
        call.account,
        bus.region,
        entry["Source"],
        entry["DetailType"],
        entry.get("Resources", []),
        detail,
        at,
    )
    publish(call, bus, event)
    return {"EventId": event["id"]}


def _bus(call: Call, name: str) -> Bus:
    if not name.startswith("arn:"):
        return Bus(call.account, call.region, name)
    _, _, _, region, account, resource = name.split(":", 5)
    return Bus(account, region, resource.partition("/")[2])


def _closed(call: Call, bus: Bus) -> tuple[str, str] | None:
    """Why a bus takes nothing from the caller: it is not there, or another account's whose policy does not say so."""
    events = call.client("events", region=bus.region, identity=administrator(bus.account))
    try:
        found = events.describe_event_bus(Name=bus.name)
    except events.exceptions.ResourceNotFoundException:
        return "ResourceNotFoundException", f"Event bus {bus.name} does not exist."
    if bus.account == call.account:
        return None
    request = iam.Request(
        policy_caller(call.identity), "events:PutEvents", found["Arn"], resource_account=bus.account
    )
    policies = iam.Policies.of(identity=[EVERYTHING], resource=found.get("Policy") or None)
    if found.get("Policy") and iam.evaluate(request, policies).allowed:
        return None
    return (
        "AccessDeniedException",
        f"No resource-based policy of {found['Arn']} allows the events:PutEvents action.",
    )


def _refused(code: str, message: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": message}
