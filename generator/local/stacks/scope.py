"""What a template's functions may ask while they are evaluated, and the values that stand for none and for not yet.

Owns the interface between evaluation, which is pure, and the world: parameters, resources, exports, zones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from .fault import template_error


class _NoValue:
    """What `Ref: AWS::NoValue` gives: the property or list item that holds it is as if it were not written."""

    def __repr__(self) -> str:
        return "AWS::NoValue"

    def __copy__(self) -> _NoValue:
        return self

    def __deepcopy__(self, _: dict[int, Any]) -> _NoValue:
        return self


NO_VALUE: Final = _NoValue()


class Unknown(str):
    """A value that exists only once a change set has been executed; every function passes it on."""

    __slots__ = ()

    def __new__(cls, text: str = "{{changeSet:KNOWN_AFTER_APPLY}}") -> Unknown:
        return super().__new__(cls, text)


def _undefined(name: str) -> Any:
    raise template_error(f"Unresolved resource dependencies [{name}] in the Resources block of the template")


def _no_attribute(name: str, _attribute: str) -> Any:
    raise template_error(f"instance of Fn::GetAtt references undefined resource {name}")


def _no_export(name: str) -> str:
    raise template_error(f"No export named {name} found.")


@dataclass(frozen=True)
class Scope:
    """All that an expression can refer to.

    `values` holds parameters and pseudo parameters; `conditions` the conditions already decided; the functions ask
    for physical ids, attributes, exports and zones and raise ServiceError where there are none.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, bool] = field(default_factory=dict)
    extended: bool = False
    """AWS::LanguageExtensions is in force."""
    reference: Callable[[str], Any] = _undefined
    attribute: Callable[[str, str], Any] = _no_attribute
    export: Callable[[str], str] = _no_export
    zones: Callable[[str], Sequence[str]] = lambda _region: ()


def pseudo_parameters(
    *,
    account: str,
    region: str,
    partition: str,
    url_suffix: str,
    stack_name: str,
    stack_id: str,
    notifications: Sequence[str],
) -> dict[str, Any]:
    """The pseudo parameters of a stack, AWS::NoValue included."""
    return {
        "AWS::AccountId": account,
        "AWS::NoValue": NO_VALUE,
        "AWS::NotificationARNs": list(notifications),
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::StackId": stack_id,
        "AWS::StackName": stack_name,
        "AWS::URLSuffix": url_suffix,
    }


PSEUDO_PARAMETERS: Final = frozenset(
    pseudo_parameters(
        account="", region="", partition="", url_suffix="", stack_name="", stack_id="", notifications=()
    )
)
