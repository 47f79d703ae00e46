"""Everything IAM in a launch role: roles passed to services, roles and policies that a product writes, linked roles.

These are the rights by which a launch role could outgrow itself, so each is bound: PassRole to named roles and services,
role writing to a permission boundary where the target sets one, attachments to the policies that the template names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from generator.errors import FactoryError, Problem, Where, fail
from generator.launch_role import actions, tables
from generator.launch_role.model import Condition, Grant, Scope, conditions
from generator.launch_role.physical import service_of
from generator.launch_role.scoping import Scoping, nameless
from generator.launch_role.values import ANY, is_arn, is_set, references

_ROLE_PROPERTY = re.compile(r"(role|roles|rolearn|rolearns|rolename|iaminstanceprofile)$", re.IGNORECASE)
_CREDENTIALS = re.compile(r"(^|\.)(\w*Credentials(Arn)?|SnsCallerArn|DeliverLogsPermissionArn)$")
_LINKED_TYPE = "AWS::IAM::ServiceLinkedRole"
_POLICY_ARN = re.compile(r"^arn:(?:\$\{AWS::Partition\}|[\w*-]+):iam::(\$\{AWS::AccountId\}|[\w*]+):")
_BOUNDARY_KEY = "iam:PermissionsBoundary"
_ATTACHING = {"iam:AttachRolePolicy", "iam:DetachRolePolicy", "iam:AttachUserPolicy", "iam:AttachGroupPolicy"}
_ATTACHING |= {"iam:DetachUserPolicy", "iam:DetachGroupPolicy"}


_ROLE_WRITING = {
    "iam:AttachRolePolicy",
    "iam:PutRolePolicy",
    "iam:DetachRolePolicy",
    "iam:DeleteRolePolicy",
    "iam:CreateRole",
}
_ROLE_WRITING |= {
    "iam:DeleteRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
}


def boundary_arn(boundary: str) -> str:
    """A boundary's ARN in whichever account the role is; a name stands for a policy with the path "/"."""
    if not boundary.startswith("arn:"):
        return f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy/{boundary}"
    return re.sub(r"^arn:[a-z-]+:iam::\d{12}:", "arn:${AWS::Partition}:iam::${AWS::AccountId}:", boundary)


def passed_roles(scoping: Scoping, logical_id: str) -> Iterator[tuple[Grant, str]]:
    """PassRole for every role that a resource's properties name, each with the property that names it.

    A role goes to the type's own service unless the table names another.
    """
    resource_type = scoping.physical.type_of(logical_id) or ""
    for path, value in scoping.paths(logical_id):
        if isinstance(value, Mapping) and _plain(value):
            continue
        if not _ROLE_PROPERTY.search(path) and not _CREDENTIALS.search(path):
            continue
        services = tables.passed_to(resource_type, path) or (f"{service_of(resource_type)}.amazonaws.com",)
        if services == ("",):
            continue
        for arn in _role_arns(scoping, value):
            yield (
                Grant(
                    "iam:PassRole", arn, (("StringEquals", "iam:PassedToService", tuple(sorted(services))),)
                ),
                path,
            )


def _plain(value: Mapping[str, Any]) -> bool:
    return len(value) != 1 or not (next(iter(value)) == "Ref" or str(next(iter(value))).startswith("Fn::"))


