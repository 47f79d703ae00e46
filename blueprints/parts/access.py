"""Permissions as values: statements, the roles that services assume, and ARNs.

Parts return the statements that using them takes; whoever owns the role collects them, so that a role holds exactly
what its parts need. Actions are always written out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from troposphere import Ref, Sub, encode_to_dict, iam

from .project import Project

Statement = dict[str, Any]

THIS_ACCOUNT = {"StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")}}


def allow(
    actions: Sequence[str], resources: Sequence[object] | str, conditions: Mapping[str, object] | None = None
) -> Statement:
    """One Allow statement; `resources` is "*" only for actions that know no resource."""
    statement: Statement = {
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": resources if isinstance(resources, str) else list(resources),
    }
    if conditions:
        statement["Condition"] = dict(conditions)
    return statement


def arn(service: str, resource: str) -> Sub:
    """The ARN of a resource in this account and region; `resource` may hold ${…} references."""
    return Sub(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")


def distinct(statements: Iterable[Statement]) -> list[Statement]:
    """All statements, each once: two parts may need the same."""
    found: dict[str, Statement] = {}
    for each in statements:
        found.setdefault(json.dumps(encode_to_dict(each), sort_keys=True), each)
    return list(found.values())


def merged(statements: Iterable[Statement]) -> list[Statement]:
    """The same permissions in fewer characters: what differs in its resources alone is said once."""
    found: dict[str, Statement] = {}
    for each in statements:
        rest = {key: value for key, value in each.items() if key != "Resource"}
        one = found.setdefault(json.dumps(encode_to_dict(rest), sort_keys=True), {**rest, "Resource": []})
        one["Resource"] += each["Resource"]
    return [{**one, "Resource": _once(one["Resource"])} for one in found.values()]


def _once(resources: Iterable[object]) -> list[object]:
    return list({json.dumps(encode_to_dict(each), sort_keys=True): each for each in resources}.values())


def pass_role(role: object, service: str) -> Statement:
    """Hand one role to one service."""
    return allow(
        ["iam:PassRole"], [role], {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}
    )


def service_role(
    project: Project,
    title: str,
    suffix: str,
    service: str | Sequence[str],
    description: str,
    statements: Sequence[Statement],
    *,
    trust_conditions: Mapping[str, object] | None = None,
) -> iam.Role:
    """A role that a service, or each of several, assumes for this project, with just these statements."""
    trust: Statement = {
        "Effect": "Allow",
        "Principal": {
            "Service": f"{service}.amazonaws.com"
            if isinstance(service, str)
            else [f"{one}.amazonaws.com" for one in service]
        },
        "Action": "sts:AssumeRole",
    }
    if trust_conditions:
        trust["Condition"] = dict(trust_conditions)
    return role(project, title, suffix, description, trust, statements)


def role(
    project: Project,
    title: str,
    suffix: str,
    description: str,
    trust: Statement,
    statements: Sequence[Statement],
) -> iam.Role:
    """A role with just these statements, for whom the statement `trust` names."""
    return project.add(
        iam.Role(
            title,
            RoleName=project.named(suffix, limit=64),
            Description=description,
            AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [trust]},
            Policies=[
                iam.Policy(
                    PolicyName=suffix,
                    PolicyDocument={"Version": "2012-10-17", "Statement": list(statements)},
                )
            ],
        )
    )
