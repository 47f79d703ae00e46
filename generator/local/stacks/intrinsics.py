"""The intrinsic functions of CloudFormation, evaluated over plain values.

Pure: what is not in the expression comes from a Scope. Error texts follow CloudFormation's. The functions of
Conditions and Rules are in `decisions.py`.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from .fault import template_error
from .scope import NO_VALUE, Scope, Unknown

_SUB_VARIABLE: Final = re.compile(r"\$\{([^!}][^}]*|)\}")
_SUB_LITERAL: Final = re.compile(r"\$\{!([^}]*)\}")
_SUB_NAME: Final = re.compile(r"[A-Za-z0-9_.:]+")


def evaluate(expression: Any, scope: Scope) -> Any:
    """The value of an expression; properties and items that come to AWS::NoValue are left out."""
    if isinstance(expression, Mapping):
        name = function_name(expression)
        if name is not None:
            return FUNCTIONS[name](expression[name], scope)
        evaluated = {key: evaluate(value, scope) for key, value in expression.items()}
        return {key: value for key, value in evaluated.items() if value is not NO_VALUE}
    if isinstance(expression, (list, tuple)):
        items = [evaluate(item, scope) for item in expression]
        return [item for item in items if item is not NO_VALUE]
    return expression


def function_name(expression: Any) -> str | None:
    """The function that a mapping calls, or None; `Condition` counts only where conditions are read."""
    if not isinstance(expression, Mapping) or len(expression) != 1:
        return None
    (key,) = expression
    if key in FUNCTIONS:
        return str(key)
    if isinstance(key, str) and key.startswith("Fn::") and not key.startswith("Fn::ForEach::"):
        raise template_error(
            f"encountered unsupported function: {key} Supported functions are: [{', '.join(sorted(FUNCTIONS))}]"
        )
    return None


def text(value: Any) -> str:
    """A scalar as CloudFormation writes it: numbers as they were written, booleans in lower case."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value)) if abs(value) < 1e15 else repr(value)
    return value if isinstance(value, Unknown) else str(value)


def is_scalar(value: Any) -> bool:
    """Whether a value is a string, number or boolean."""
    return isinstance(value, (str, int, float, bool))


def _ref(argument: Any, scope: Scope) -> Any:
    if not isinstance(argument, str):
        raise template_error("every Ref object must have a single String value.")
    if argument in scope.values:
        return scope.values[argument]
    return scope.reference(argument)


def _get_att(argument: Any, scope: Scope) -> Any:
    complaint = "every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute"
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if (
        not isinstance(parts, (list, tuple))
        or len(parts) != 2
        or not isinstance(parts[0], str)
        or not all(parts)
    ):
        raise template_error(complaint)
    attribute = evaluate(parts[1], scope)
    if not isinstance(attribute, str):
        raise template_error(complaint)
    return scope.attribute(parts[0], attribute)


def _sub(argument: Any, scope: Scope) -> Any:
    complaint = (
        "One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, "
        "and an optional second argument to specify a mapping of values to replace in the string"
    )
    given: Mapping[str, Any] = {}
    template = argument
    if isinstance(argument, (list, tuple)):
        if len(argument) != 2 or not isinstance(argument[1], Mapping):
            raise template_error(complaint)
        template, given = argument
        if scope.extended:
            template = evaluate(template, scope)
    if not isinstance(template, str):
        raise template_error(complaint)
    unknown = False

    def replaced(match: re.Match[str]) -> str:
        nonlocal unknown
        name = match.group(1).strip()
        value = _variable(name, given, scope)
        unknown = unknown or isinstance(value, Unknown)
        if value is NO_VALUE:
            return ""
        if not is_scalar(value):
            raise template_error(
                f"Fn::Sub: the value of ${{{name}}} is {'a list' if isinstance(value, list) else 'an object'}, not a string"
            )
        return text(value)

    result = _SUB_LITERAL.sub(
        lambda match: "${" + match.group(1) + "}", _SUB_VARIABLE.sub(replaced, template)
    )
    return Unknown(result) if unknown else result


