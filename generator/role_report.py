"""What `catalog role` tells, as plain data and as text: policies, their reasons, what changed, and how others compare.

Pure: the roles come from the bundle and from the gateway, the command line prints.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from generator.catalogue import Target
from generator.launch_role import (
    Difference,
    Grant,
    LaunchRole,
    Reason,
    compare,
    documents,
    merge,
    scoped_writes,
    trust,
    widened,
)
from generator.launch_role.identity import boundary_arn

Told = dict[str, Any]
SEVERITIES = ("high", "medium", "low")


def policies(role: LaunchRole, published: LaunchRole | None, target: Target | None) -> Told:
    """The role as IAM gets it, its share of scoped writes, and what differs from the published one.

    With a target its partition and account stand in the policies; without one they stay pseudo parameters, as the
    roles' stack has them.
    """
    told: Told = {
        "RoleName": role.name,
        "Trust": trust(role),
        "PermissionsBoundary": boundary_arn(role.launch_boundary) if role.launch_boundary else None,
        "Policies": list(documents(role)),
    }
    if target is not None:
        told = resolved(told, target)
    return {**told, "ScopedWrites": scoped(role), "SincePublished": since(role, published)}


def resolved(value: Any, target: Target) -> Any:
    """The same with the target's partition and account in place of the pseudo parameters."""
    if isinstance(value, str):
        text = value.replace("${AWS::Partition}", target.partition)
        return text.replace("${AWS::AccountId}", target.spec.account)
    if isinstance(value, list):
        return [resolved(each, target) for each in value]
    if isinstance(value, dict):
        return {key: resolved(each, target) for key, each in value.items()}
    return value


def scoped(role: LaunchRole) -> Told:
    """How many writing actions are limited to less than a whole service."""
    found = scoped_writes(role)
    return {
        "Writing": found.total,
        "Scoped": found.scoped,
        "Share": round(found.share, 4),
        "NotScoped": list(found.rest),
    }


def since(role: LaunchRole, published: LaunchRole | None) -> Told:
    """What publishing would change of the deployed role.

    Grants of versions that somebody may still run stay, so that nothing is ever taken away: what this version no
    longer asks for is `NotAskedFor`.
    """
    if published is None:
        return {"Status": "new", "Broadened": [], "NotAskedFor": []}
    after = merge(published, role)
    broadened = widened(published, after)
    status = "unchanged" if after == published else "broadened" if broadened else "rewritten"
    return {
        "Status": status,
        "Broadened": [_grant(each) for each in broadened],
        "NotAskedFor": [_grant(each) for each in widened(role, published)],
    }


def _grant(grant: Grant) -> Told:
    return {
        "Action": grant.action,
        "Resource": grant.resource,
        "Conditions": [[operator, key, list(values)] for operator, key, values in grant.conditions],
    }


def policies_text(told: Mapping[str, Any]) -> str:
    """The changes and the numbers, then the policies as JSON."""
    scope, change = told["ScopedWrites"], told["SincePublished"]
    not_scoped = f"; not scoped: {', '.join(scope['NotScoped'])}" if scope["NotScoped"] else ""
    lines = [
        told["RoleName"],
        f"  boundary       {told['PermissionsBoundary'] or 'none'}",
        f"  scoped writes  {scope['Scoped']} of {scope['Writing']} ({scope['Share']:.0%}){not_scoped}",
    ]
    match change["Status"]:
        case "broadened":
            count = len(change["Broadened"])
            lines.append(f"  published      BROADENED by {count} grant{'s' if count != 1 else ''}:")
            lines += [f"    + {_grant_text(each)}" for each in change["Broadened"]]
        case "unknown":
            lines.append(f"  published      unknown: {change['Why']}")
        case "new":
            lines.append("  published      not yet")
        case status:
            lines.append(f"  published      {status}")
    if change["NotAskedFor"]:
        lines.append("  no longer asked for, kept for published versions that may still run:")
        lines += [f"    = {_grant_text(each)}" for each in change["NotAskedFor"]]
    document = {key: told[key] for key in ("Trust", "Policies")}
    return "\n".join(lines) + "\n\n" + json.dumps(document, indent=2) + "\n"


