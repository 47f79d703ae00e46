"""From a template to its launch role: every resource's needs, scoped and bound, with the reason for each grant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from generator.errors import FactoryError, Problem, fail
from generator.launch_role import identity
from generator.launch_role.comparison import widest
from generator.launch_role.model import Condition, Grant, LaunchRole, Reason, Scope, conditions, role_name
from generator.launch_role.needs import needs_of
from generator.launch_role.physical import service_of
from generator.launch_role.scoping import Scoping, makes
from generator.launch_role.stacks import custom_resource, stack_needs, vended_logs

_ATTRIBUTES = ("DeletionPolicy", "UpdateReplacePolicy")
_ORDER = attrgetter(
    "grant.action",
    "grant.resource",
    "grant.conditions",
    "logical_id",
    "resource_type",
    "handler",
    "because",
)
_FOR_SERVICES: Condition = ("Bool", "kms:GrantIsForAWSResource", ("true",))


def synthesise(template: Mapping[str, Any], scope: Scope) -> tuple[LaunchRole, tuple[Reason, ...]]:
    """The launch role of one version of a product, and why it grants what it grants.

    `template` holds long-form intrinsics. Raises FactoryError with every resource whose permissions nobody knows.
    """
    scoping = Scoping(template, scope)
    identity.check_boundaries(template, scope, scoping)
    reasons = list(stack_needs(template, scoping, scope))
    problems: list[Problem] = []
    for logical_id, declared in (template.get("Resources") or {}).items():
        try:
            reasons += _resource(str(logical_id), declared, scoping, scope)
        except FactoryError as error:
            problems += error.problems
    if problems:
        raise FactoryError(*problems)
    # Told apart and put in order by plain tuples: Python compares dataclasses field by field.
    kept = {_ORDER(reason): reason for reason in _without_the_covered(reasons)}
    role = LaunchRole(
        name=role_name(scope.catalogue, scope.product, scope.delivery),
        catalogue=scope.catalogue,
        product=scope.product,
        grants=frozenset(reason.grant for reason in kept.values()),
        regions=tuple(sorted(set(scope.regions))),
        boundary=scope.boundary,
        launch_boundary=scope.launch_boundary,
        delivery=scope.delivery,
    )
    return role, tuple(kept[order] for order in sorted(kept))


def _without_the_covered(reasons: Sequence[Reason]) -> Iterator[Reason]:
    """The same reasons with the widest grant of those that each would be met by: no role says a thing twice."""
    wider = widest(reason.grant for reason in reasons)
    for reason in reasons:
        yield replace(reason, grant=wider[reason.grant]) if reason.grant in wider else reason


def _resource(logical_id: str, declared: Any, scoping: Scoping, scope: Scope) -> Iterator[Reason]:
    if (
        logical_id.startswith("Fn::")
        or not isinstance(declared, Mapping)
        or not isinstance(declared.get("Type"), str)
    ):
        raise fail(
            f"{scope.product}: {logical_id}",
            "the launch role cannot be worked out for what a transform makes at the launch",
            "Expand the template before publishing, or keep the launch role elsewhere (launch.role: {arn: …}).",
        )
    resource_type = declared["Type"]
    if resource_type.startswith("AWS::Serverless::") or resource_type.endswith("::MODULE"):
        raise fail(
            f"{scope.product}: {logical_id}",
            f"'{resource_type}' only exists until CloudFormation expands it",
            "Publish the expanded template.",
        )
    if resource_type.startswith("Custom::") or resource_type == "AWS::CloudFormation::CustomResource":
        yield from custom_resource(scoping, logical_id)
        return
    if resource_type == "AWS::CloudFormation::Stack":
        yield from _nested(logical_id, scope)
    if resource_type == "AWS::Logs::DeliverySource":
        yield from vended_logs(scoping, logical_id, scope)
    settings = {f"@{name}={declared[name]}" for name in _ATTRIBUTES if isinstance(declared.get(name), str)}
    settings |= {f"@{name}" for name in ("UpdatePolicy", "CreationPolicy") if declared.get(name)}
    used = settings.union(scoping.settings(logical_id), (path for path, _ in scoping.paths(logical_id)))
    # An action mostly serves several handlers, and is granted alike for all unless it makes something.
    granted: dict[tuple[str, bool], tuple[tuple[Grant, str], ...]] = {}
    for need in needs_of(resource_type, used):
        key = need.action, need.handler == "create" and makes(need.action)
        if key not in granted:
            granted[key] = tuple(_grants(need.action, logical_id, scoping, scope, creating=key[1]))
        for grant, because in granted[key]:
            yield Reason(grant, logical_id, resource_type, need.handler, because or need.because)
    for grant, source in identity.linked_roles(scoping, logical_id):
        yield Reason(grant, logical_id, resource_type, "create", source)


def _extra(action: str, logical_id: str, scoping: Scoping) -> tuple[Condition, ...]:
    """Conditions of an action's own: grants of keys to AWS services only, connections to the resource's service only."""
    if action == "kms:CreateGrant":
        return (_FOR_SERVICES,)
    if action.endswith(":PassConnection"):
        service = service_of(scoping.physical.type_of(logical_id) or "")
        return (
            ("StringEquals", f"{action.partition(':')[0]}:PassedToService", (f"{service}.amazonaws.com",)),
        )
    return ()


def _nested(logical_id: str, scope: Scope) -> Iterator[Reason]:
    template = scope.nested.get(logical_id)
    if template is None:
        raise fail(
            f"{scope.product}: {logical_id}",
            "what a nested stack makes is not in this template, so that its launch role would fall short",
            "Package the nested template with the product, or keep the launch role elsewhere (launch.role: {arn: …}).",
        )
    # Deeper stacks are named by the path of logical ids.
    path = f"{logical_id}/"
    below = {name.removeprefix(path): inner for name, inner in scope.nested.items() if name.startswith(path)}
    _, reasons = synthesise(template, replace(scope, inside=True, assets=(), asset_keys=(), nested=below))
    yield from (replace(reason, logical_id=f"{logical_id}/{reason.logical_id}") for reason in reasons)


def _grants(
    action: str, logical_id: str, scoping: Scoping, scope: Scope, *, creating: bool
) -> Iterator[tuple[Grant, str]]:
    """The grants of an action that a resource needs, each with the property that asks for it; "" where the need tells."""
    if not action:
        return
    if action == "iam:CreateServiceLinkedRole":
        yield from ((grant, "") for grant in identity.unnamed_linked_roles(scoping, logical_id))
        return
    if action == "iam:PassRole":
        yield from identity.passed_roles(scoping, logical_id)
        return
    extra = _extra(action, logical_id, scoping)
    for grant in scoping.grants(logical_id, action, creating=creating):
        if extra:
            grant = replace(grant, conditions=conditions([*grant.conditions, *extra]))
        if action.startswith("iam:"):
            yield from ((one, "") for one in identity.bound(grant, scoping, logical_id, scope))
        else:
            yield grant, ""