def _role_arns(scoping: Scoping, value: Any) -> Iterable[str]:
    physical = scoping.physical
    found: set[str] = set()
    for text in physical.values.patterns(value):
        name = ANY if text.startswith("arn:") else text
        found.add(text if is_arn(text) else f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{name}")
    for other in references(value):
        if physical.type_of(other) == "AWS::IAM::InstanceProfile":
            # What is passed is the role inside; an instance profile made elsewhere hides it.
            roles = physical.properties(other).get("Roles")
            found = {arn for arn in found if ":instance-profile/" not in arn}
            found.discard(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{physical.names(other)[0]}")
            found.update(_role_arns(scoping, roles) if roles else ())
        elif physical.type_of(other) == "AWS::IAM::Role":
            # Only the template knows the path of a role that is named by Ref.
            found -= {
                f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{name}"
                for name in physical.names(other)
            }
            found.update(physical.arns(other, "role"))
    return sorted(
        re.sub(r":instance-profile/.*", f":role/{ANY}", arn) if ":instance-profile/" in arn else arn
        for arn in found
    )


def linked_roles(scoping: Scoping, logical_id: str) -> Iterator[tuple[Grant, str]]:
    """The right to make the service-linked roles that a type may be the first in an account to need."""
    resource_type = scoping.physical.type_of(logical_id) or ""
    if resource_type == _LINKED_TYPE:
        for service in scoping.physical.linked_services(logical_id):
            yield linked_role(service), "AWSServiceName"
        return
    for entry in tables.linked_roles(resource_type):
        if not entry.when or any(_in_use(scoping, logical_id, setting) for setting in entry.when):
            yield linked_role(entry.service), entry.source


def _in_use(scoping: Scoping, logical_id: str, setting: str) -> bool:
    """Whether a top-level property has a value at all, or the value of `Property=value`."""
    if "=" in setting:
        return setting in scoping.settings(logical_id)
    return is_set(scoping.physical.properties(logical_id).get(setting))


def unnamed_linked_roles(scoping: Scoping, logical_id: str) -> Iterator[Grant]:
    """For a schema that asks to make a linked role and a table that is silent: services name it after themselves."""
    resource_type = scoping.physical.type_of(logical_id) or ""
    if not tables.linked_roles(resource_type) and resource_type != _LINKED_TYPE:
        yield linked_role(f"{service_of(resource_type)}.amazonaws.com")


def linked_role(service: str) -> Grant:
    """The right to make one service's linked role."""
    operator = "StringLike" if ANY in service else "StringEquals"
    return Grant(
        "iam:CreateServiceLinkedRole",
        f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/aws-service-role/{service}/*",
        ((operator, "iam:AWSServiceName", (service,)),),
    )


def bound(grant: Grant, scoping: Scoping, logical_id: str, scope: Scope) -> Iterator[Grant]:
    """The grant with the conditions that keep a role from growing: its boundary, and the policies it may take.

    Where a service's own resource asks to write a role, that is its service-linked role and no other.
    """
    known = actions.action(grant.action)
    if known is None or known.service != "iam" or not known.writes:
        yield grant
        return
    if grant.action in _ROLE_WRITING and service_of(scoping.physical.type_of(logical_id) or "") != "iam":
        named = [linked for linked, _ in linked_roles(scoping, logical_id)]
        for linked in (*named, *unnamed_linked_roles(scoping, logical_id)):
            yield replace(grant, resource=linked.resource)
        return
    if grant.action in _ROLE_WRITING and nameless(grant.resource) and not scope.boundary:
        raise fail(
            f"{scope.product}: {logical_id}",
            f"its launch role would have {grant.action} on every role of the account, because the role may have any name",
            "Leave the name out, begin it with a fixed word (AllowedPattern: '^word-…'), or set a boundary for the target.",
        )
    extra: list[Condition] = []
    if scope.boundary and _BOUNDARY_KEY in known.keys:
        extra.append(("StringEquals", _BOUNDARY_KEY, (boundary_arn(scope.boundary),)))
    if grant.action in _ATTACHING:
        extra.append(("ArnLike", "iam:PolicyARN", _attached(scoping, logical_id)))
    yield replace(grant, conditions=conditions([*grant.conditions, *extra]))


def _attached(scoping: Scoping, logical_id: str) -> tuple[str, ...]:
    physical = scoping.physical
    if physical.type_of(logical_id) == "AWS::IAM::ManagedPolicy":
        return physical.arns(logical_id)
    given = physical.values.patterns(physical.properties(logical_id).get("ManagedPolicyArns", []))
    arns = {text if is_arn(text) else f"arn:${{AWS::Partition}}:iam::{ANY}:policy/{ANY}" for text in given}
    return tuple(sorted(arns))


def check_boundaries(template: Mapping[str, Any], scope: Scope, scoping: Scoping) -> None:
    """Refuse a template whose roles could not be made: with a boundary set, each role must carry that one.

    Another boundary, however narrow, is none for the target: the launch role writes roles under the target's alone.
    Raises FactoryError with every role that names none, or never the target's.
    """
    if scope.boundary is None:
        return
    problems: list[Problem] = []
    for logical_id, declared in (template.get("Resources") or {}).items():
        if not isinstance(declared, Mapping) or declared.get("Type") not in (
            "AWS::IAM::Role",
            "AWS::IAM::User",
        ):
            continue
        given = (declared.get("Properties") or {}).get("PermissionsBoundary")
        why = _wrong_boundary(given, scope.boundary, scoping)
        if why:
            remedy = f"Set PermissionsBoundary to {boundary_arn(scope.boundary)}."
            problems.append(Problem(Where(scope.product), f"resource '{logical_id}' {why}", remedy))
    if problems:
        raise FactoryError(*problems)


def _wrong_boundary(given: Any, boundary: str, scoping: Scoping) -> str:
    """What is wrong with a role's boundary; nothing where it may be the target's."""
    found = scoping.physical.values.patterns(given) if is_set(given) else ()
    if not found:
        return (
            "has no PermissionsBoundary, but the target sets one for every role that a product makes, so that its launch"
            " would be denied"
        )
    wanted = _anywhere(boundary_arn(boundary))
    if any(fnmatchcase(wanted, _anywhere(each)) for each in found):
        return ""
    return (
        f"has the PermissionsBoundary {', '.join(found)}, but the target sets another for every role that a product"
        " makes, so that its launch would be denied"
    )


def _anywhere(arn: str) -> str:
    """A boundary's ARN without partition and account: of a policy only its name counts, and whether it is AWS's own."""
    return _POLICY_ARN.sub(lambda found: "aws:" if found[1] == "aws" else "", arn)