def _grant_text(grant: Mapping[str, Any]) -> str:
    where = "; ".join(f"{key} {', '.join(values)}" for _, key, values in grant["Conditions"])
    return f"{grant['Action']} on {grant['Resource']}" + (f" where {where}" if where else "")


def reasons(role: LaunchRole, found: Iterable[Reason], schema_date: str) -> Told:
    """Every action with each resource, handler and property or source that asks for it."""
    return {
        "RoleName": role.name,
        "SchemaDate": schema_date,
        "ScopedWrites": scoped(role),
        "Reasons": [
            {
                **_grant(reason.grant),
                "LogicalId": reason.logical_id,
                "Type": reason.resource_type,
                "Handler": reason.handler,
                "Because": reason.because,
            }
            for reason in sorted(found)
        ],
    }


def reasons_text(told: Mapping[str, Any]) -> str:
    """By action and resource, the things that ask for them."""
    scope = told["ScopedWrites"]
    lines = [
        f"{told['RoleName']}: resource schemas of {told['SchemaDate']}",
        f"{scope['Scoped']} of {scope['Writing']} writing actions scoped ({scope['Share']:.0%})",
    ]
    for text, asking in groupby(told["Reasons"], key=_grant_text):
        lines += ["", text]
        for each in asking:
            place = f"{each['LogicalId']} ({each['Type']})" if each["LogicalId"] else "the stack"
            lines.append(f"  {place}, {each['Handler']}: {each['Because']}")
    return "\n".join(lines) + "\n"


def comparison(
    role: LaunchRole,
    others: Sequence[Mapping[str, Any]],
    target: Target,
    file: str,
    notes: Iterable[str],
) -> Told:
    """What the policies of a file allow too much and what they lack, against the role as it is in the target.

    Policies of a deployed role name its account, those of a template may not: both are compared with it in place.
    """
    grants = (replace(grant, resource=resolved(grant.resource, target)) for grant in role.grants)
    too_much, lacking = compare(replace(role, grants=frozenset(grants)), resolved(list(others), target))
    return {
        "RoleName": role.name,
        "File": file,
        "Notes": list(notes),
        "TooMuch": _counted(too_much),
        "Lacking": _counted(lacking),
    }


def _counted(found: Sequence[Difference]) -> Told:
    severities = [each.severity for each in found]
    return {
        "Count": {severity: severities.count(severity) for severity in SEVERITIES},
        "Differences": [
            {
                "Service": each.service,
                "Severity": each.severity,
                "Action": each.action,
                "Resource": each.resource,
            }
            for each in sorted(found, key=_by_weight)
        ],
    }


def _by_weight(each: Difference) -> tuple[Any, ...]:
    return each.service, SEVERITIES.index(each.severity), each.resource, each.action


def comparison_text(told: Mapping[str, Any]) -> str:
    """By service and severity; actions of one resource on one line."""
    lines = [f"{told['File']} against {told['RoleName']}"]
    lines += [f"note: {note}" for note in told["Notes"]]
    for title, side in (("Too much", told["TooMuch"]), ("Lacking", told["Lacking"])):
        counts = side["Count"]
        total = sum(counts.values())
        numbers = ", ".join(f"{counts[severity]} {severity}" for severity in SEVERITIES)
        lines += ["", f"{title}: {total} ({numbers})" if total else f"{title}: nothing"]
        for service, of_service in groupby(side["Differences"], key=lambda each: str(each["Service"])):
            lines.append(f"  {service}")
            alike = groupby(of_service, key=lambda each: (str(each["Severity"]), str(each["Resource"])))
            for (severity, resource), actions in alike:
                names = ", ".join(each["Action"].partition(":")[2] or each["Action"] for each in actions)
                lines.append(f"    {severity:<6} {names} on {resource}")
    return "\n".join(lines) + "\n"
