"""What AWS says of a decision, and what would change it.

Owns the wording of access denied messages and the statement that would allow a call. It decides nothing.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from generator.local.iam.conditions import Value
from generator.local.iam.evaluation import Decision, Layer

_NAMES: Mapping[Layer, str] = {
    "service_control": "service control policy",
    "resource_control": "resource control policy",
    "endpoint": "VPC endpoint policy",
    "resource": "resource-based policy",
    "trust": "role trust policy",
    "identity": "identity-based policy",
    "boundary": "permissions boundary",
    "session": "session policy",
}

# The keys worth a condition: each narrows a grant that is dangerous without it. Any other key of a request
# (tags, addresses) would tie the statement to one call.
_NARROWING: Mapping[str, str] = {
    "iam:passedtoservice": "StringEquals",
    "iam:awsservicename": "StringEquals",
    "iam:permissionsboundary": "ArnEquals",
    "kms:viaservice": "StringEquals",
    "kms:grantisforawsresource": "Bool",
    "codeconnections:passedtoservice": "StringEquals",
    "codestar-connections:passedtoservice": "StringEquals",
    "s3:existingobjecttag/servicecatalog:provisioning": "StringEquals",
}


def message(decision: Decision) -> str:
    """AWS's sentence for a denial; nothing for an allowed call."""
    if decision.allowed:
        return ""
    request = decision.request
    if decision.by == "root":
        return "Roles may not be assumed by root accounts."
    on = "" if request.resource == "*" else f" on resource: {request.resource}"
    text = f"User: {request.caller.arn} is not authorized to perform: {request.action}{on}"
    name = _NAMES[decision.by]
    if decision.effect == "implicit_deny":
        return f"{text} because no {name} allows the {request.action} action"
    article = {"trust": "the", "identity": "an"}.get(decision.by, "a")
    return f"{text} with an explicit deny in {article} {name}"


def remedy(action: str, resource: str, context: Mapping[str, Value] | None = None) -> dict[str, object]:
    """The smallest statement that allows the call: its action, its resource, and the keys that narrow it."""
    tests: dict[str, dict[str, object]] = {}
    for key, value in sorted((context or {}).items()):
        if operator := _NARROWING.get(key.lower()):
            tests.setdefault(operator, {})[key] = value
    statement: dict[str, object] = {"Effect": "Allow", "Action": action, "Resource": resource}
    return statement | ({"Condition": tests} if tests else {})


def advice(decision: Decision) -> str:
    """What to do about a denial, in one sentence with the statement; nothing for an allowed call."""
    if decision.allowed:
        return ""
    request = decision.request
    if decision.by == "root":
        return "Assume the role as an IAM user or from another role."
    name = _NAMES[decision.by]
    if decision.effect == "explicit_deny":
        where = f"{name} {decision.policy}".rstrip()
        return (
            f"No Allow overrides a denial: change {decision.statement} of the {where}, "
            "or the call so that it no longer matches."
        )
    statement = remedy(request.action, request.resource, request.context)
    if decision.by in ("resource", "trust", "endpoint"):
        statement = {"Effect": "Allow", "Principal": _principal(decision)} | statement
        if decision.by == "trust":
            del statement["Resource"]
    return f"Add to the {name}: {json.dumps(statement)}"


def _principal(decision: Decision) -> dict[str, str]:
    caller = decision.request.caller
    match caller.kind:
        case "service":
            return {"Service": caller.names[0]}
        case "identity_provider":
            return {"Federated": caller.names[0]}
        case "anonymous":
            return {"AWS": "*"}
        case _:
            return {"AWS": caller.issuer or caller.arn}