def sub_variables(template: str) -> list[str]:
    """The names between `${` and `}` in a Fn::Sub string, in order; raises for a name with other characters."""
    names = [match.group(1).strip() for match in _SUB_VARIABLE.finditer(template)]
    for name in names:
        if not _SUB_NAME.fullmatch(name):
            raise template_error(
                "variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons"
            )
    return names


def _variable(name: str, given: Mapping[str, Any], scope: Scope) -> Any:
    if not _SUB_NAME.fullmatch(name):
        raise template_error(
            "variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons"
        )
    if name in given:
        return evaluate(given[name], scope)
    if name in scope.values or "." not in name:
        return _ref(name, scope)
    return _get_att(name, scope)


def _join(argument: Any, scope: Scope) -> Any:
    complaint = (
        "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a "
        "function that returns a list of strings (such as Fn::GetAZs) to be joined."
    )
    if not isinstance(argument, (list, tuple)) or len(argument) != 2:
        raise template_error(complaint)
    delimiter, items = (evaluate(part, scope) for part in argument)
    if isinstance(items, Unknown):
        return Unknown()
    if not isinstance(delimiter, str) or not isinstance(items, list) or not all(map(is_scalar, items)):
        raise template_error(complaint)
    result = delimiter.join(text(item) for item in items)
    return Unknown(result) if any(isinstance(item, Unknown) for item in items) else result


def _split(argument: Any, scope: Scope) -> Any:
    complaint = (
        "every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function "
        "that returns a string to be split."
    )
    if not isinstance(argument, (list, tuple)) or len(argument) != 2:
        raise template_error(complaint)
    delimiter, source = argument[0], evaluate(argument[1], scope)
    if isinstance(source, Unknown):
        return Unknown()
    if not isinstance(delimiter, str) or not delimiter or not isinstance(source, str):
        raise template_error(complaint)
    return source.split(delimiter)


def _select(argument: Any, scope: Scope) -> Any:
    complaint = "Fn::Select requires a list argument with two elements: an integer index and a list"
    if not isinstance(argument, (list, tuple)) or len(argument) != 2:
        raise template_error(complaint)
    index, items = (evaluate(part, scope) for part in argument)
    if isinstance(items, Unknown) or isinstance(index, Unknown):
        return Unknown()
    try:
        position = int(text(index))
    except ValueError:
        raise template_error(complaint) from None
    if not isinstance(items, list):
        raise template_error(complaint)
    if not 0 <= position < len(items):
        raise template_error(f"Fn::Select cannot select nonexistent value at index {position}")
    return items[position]


def _find_in_map(argument: Any, scope: Scope) -> Any:
    complaint = "every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value"
    if not isinstance(argument, (list, tuple)) or len(argument) not in ((3, 4) if scope.extended else (3,)):
        raise template_error(complaint)
    default: tuple[Any, ...] = ()
    if len(argument) == 4:
        if not isinstance(argument[3], Mapping) or set(argument[3]) != {"DefaultValue"}:
            raise template_error(complaint)
        default = (argument[3]["DefaultValue"],)
    keys = [evaluate(part, scope) for part in argument[:3]]
    if any(isinstance(key, Unknown) for key in keys):
        return Unknown()
    if not all(map(is_scalar, keys)):
        raise template_error(complaint)
    mapping, top, second = map(text, keys)
    if mapping not in scope.mappings:
        if default:
            return evaluate(default[0], scope)
        raise template_error(
            f"Mapping named '{mapping}' is not present in the 'Mappings' section of template."
        )
    row = {text(key): value for key, value in scope.mappings[mapping].items()}.get(top)
    found = {text(key): value for key, value in row.items()}.get(second) if isinstance(row, Mapping) else None
    if found is None:
        if default:
            return evaluate(default[0], scope)
        raise template_error(f"Unable to get mapping for {mapping}::{top}::{second}")
    return found


def _if(argument: Any, scope: Scope) -> Any:
    if not isinstance(argument, (list, tuple)) or len(argument) != 3 or not isinstance(argument[0], str):
        raise template_error("Fn::If requires a list argument with the first element being a condition")
    if argument[0] not in scope.conditions:
        raise template_error(f"unresolved condition dependency {argument[0]} in Fn::If")
    return evaluate(argument[1] if scope.conditions[argument[0]] else argument[2], scope)


