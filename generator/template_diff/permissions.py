"""What a template's documents allow and deny: statements taken apart into single permissions. Pure.

Reads identity policies, trust policies, resource policies and attachments wherever they stand. A permission is told by
who has it, the action, what it is on and under which conditions; comparing them is another module's part.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from generator.launch_role.policy import listed
from generator.template_diff.normal import Normal, shown, text_of
from generator.template_diff.resources import Resource

Choice = tuple[str, bool]  # a condition of the template, and whether it holds
Where = frozenset[tuple[str, str, frozenset[str]]]  # operator, key, values

ATTACHED = "the policy"  # stands for an action where a managed policy is attached whole

_ROLES = {"AWS::IAM::Role": "Roles", "AWS::IAM::User": "Users", "AWS::IAM::Group": "Groups"}
_INLINE = {
    "AWS::IAM::RolePolicy": "RoleName",
    "AWS::IAM::UserPolicy": "UserName",
    "AWS::IAM::GroupPolicy": "GroupName",
}
# The property of a resource policy that says what it is on, where the policy is a resource of its own.
_ON = (
    "Bucket", "Queues", "Topics", "SecretId", "FunctionName", "LayerVersionArn", "EventBusName", "RepositoryName",
    "ModelPackageGroupName", "ResourceArn", "FileSystemId", "StreamARN", "RegistryName", "DomainName",
)  # fmt: skip


@dataclass(frozen=True)
class Permission:
    """One action for one holder on one pattern. `negated` names the parts that say what is *not* meant.

    `holder` is who has it: the logical id of a role, or a principal where the policy stands on the resource.
    """

    holder: str
    action: str
    resource: str
    where: Where = frozenset()
    when: frozenset[Choice] = frozenset()
    negated: frozenset[str] = frozenset()
    source: str = field(default="", compare=False)  # the resource of the template whose document says so


@dataclass(frozen=True)
class Permissions:
    """Everything that a template allows and denies; `trusted` are the principals of each role."""

    allowed: frozenset[Permission]
    denied: frozenset[Permission]
    trusted: Mapping[str, frozenset[str]]
    boundaries: Mapping[str, str]


def read(resources: Mapping[str, Resource]) -> Permissions:
    allowed: set[Permission] = set()
    denied: set[Permission] = set()
    for resource in resources.values():
        for effect, permission in _of(resource, resources):
            (allowed if effect == "Allow" else denied).add(permission)
    return Permissions(
        frozenset(allowed),
        frozenset(denied),
        {
            name: frozenset(each.holder for each in allowed if each.source == name and _assumes(each.action))
            for name, resource in resources.items()
            if resource.type == "AWS::IAM::Role"
        },
        {
            name: shown(each.properties["PermissionsBoundary"])
            for name, each in resources.items()
            if "PermissionsBoundary" in each.properties
        },
    )


def _assumes(action: str) -> bool:
    return action.startswith("sts:assumerole")


Found = Iterator[tuple[str, Permission]]


def _of(resource: Resource, resources: Mapping[str, Resource]) -> Found:
    when = _when(resource.condition)
    if resource.type in ("AWS::Lambda::Permission", "AWS::Lambda::LayerVersionPermission"):
        yield "Allow", _function_permission(resource, when)
        return
    if resource.type == "AWS::Events::EventBusPolicy" and "Statement" not in resource.properties:
        yield from _bus_permission(resource, when)
        return
    if resource.type == "AWS::EC2::VPCEndpoint" and "PolicyDocument" not in resource.properties:
        yield "Allow", Permission(f"* through {resource.name}", "*", "*", when=when, source=resource.name)
    holders = _holders(resource, resources)
    for policy, choices in _branches(resource.properties.get("ManagedPolicyArns"), when):
        # What a policy of this template says is read from it, for everybody whom it is attached to.
        if not _logical(policy, resources, "AWS::IAM::ManagedPolicy"):
            yield (
                "Allow",
                Permission(resource.name, ATTACHED, shown(policy), when=choices, source=resource.name),
            )
    for document, choices in _documents(resource.properties, when):
        for statement, chosen in _branches(document, choices):
            yield from _statement(statement, resource, holders, chosen)


def _holders(resource: Resource, resources: Mapping[str, Resource]) -> list[str]:
    """Whose permissions an identity policy gives."""
    if resource.type in _INLINE:
        return [_bare(resource.properties.get(_INLINE[resource.type]))]
    if resource.type in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        found = [
            _bare(value)
            for key in _ROLES.values()
            for value, _ in _branches(resource.properties.get(key), frozenset())
        ]
        attached = [
            each.name
            for each in resources.values()
            for policy, _ in _branches(each.properties.get("ManagedPolicyArns"), frozenset())
            if _logical(policy, {resource.name: resource}, resource.type)
        ]
        # A managed policy may be attached by anybody later: it counts for itself, too.
        return sorted({*found, *attached, *([resource.name] if "Managed" in resource.type else [])})
    return [resource.name]


def _bare(value: Any) -> str:
    """A role by its logical id, or by the name that it has outside of the template."""
    text = shown(value)
    return text[2:-1].partition(".")[0] if text.startswith("${") and text.endswith("}") else text


def _logical(value: Any, resources: Mapping[str, Resource], resource_type: str) -> bool:
    found = resources.get(_bare(value))
    return found is not None and found.type == resource_type


def _documents(value: Any, when: frozenset[Choice], key: str = "") -> Iterator[tuple[Any, frozenset[Choice]]]:
    """The statement lists of every policy document in a value, written as JSON text, too."""
    if isinstance(value, Mapping):
        match value:
            case {"Fn::If": [condition, *branches]} if len(value) == 1:
                for holds, branch in zip((True, False), branches, strict=False):
                    yield from _documents(branch, when | {(shown(condition), holds)}, key)
            case {"Fn::Sub": str() as text} if len(value) == 1:
                yield from _documents(text, when, key)
            case {"Statement": statements} if _has_effect(statements):
                yield statements, when
            case _:
                for name, child in value.items():
                    yield from _documents(child, when, str(name))
    elif isinstance(value, list):
        for child in value:
            yield from _documents(child, when, key)
    elif isinstance(value, str) and "Statement" in value and value.lstrip().startswith("{"):
        try:
            written = json.loads(value)
        except ValueError:
            return
        yield from _documents(Normal({}).value(written), when, key)


def _has_effect(statements: Any) -> bool:
    return any(
        isinstance(each, Mapping) and "Effect" in each for each, _ in _branches(statements, frozenset())
    )


def _branches(value: Any, when: frozenset[Choice]) -> Iterator[tuple[Any, frozenset[Choice]]]:
    """The members of a list, or the one value, each with the choices under which it is there."""
    match value:
        case None:
            return
        case list():
            for member in value:
                yield from _branches(member, when)
        case {"Fn::If": [condition, *branches]} if len(value) == 1:
            for holds, branch in zip((True, False), branches, strict=False):
                if branch != {"Ref": "AWS::NoValue"}:
                    yield from _branches(branch, when | {(shown(condition), holds)})
        case _:
            yield value, when


def _when(condition: Any) -> frozenset[Choice]:
    return frozenset() if condition is True else frozenset({(shown(condition), True)})


def _statement(statement: Any, resource: Resource, holders: list[str], when: frozenset[Choice]) -> Found:
    if not isinstance(statement, Mapping):
        return
    negated = frozenset(key for key in ("NotAction", "NotResource", "NotPrincipal") if key in statement)
    where = _conditions(statement.get("Condition") or {})
    if "NotPrincipal" in statement:
        who = [(f"everybody but {shown(statement['NotPrincipal'])}", when)]
    else:
        who = list(_principals(statement.get("Principal"), when))
    own = [(f"${{{name}}}", when) for name in _targets(resource)]
    if resource.type == "AWS::EC2::VPCEndpoint":  # it gives nothing, and limits what goes through it
        who = [(f"{name} through {resource.name}", choices) for name, choices in who]
    for holder, first in who or [(name, when) for name in holders]:
        for action, second in _part(statement, "Action", first):
            on = list(_part(statement, "Resource", second))
            if who and (not on or [text for text, _ in on] == ["*"]) and " through " not in holder:
                on = own  # in a policy that stands on a resource, `*` is that resource
            for text, third in on:
                yield (
                    str(statement.get("Effect")),
                    Permission(holder, action.lower(), text, where, third | second, negated, resource.name),
                )


def _part(
    statement: Mapping[str, Any], key: str, when: frozenset[Choice]
) -> Iterator[tuple[str, frozenset[Choice]]]:
    """The members of Action or Resource; what stands under their Not… is one text, for it holds only as a whole."""
    if f"Not{key}" in statement:
        yield json.dumps(sorted(shown(each) for each, _ in _branches(statement[f"Not{key}"], when))), when
        return
    for each, choices in _branches(statement.get(key), when):
        yield shown(each), choices


def _targets(resource: Resource) -> list[str]:
    found = [
        _bare(each)
        for key in _ON
        if "Policy" in resource.type.rpartition("::")[2]
        for each, _ in _branches(resource.properties.get(key), frozenset())
    ]
    return found or [resource.name]


def _principals(value: Any, when: frozenset[Choice]) -> Iterator[tuple[str, frozenset[Choice]]]:
    if isinstance(value, Mapping) and text_of(value) is None and "Fn::If" not in value:
        for kind, members in value.items():
            for each, choices in _branches(members, when):
                text = shown(each)
                yield ("*" if text == "*" and kind == "AWS" else f"{kind} {text}"), choices
    else:
        for each, choices in _branches(value, when):
            yield shown(each), choices


def _conditions(block: Any) -> Where:
    if not isinstance(block, Mapping) or any(str(key).startswith("Fn::") for key in block):
        return frozenset({("", "", frozenset({shown(block)}))})
    return frozenset(
        (str(operator), str(key).lower(), frozenset(shown(each) for each in listed(values)))
        for operator, keys in block.items()
        for key, values in (keys.items() if isinstance(keys, Mapping) else [("", keys)])
    )


def _function_permission(resource: Resource, when: frozenset[Choice]) -> Permission:
    properties = resource.properties
    limits = frozenset(
        ("StringEquals", key.lower(), frozenset({shown(properties[key])}))
        for key in (
            "SourceArn", "SourceAccount", "PrincipalOrgID", "OrganizationId", "EventSourceToken", "FunctionUrlAuthType",
            "InvokedViaFunctionUrl",
        )
        if key in properties
    )  # fmt: skip
    on = _bare(properties.get("FunctionName", properties.get("LayerVersionArn")))
    principal = shown(properties.get("Principal"))
    kind = "Service " if "." in principal else "" if principal == "*" else "AWS "
    action = shown(properties.get("Action")).lower()
    return Permission(f"{kind}{principal}", action, f"${{{on}}}", limits, when, source=resource.name)


def _bus_permission(resource: Resource, when: frozenset[Choice]) -> Found:
    properties = resource.properties
    principal, limit = shown(properties.get("Principal")), properties.get("Condition")
    where = _conditions({"StringEquals": {"aws:PrincipalOrgID": shown(limit)}} if limit else {})
    holder = principal if principal == "*" else f"AWS {principal}"
    action = shown(properties.get("Action", "events:PutEvents")).lower()
    bus = f"${{{_bare(properties.get('EventBusName', 'default'))}}}"
    yield "Allow", Permission(holder, action, bus, where, when, source=resource.name)
