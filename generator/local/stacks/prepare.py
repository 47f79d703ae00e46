"""A template and its parameters, ready to be made into a stack: everything decided that needs no resource.

Pure but for the questions it asks of an Account. Raises ValidationError for all that CloudFormation refuses before it
touches anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from . import document, graph
from .decisions import Facts, check_rules, decide_all
from .fault import ServiceError, format_error, template_error
from .intrinsics import evaluate
from .kind import Kind
from .parameters import Argument, Lookup, declared, resolve
from .scope import NO_VALUE, Scope
from .transform import Expanded, expand


class Account(Lookup, Protocol):
    """What a template may ask of the account it is used in."""

    def export(self, name: str) -> str:
        """The value of an export; raises ValidationError where there is none."""

    def zones(self, region: str) -> Sequence[str]:
        """The names of the availability zones of a region."""

    def content(self, location: str) -> Any:
        """The parsed content of an `s3://` location."""

    def facts(self, arguments: Mapping[str, Argument]) -> Facts:
        """What rules may ask of what the parameters name."""

    def kind(self, resource_type: str) -> Kind | None:
        """A resource type, or None where it does not exist."""


@dataclass(frozen=True)
class Prepared:
    """A template with its values: which resources there are to be, and in which order.

    `resources` and `outputs` are those whose condition holds, every Fn::If decided. `scope` knows parameters, mappings,
    conditions, exports and zones; resources are added to it as they come into being.
    """

    template: dict[str, Any]
    arguments: dict[str, Argument]
    resources: dict[str, dict[str, Any]]
    needs: dict[str, list[str]]
    order: list[str]
    outputs: dict[str, dict[str, Any]]
    scope: Scope


def prepare(
    template: Mapping[str, Any],
    given: Mapping[str, str],
    pseudo: Mapping[str, Any],
    account: Account,
    *,
    previous: Mapping[str, str] = {},
) -> Prepared:
    """Decide all of a template that can be decided before its resources exist.

    `previous` are the parameter values of a stack being updated that are to stay as they are.
    """
    parameters = declared(template)
    arguments = resolve(parameters, given, account, previous=previous)
    values = {**pseudo, **{name: argument.value for name, argument in arguments.items()}}
    scope = Scope(values=values, mappings=_mappings(template), export=account.export, zones=account.zones)
    expanded = expand(template, scope, account.content)
    document.check(expanded.template, lambda name: account.kind(name) is not None)
    scope = replace(scope, extended=expanded.extended, mappings=_mappings(expanded.template))
    check_rules(expanded.template.get("Rules", {}), scope, account.facts(arguments))
    conditions = decide_all(expanded.template.get("Conditions", {}), scope)
    scope = replace(scope, conditions=conditions)
    resources = {
        name: _policies(graph.pruned(resource, conditions), scope, expanded)
        for name, resource in expanded.template["Resources"].items()
        if conditions.get(resource.get("Condition", ""), True)
    }
    needs = graph.dependencies(resources, parameters, expanded.template["Resources"])
    outputs = {
        name: graph.pruned(output, conditions)
        for name, output in expanded.template.get("Outputs", {}).items()
        if conditions.get(output.get("Condition", ""), True)
    }
    _check_outputs(outputs, resources, parameters)
    _check_attributes(resources, outputs, account.kind)
    return Prepared(
        template=expanded.template,
        arguments=arguments,
        resources=resources,
        needs=needs,
        order=graph.order(needs),
        outputs=outputs,
        scope=scope,
    )


def _mappings(template: Mapping[str, Any]) -> Mapping[str, Any]:
    found = template.get("Mappings", {})
    return found if isinstance(found, Mapping) else {}


def _policies(resource: dict[str, Any], scope: Scope, expanded: Expanded) -> dict[str, Any]:
    """DeletionPolicy and UpdateReplacePolicy may be expressions under the language extensions."""
    for key in ("DeletionPolicy", "UpdateReplacePolicy"):
        policy = resource.get(key)
        if policy is None or isinstance(policy, str):
            continue
        if not expanded.extended:
            raise format_error(f"Every {key} member must be a string.")
        value = evaluate(policy, scope)
        resource = (
            {**resource, key: value}
            if value is not NO_VALUE
            else {k: v for k, v in resource.items() if k != key}
        )
    return resource


def _check_outputs(
    outputs: Mapping[str, Any], resources: Mapping[str, Any], parameters: Mapping[str, Any]
) -> None:
    missing: set[str] = set()
    for output in outputs.values():
        missing |= graph.unresolved(output, resources, parameters)
    if missing:
        raise format_error(
            f"Unresolved resource dependencies [{', '.join(sorted(missing))}] in the Outputs block of the template"
        )


def _check_attributes(
    resources: Mapping[str, Any], outputs: Mapping[str, Any], kind: Callable[[str], Kind | None]
) -> None:
    for part in (*resources.values(), *outputs.values()):
        for reference in graph.references(part):
            if reference.kind != "GetAtt" or not reference.attribute:
                continue
            found = kind(resources[reference.name]["Type"])
            if found is not None and not found.has_attribute(reference.attribute):
                raise template_error(
                    f"resource {reference.name} does not support attribute type {reference.attribute} in Fn::GetAtt"
                )


def summary_of(template: Mapping[str, Any]) -> Mapping[str, Any]:
    """The template for an answer that knows no parameter values: expanded where its loops need none."""
    try:
        parameters = declared(template)
        values = {
            name: (parameter.default or "").split(",") if parameter.is_list else parameter.default
            for name, parameter in parameters.items()
            if parameter.default is not None
        }
        return expand(
            template, Scope(values=values, mappings=_mappings(template)), lambda _location: {}
        ).template
    except ServiceError:
        return template