def _base64(argument: Any, scope: Scope) -> Any:
    value = evaluate(argument, scope)
    if isinstance(value, Unknown):
        return Unknown()
    if not is_scalar(value):
        raise template_error("every Fn::Base64 object must have a String-typed value.")
    return base64.b64encode(text(value).encode()).decode()


def _cidr(argument: Any, scope: Scope) -> Any:
    complaint = "every Fn::Cidr object requires three parameters, the IP block, the count of CIDRs (1 to 256) and the cidrBits"
    if not isinstance(argument, (list, tuple)) or len(argument) != 3:
        raise template_error(complaint)
    parts = [evaluate(part, scope) for part in argument]
    if any(isinstance(part, Unknown) for part in parts):
        return Unknown()
    try:
        network = ipaddress.ip_network(text(parts[0]), strict=False)
        count, bits = int(text(parts[1])), int(text(parts[2]))
    except ValueError:
        raise template_error(complaint) from None
    prefix = network.max_prefixlen - bits
    if not 1 <= count <= 256 or not network.prefixlen <= prefix <= network.max_prefixlen:
        raise template_error(complaint)
    if count > 2 ** (prefix - network.prefixlen):
        raise template_error(f"Fn::Cidr: {network} has not room for {count} blocks with {bits} bits each")
    size = 2**bits
    first = int(network.network_address)
    make = type(network.network_address)
    return [f"{make(first + number * size)}/{prefix}" for number in range(count)]


def _get_azs(argument: Any, scope: Scope) -> Any:
    region = evaluate(argument, scope)
    if not isinstance(region, str):
        raise template_error(
            "every Fn::GetAZs object must have a String-typed value: a region, or an empty string for the stack's."
        )
    return list(scope.zones(region or str(scope.values.get("AWS::Region", ""))))


def _import_value(argument: Any, scope: Scope) -> Any:
    name = evaluate(argument, scope)
    if isinstance(name, Unknown):
        return Unknown()
    if not is_scalar(name) or not text(name):
        raise template_error(
            "the attribute in Fn::ImportValue must be a string or a function that returns a string"
        )
    return scope.export(text(name))


def _transform(argument: Any, _scope: Scope) -> Any:
    name = argument.get("Name") if isinstance(argument, Mapping) else argument
    raise template_error(f"the transform {name} was not expanded before the template was evaluated")


def _needs_extensions(name: str) -> Callable[[Any, Scope], Any]:
    def refuse(_argument: Any, _scope: Scope) -> Any:
        raise template_error(f"{name} is supported only with the transform AWS::LanguageExtensions")

    return refuse


def _length(argument: Any, scope: Scope) -> Any:
    if not scope.extended:
        return _needs_extensions("Fn::Length")(argument, scope)
    items = evaluate(argument, scope)
    if isinstance(items, Unknown):
        return Unknown()
    if not isinstance(items, list):
        raise template_error("Fn::Length: the argument must be a list or a function that returns a list")
    return len(items)


def _to_json_string(argument: Any, scope: Scope) -> Any:
    if not scope.extended:
        return _needs_extensions("Fn::ToJsonString")(argument, scope)
    if not isinstance(argument, (Mapping, list, tuple)):
        raise template_error("Fn::ToJsonString: the argument must be an object or an array")
    value = evaluate(argument, scope)
    result = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return Unknown(result) if Unknown() in result else result


def _decision(name: str) -> Callable[[Any, Scope], Any]:
    def refuse(_argument: Any, _scope: Scope) -> Any:
        raise template_error(f"{name} is not supported outside of Conditions and Rules")

    return refuse


FUNCTIONS: Final[Mapping[str, Callable[[Any, Scope], Any]]] = {
    "Ref": _ref,
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAZs": _get_azs,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Length": _length,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::ToJsonString": _to_json_string,
    "Fn::Transform": _transform,
    **{
        f"Fn::{name}": _decision(f"Fn::{name}")
        for name in (
            "And",
            "Contains",
            "EachMemberEquals",
            "EachMemberIn",
            "Equals",
            "Not",
            "Or",
            "RefAll",
            "ValueOf",
            "ValueOfAll",
        )
    },
}
